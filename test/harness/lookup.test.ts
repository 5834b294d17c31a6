// Owns the proof of the lookup's Windows rules, which this machine may not be able to run.
import { expect, test } from "bun:test";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findExecutable } from "../../src/harness/lookup.ts";

// win32.join turns `/tmp/x` into `\tmp\x`, so only names can be checked off Windows: nothing is found there, nothing throws.
test.each(["codex", "codex.exe", "", "..\\codex", "a/b"])(
  "asking for %p by the Windows rules never throws",
  (name) => {
    expect(findExecutable(name, { Path: "C:\\bin;;relative", PATHEXT: ".CMD;.EXE" }, "win32")).toBeNull();
  },
);

test("a name with a slash is no name, and an absolute path is only checked", () => {
  const directory = mkdtempSync(join(tmpdir(), "cv-lk-"));
  try {
    const file = join(directory, "agent");
    writeFileSync(file, "#!/bin/sh\n");
    expect(findExecutable(file, {})).toBeNull();
    chmodSync(file, 0o700);
    expect(findExecutable(file, {})).toBe(file);
    expect(findExecutable("agent", { PATH: directory })).toBe(file);
    expect(findExecutable("../agent", { PATH: join(directory, "sub") })).toBeNull();
    expect(findExecutable("", { PATH: directory })).toBeNull();
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
});
