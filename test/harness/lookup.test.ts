// Proof of the lookup's Windows rules, which this machine may not be able to run.
import { expect, test } from "bun:test";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Disk, findProgram } from "../../src/harness/lookup.ts";

// win32.join turns `/tmp/x` into `\tmp\x`, so only names can be checked off Windows: nothing is found there, nothing throws.
test.each(["codex", "codex.exe", "", "..\\codex", "a/b"])(
  "asking for %p by the Windows rules never throws",
  (name) => {
    expect(findProgram(name, { Path: "C:\\bin;;relative", PATHEXT: ".CMD;.EXE" }, "win32")).toBeNull();
  },
);

test("a name with a slash is no name, and an absolute path is only checked", () => {
  const directory = mkdtempSync(join(tmpdir(), "cv-lk-"));
  try {
    const file = join(directory, "agent");
    writeFileSync(file, "#!/bin/sh\n");
    expect(findProgram(file, {})).toBeNull();
    chmodSync(file, 0o700);
    expect(findProgram(file, {})?.path).toBe(file);
    expect(findProgram("agent", { PATH: directory })?.path).toBe(file);
    expect(findProgram("../agent", { PATH: join(directory, "sub") })).toBeNull();
    expect(findProgram("", { PATH: directory })).toBeNull();
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
});

// As npm's cmd-shim writes them, for a script and for a program.
const FOR_SCRIPT = `@ECHO off
GOTO start
:find_dp0
SET dp0=%~dp0
EXIT /b
:start
SETLOCAL
CALL :find_dp0

IF EXIST "%dp0%\\node.exe" (
  SET "_prog=%dp0%\\node.exe"
) ELSE (
  SET "_prog=node"
  SET PATHEXT=%PATHEXT:;.JS;=;%
)

endLocal & goto #_undefined_# 2>NUL || title %COMSPEC% & "%_prog%"  "%dp0%\\node_modules\\@openai\\codex\\bin\\codex.js" %*
`.replaceAll("\n", "\r\n");
const FOR_PROGRAM = `@ECHO off
GOTO start
:find_dp0
SET dp0=%~dp0
EXIT /b
:start
SETLOCAL
CALL :find_dp0
"%dp0%\\node_modules\\@anthropic-ai\\claude-code\\bin\\claude.exe"   %*
`.replaceAll("\n", "\r\n");

/** A disk with these files and nothing else. */
function disk(files: Readonly<Record<string, string>>): Disk {
  return { isProgram: (path) => path in files, text: (path) => files[path] };
}

const NPM = "C:\\Users\\ada\\AppData\\Roaming\\npm";
const NODE = "C:\\Program Files\\nodejs\\node.exe";
const windows = { Path: `${NPM};C:\\Program Files\\nodejs`, PATHEXT: ".COM;.EXE;.BAT;.CMD" };
const SCRIPT = `${NPM}\\node_modules\\@openai\\codex\\bin\\codex.js`;

test("Windows: what npm installed is started itself, never through cmd.exe", () => {
  const shim = `${NPM}\\codex.cmd`;
  const look = (files: Record<string, string>, name = "codex") =>
    findProgram(name, windows, "win32", disk(files));
  expect(look({ [shim]: FOR_SCRIPT, [NODE]: "" })).toEqual({ path: shim, command: [NODE, SCRIPT] });
  // A node beside the shim comes first, as the shim has it; a program needs none.
  const beside = `${NPM}\\node.exe`;
  expect(look({ [shim]: FOR_SCRIPT, [NODE]: "", [beside]: "" })?.command).toEqual([beside, SCRIPT]);
  const claude = `${NPM}\\node_modules\\@anthropic-ai\\claude-code\\bin\\claude.exe`;
  expect(look({ [`${NPM}\\claude.cmd`]: FOR_PROGRAM, [claude]: "" }, "claude")?.command).toEqual([claude]);
  // An executable of its own comes before a shim in the same directory, by PATHEXT.
  const own = `${NPM}\\codex.exe`;
  expect(look({ [shim]: FOR_SCRIPT, [NODE]: "", [own]: "" })).toEqual({ path: own, command: [own] });
});

test.each([
  ["anybody's batch file", '@echo off\r\necho %1 & del /q %2\r\n"%dp0%\\x.exe" %* & calc\r\n'],
  ["a shim with more behind it", `${FOR_SCRIPT}calc %*\r\n`],
  ["a shim that leads to a variable", FOR_PROGRAM.replace("claude.exe", "%EVIL%.exe")],
  ["a shim whose node is nowhere", FOR_SCRIPT],
  ["an empty one", ""],
  ["a long one", `rem ${"x".repeat(5_000)}\r\n${FOR_PROGRAM}`],
])("Windows: %s counts as not installed", (_, text) => {
  const files = { [`${NPM}\\codex.cmd`]: text, [`${NPM}\\codex.bat`]: text };
  expect(findProgram("codex", windows, "win32", disk(files))).toBeNull();
});
