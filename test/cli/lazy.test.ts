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

const SCRIPTED = [
  "cli.ts",
  "commands/sessions/run.ts",
  "commands/run/run.ts",
  "commands/attach/run.ts",
  "commands/daemon/run.ts",
  "commands/completions/answer.ts",
];

for (const file of SCRIPTED) {
  test(`${file} loads no prompts, no emulator, no zod, no store`, () => {
    const loaded = loadedBy(file);
    for (const heavy of ["@clack", "@xterm", "/zod/", "src/store/", "sessions/browser", "tui/run.ts"])
      expect([heavy, loaded.split("\n").filter((one) => one.includes(heavy))]).toEqual([heavy, []]);
  });
}

// What is asked goes out before what shows the answer is loaded; both took their time one after the other.
for (const file of ["commands/run/run.ts", "commands/attach/run.ts"]) {
  test(`${file} loads what watches and shows only once it has asked`, () => {
    const loaded = loadedBy(file).split("\n");
    for (const later of ["terminal/view.ts", "terminal/terminal.ts", "client/watch.ts", "client/project.ts"])
      expect([later, loaded.filter((one) => one.endsWith(later))]).toEqual([later, []]);
  });
}
