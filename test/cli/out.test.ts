// Holds that what goes to stdout gets there whole, or is said not to have: slow readers, none, full disks, pipes that don't wait.

import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { notLinux, testUnless, without } from "../support/unless.ts";

const folder = mkdtempSync(join(tmpdir(), "cv-out-"));
const program = join(folder, "prints.ts");
const module = join(import.meta.dir, "../../src/cli/ui/out.ts");
writeFileSync(
  program,
  `import { print } from ${JSON.stringify(module)};
const size = Number(process.argv[2]);
let code = 0;
for (let n = 0; n < 3 && code === 0; n++) {
  await print("é".repeat(size)).catch((error) => {
    code = error.exitCode ?? 1;
    console.error(error.message);
  });
}
process.exit(code);
`,
);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const LARGE = 1_000_000;
const LINE = "é".repeat(LARGE).length * 2 + 1;

function shell(line: string): { code: number; out: string; err: string } {
  const { exitCode, stdout, stderr } = Bun.spawnSync(
    ["/bin/bash", "-c", `p() { "$BUN" "$PROGRAM" "$@"; }\n${line}`],
    {
      cwd: folder,
      env: { ...process.env, BUN: process.execPath, PROGRAM: program },
    },
  );
  return { code: exitCode, out: stdout.toString().trim(), err: stderr.toString().trim() };
}

test("a slow reader gets every byte", () => {
  expect(shell(`p ${LARGE} | (sleep 0.2; wc -c)`).out).toBe(String(3 * LINE));
});

test("a reader that goes away ends it quietly, as SIGPIPE would", () => {
  expect(shell(`p ${LARGE} | head -c 1 >/dev/null; exit \${PIPESTATUS[0]}`).code).toBe(128 + 13);
});

test("a file keeps what was in it, written over or appended to", () => {
  shell(`(echo one; p 1) > a; echo one > b; p ${LARGE} >> b`);
  expect(readFileSync(join(folder, "a"), "utf8")).toBe("one\né\né\né\n");
  expect(readFileSync(join(folder, "b"))).toHaveLength(4 + 3 * LINE);
});

testUnless(notLinux)("a full disk is a failure", () => {
  const { code, err } = shell("p 1 > /dev/full");
  expect([code, err]).toEqual([1, expect.stringContaining("ENOSPC")]);
});

testUnless(without("python3"))("a pipe somebody set not to wait loses nothing", () => {
  writeFileSync(
    join(folder, "pipe.py"),
    `import fcntl, os, subprocess, sys, time
r, w = os.pipe()
fcntl.fcntl(w, fcntl.F_SETFL, fcntl.fcntl(w, fcntl.F_GETFL) | os.O_NONBLOCK)
child = subprocess.Popen(sys.argv[1:], stdout=w)
os.close(w)
time.sleep(0.3)
total = 0
while (chunk := os.read(r, 65536)): total += len(chunk)
print(total, child.wait())
`,
  );
  expect(shell(`python3 pipe.py "$BUN" "$PROGRAM" ${LARGE}`).out).toBe(`${3 * LINE} 0`);
});
