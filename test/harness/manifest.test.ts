// Proof of harness manifests: a good one works, a bad one is explained, and none harms another.
import { afterEach, beforeEach, expect, test } from "bun:test";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { harnesses } from "../../src/harness/harnesses.ts";

let home = "";
let directory = "";
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "cv-mf-"));
  directory = join(home, "harnesses");
  mkdirSync(directory);
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

const room = () => harnesses({ manifestDir: directory, self: ["/coven"] });
/** What may be launched: recipes that are off stand behind it. */
const listed = (env: Record<string, string>) =>
  room()
    .list(env)
    .filter((row) => row.enabled);
const GOOD = {
  id: "gemini",
  label: "Gemini",
  executable: "gemini",
  interactive: ["-i", "{prompt}"],
  nonInteractive: ["-p", "{prompt}"],
  hint: "npm install -g @google/gemini-cli",
};

function manifest(name: string, content: unknown) {
  writeFileSync(join(directory, name), typeof content === "string" ? content : JSON.stringify(content));
}

function program(name: string) {
  writeFileSync(join(home, name), "#!/bin/sh\n");
  chmodSync(join(home, name), 0o755);
  return join(home, name);
}

test("a harness of the user's own stands after the built-in ones and launches by its template", () => {
  manifest("gemini.json", GOOD);
  const path = program("gemini");
  const env = { PATH: home };
  expect(room().problems()).toEqual([]);
  expect(listed(env).map((row) => row.id)).toEqual(["codex", "claude", "demo", "gemini"]);
  expect(listed(env)[3]).toMatchObject({ available: true, path, source: "manifest", hint: GOOD.hint });
  expect(room().argv("gemini", "a b", "interactive", env)).toEqual([path, "-i", "a b"]);
  expect(room().argv("gemini", "a b", "nonInteractive", env)).toEqual([path, "-p", "a b"]);
});

test("`--` goes before a prompt that begins with a dash, unless the manifest says that it is an option's value", () => {
  program("gemini");
  const env = { PATH: home };
  manifest("a.json", { ...GOOD, interactive: ["{prompt}"] });
  expect(room().argv("gemini", "-x", "interactive", env).slice(1)).toEqual(["--", "-x"]);
  manifest("a.json", { ...GOOD, separator: false });
  expect(room().argv("gemini", "-x", "nonInteractive", env).slice(1)).toEqual(["-p", "-x"]);
});

test("a manifest says how its harness is told model, permission and directories; what it doesn't say is refused", () => {
  program("gemini");
  const env = { PATH: home };
  const asking = {
    model: ["-m", "{value}"],
    provider: "google",
    permission: { "read-only": ["--sandbox"] },
    addDir: ["--include-directories={value}"],
  };
  const lists = {
    interactive: ["{options}", "-i", "{prompt}"],
    nonInteractive: ["-p", "{prompt}", "{options}"],
  };
  manifest("gemini.json", { ...GOOD, ...lists, asking });
  const argv = (asked: object, mode: "interactive" | "nonInteractive" = "interactive") =>
    room().argv("gemini", "hi", mode, env, asked).slice(1);
  expect(argv({ model: "google/pro$&", permission: "read-only", addDirs: ["/a"] })).toEqual([
    ...["-m", "pro$&", "--sandbox", "--include-directories=/a", "-i", "hi"],
  ]);
  expect(argv({ model: "pro" }, "nonInteractive")).toEqual(["-p", "hi", "-m", "pro"]);
  expect(argv({})).toEqual(["-i", "hi"]);
  expect(() => argv({ permission: "full" })).toThrow("can't be told what it may do");

  const wrong: [object, string][] = [
    [{ ...GOOD, asking }, 'interactive: must hold the element "{options}" exactly once'],
    [{ ...GOOD, ...lists }, 'interactive: holds "{options}", and there is no "asking"'],
    [{ ...GOOD, ...lists, asking: { model: ["--model"] } }, 'must hold "{value}"'],
    [{ ...GOOD, ...lists, asking: { permission: { all: ["-y"] } } }, "asking.permission"],
  ];
  for (const [content, reason] of wrong) {
    manifest("gemini.json", content);
    expect(room().problems()).toMatchObject([{ reason: expect.stringContaining(reason) }]);
  }
});

test("a manifest may say how its program prints lines of JSON; without that it is not launched for them", () => {
  program("gemini");
  const env = { PATH: home };
  manifest("gemini.json", { ...GOOD, stream: ["--output-format", "stream-json", "-p", "{prompt}"] });
  expect(room().argv("gemini", "hi", "stream", env).slice(1)).toEqual([
    ...["--output-format", "stream-json", "-p", "hi"],
  ]);
  expect(listed(env).at(-1)).toMatchObject({ id: "gemini", stream: true });
  manifest("gemini.json", GOOD);
  expect(() => room().argv("gemini", "hi", "stream", env)).toThrow("lines of JSON");
  manifest("gemini.json", { ...GOOD, stream: ["-p"] });
  expect(room().problems()).toMatchObject([{ reason: expect.stringContaining("stream: must hold") }]);
});

test("who asks for a harness whose manifest is broken hears which file it is, and why", () => {
  manifest("bad.json", { ...GOOD, id: "bad", executable: 5 });
  expect(() => room().argv("bad", "hi", "interactive", { PATH: home })).toThrow(
    `The manifest of "bad" can't be used: ${join(directory, "bad.json")}: executable: `,
  );
  expect(() => room().require("worse")).toThrow('There is no harness called "worse".');
});

test("a manifest put there, changed or taken away counts at once", () => {
  const one = room();
  expect(() => one.require("mine")).toThrow("no harness");
  manifest("mine.json", { ...GOOD, id: "mine" });
  one.require("mine");
  rmSync(join(directory, "mine.json"));
  expect(() => one.require("mine")).toThrow("no harness");
});

test("an absolute executable is taken as it is; without a hint there still is one", () => {
  const path = program("agent");
  const { hint: _, ...rest } = GOOD;
  manifest("a.json", { ...rest, executable: path });
  expect(room().argv("gemini", "hi", "interactive", {})[0]).toBe(path);
  expect(listed({})[3]?.hint).toContain(path);
});

test.each([
  ["not JSON", "{", "not valid JSON"],
  ["no object", "[]", "document"],
  ["a missing member", { ...GOOD, label: undefined }, "label"],
  ["an unknown member", { ...GOOD, env: {} }, "env"],
  ["a bad id", { ...GOOD, id: "Gemini!" }, "id"],
  ["a long id", { ...GOOD, id: "a".repeat(33) }, "id"],
  ["a built-in's id", { ...GOOD, id: "codex" }, "built-in"],
  ["the demo's id", { ...GOOD, id: "demo" }, "built-in"],
  ["no prompt", { ...GOOD, interactive: ["-i"] }, "interactive"],
  ["the prompt twice", { ...GOOD, nonInteractive: ["{prompt}", "{prompt}"] }, "nonInteractive"],
  ["the prompt inside a word", { ...GOOD, interactive: ["--p={prompt}"] }, "interactive"],
  ["a relative executable", { ...GOOD, executable: "./gemini" }, "executable"],
  ["a NUL", { ...GOOD, interactive: ["a\0", "{prompt}"] }, "NUL"],
  ["an escape sequence in the label", { ...GOOD, label: "\x1b[2J" }, "label"],
  ["too much", { ...GOOD, hint: "x".repeat(70_000) }, "larger than"],
])("%s is skipped with a reason and takes nothing else away", (_, content, reason) => {
  manifest("a-bad.json", content);
  manifest("z-good.json", { ...GOOD, id: "other" });
  expect(listed({}).map((row) => row.id)).toEqual(["codex", "claude", "demo", "other"]);
  const problems = room().problems();
  expect(problems.map((problem) => problem.file)).toEqual([join(directory, "a-bad.json")]);
  expect(problems[0]?.reason).toContain(reason);
});

test("two manifests with one id: the first by file name counts, the second is explained", () => {
  manifest("a.json", { ...GOOD, label: "First" });
  manifest("b.json", { ...GOOD, label: "Second" });
  expect(listed({})[3]?.label).toBe("First");
  expect(room().problems()).toEqual([
    { file: join(directory, "b.json"), reason: 'id: "gemini" belongs to another manifest' },
  ]);
});

test("a link out of the directory, a link to nothing, a directory and a FIFO are skipped, none is waited for", () => {
  writeFileSync(join(home, "outside.json"), JSON.stringify(GOOD));
  symlinkSync(join(home, "outside.json"), join(directory, "a-link.json"));
  symlinkSync(join(home, "nowhere.json"), join(directory, "b-dangling.json"));
  mkdirSync(join(directory, "c-directory.json"));
  expect(Bun.spawnSync(["mkfifo", join(directory, "d-fifo.json")]).exitCode).toBe(0);
  expect(listed({}).length).toBe(3);
  expect(room().problems().length).toBe(4);
  expect(room().problems()[0]?.reason).toContain("link that leads out");
});

test("a link inside the directory is followed, other files are not manifests", () => {
  manifest("real.txt", GOOD);
  symlinkSync("real.txt", join(directory, "gemini.json"));
  manifest(".hidden.json", GOOD);
  expect(listed({}).length).toBe(4);
  expect(room().problems()).toEqual([]);
});

test("no directory is no manifest and no problem", () => {
  rmSync(directory, { recursive: true });
  expect(listed({}).length).toBe(3);
  expect(room().problems()).toEqual([]);
});
