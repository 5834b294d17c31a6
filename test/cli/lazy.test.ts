// Holds what a command that scripts call often may load: start-up is paid per module.
import { expect, test } from "bun:test";
import { join } from "node:path";

function loadedBy(file: string): string {
  const path = join(import.meta.dir, "../../src/cli", file);
  const script = `await import(${JSON.stringify(path)}); console.log(Object.keys(require.cache).join("\\n"))`;
  const { stdout } = Bun.spawnSync([process.execPath, "-e", script]);
  expect(stdout.toString()).toContain(path);
  return stdout.toString();
}

for (const file of ["cli.ts", "sessions.ts", "run.ts", "attach.ts", "daemon.ts", "complete-run.ts"]) {
  test(`${file} loads no prompts, no emulator, no zod, no store`, () => {
    const loaded = loadedBy(file);
    for (const heavy of ["@clack", "@xterm", "/zod/", "src/store/", "browser", "palette", "string-width"])
      expect([heavy, loaded.split("\n").filter((one) => one.includes(heavy))]).toEqual([heavy, []]);
  });
}

// What is asked goes out before what shows the answer is loaded; both took their time one after the other.
for (const file of ["run.ts", "attach.ts"]) {
  test(`${file} loads what watches and shows only once it has asked`, () => {
    const loaded = loadedBy(file).split("\n");
    for (const later of ["terminal/view.ts", "terminal/terminal.ts", "cli/watch.ts", "cli/project.ts"])
      expect([later, loaded.filter((one) => one.endsWith(later))]).toEqual([later, []]);
  });
}
