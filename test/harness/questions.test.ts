// Proof that the version of a program is known once it was asked for, without anybody waiting, and again when the program is another one.
import { afterEach, beforeEach, expect, test } from "bun:test";
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { harnesses } from "../../src/harness/harnesses.ts";
import { versions, wordOf } from "../../src/harness/questions.ts";
import { until } from "../support/until.ts";

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "cv-qu-"));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

function program(name: string, says: string): string {
  const path = join(dir, name);
  // Each start leaves a line: how often it was asked.
  writeFileSync(path, `#!/bin/sh\necho "$0 $*" >>${join(dir, "asked")}\n${says}\n`);
  chmodSync(path, 0o755);
  return path;
}

const askedTimes = () => readFileSync(join(dir, "asked"), "utf8").trim().split("\n").length;

test("asked for behind the answer, once, and again when the file is another one", async () => {
  const versionOf = versions();
  const path = program("agent", "echo 'agent 1.0'; echo more");
  expect(versionOf([path], ["--version"])).toBeNull();
  expect(await until("it is known", () => versionOf([path], ["--version"]) ?? undefined)).toBe("agent 1.0");
  expect(askedTimes()).toBe(1);
  program("agent", "echo 'agent 2.0, a longer one'");
  expect(versionOf([path], ["--version"])).toBeNull();
  expect(await until("it is known again", () => versionOf([path], ["--version"]) ?? undefined)).toBe(
    "agent 2.0, a longer one",
  );
  expect(askedTimes()).toBe(2);
});

test("one that gives no version is asked once, and keeps nobody else from being known", async () => {
  const versionOf = versions();
  const [bad, good] = [program("bad", "exit 3"), program("good", "printf 'v3\\033[2J\\n'")];
  versionOf([bad], ["--version"]);
  versionOf([good], ["--version"]);
  // Without what could drive a terminal.
  expect(await until("the other is known", () => versionOf([good], ["--version"]) ?? undefined)).toBe(
    "v3[2J",
  );
  expect(versionOf([bad], ["--version"])).toBeNull();
  expect(askedTimes()).toBe(2);
});

test("the list has it for what may be launched; what is off is not started to be asked", async () => {
  program("codex", "echo codex-cli 9");
  program("gemini", "echo 9.9");
  const room = harnesses({ self: ["/coven"], versionOf: versions() });
  const version = (id: string) => room.list({ PATH: dir }).find((one) => one.id === id)?.version;
  expect([version("codex"), version("gemini")]).toEqual([null, null]);
  expect(await until("codex is known", () => version("codex") ?? undefined)).toBe("codex-cli 9");
  expect(version("gemini")).toBeNull();
  expect(readFileSync(join(dir, "asked"), "utf8")).not.toContain("gemini");
});

test("who is logged in is said by the program's own words, also where it leaves with 0", async () => {
  const ask = (says: string) => {
    const command = [program(crypto.randomUUID(), says)];
    return wordOf({ command, version: undefined, login: { status: ["status"], start: "agent login" } });
  };
  expect(await ask("echo Logged in as a@b")).toEqual({ login: { in: true, start: "agent login" } });
  expect(await ask("echo Not authenticated")).toEqual({ login: { in: false, start: "agent login" } });
  expect(await ask("echo unknown command >&2; exit 2")).toEqual({});
});
