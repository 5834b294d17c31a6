// Runs the slow suites in a copy of this tree, with every target's runtime installed there and none of it here.
// Run it with: bun test/npm/apart.ts [suite...] (default: both). Ends as `bun test` ends.
import { cpSync, mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";

const SUITES = ["release", "install"].map((name) => `./test/npm/${name}.suite.ts`);
/** At the top only: what is made, and what is not the program. */
const LEFT_OUT = ["node_modules", "dist", ".git"];

const root = join(import.meta.dir, "..", "..");
const folder = realpathSync(mkdtempSync(join(tmpdir(), "cv-apart-")));
const suites = process.argv.length > 2 ? process.argv.slice(2) : SUITES;

async function run(...argv: string[]): Promise<number> {
  const child = Bun.spawn([process.execPath, ...argv], {
    cwd: folder,
    stdio: ["ignore", "inherit", "inherit"],
  });
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => child.kill(signal));
  return child.exited;
}

try {
  cpSync(root, folder, {
    recursive: true,
    filter: (path) => !LEFT_OUT.includes(relative(root, path)),
  });
  // The runtimes are there to be packed, not to be put in anybody's place: no install step.
  process.exitCode = await run(
    ...["install", "--frozen-lockfile", "--silent", "--ignore-scripts"],
    ...["--os=*", "--cpu=*", "--libc=*"],
  );
  if (process.exitCode === 0) process.exitCode = await run("test", ...suites);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
