// Proof of harness manifests: a good one works, a bad one is explained, and none harms another.
import { afterEach, beforeEach, expect, test } from "bun:test";
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BUILT_IN_IDS, harnesses } from "../../src/harness/harnesses.ts";
import { checkManifest } from "../../src/harness/manifest.ts";
import { testUnless } from "../support/unless.ts";

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

/** Every member there is. */
const FULL = {
  ...{ schema: 2, id: "mine", label: "Mine", executable: "mine", hint: "get mine", separator: false },
  interactive: ["{options}", "--say={prompt}"],
  nonInteractive: ["{options}"],
  stream: ["--json", "{options}", "{prompt}"],
  stdin: { stream: ["--json", "{options}", "-"] },
  opens: ["--open", "{options}"],
  asking: { model: ["--model", "{value}"], resumeConversation: ["--resume={value}"] },
  says: ["mine --resume={id}"],
  environment: { pass: ["TMUX"], strip: ["MINE_NESTED"] },
  version: ["version"],
  login: { status: ["whoami"], start: "mine login" },
  titles: [{ match: "^✋", state: "waiting", kind: "permission" }],
  answers: { approve: ["y", "enter"], deny: ["esc"] },
};

test("a manifest of the second form says all that a recipe says", () => {
  manifest("mine.json", FULL);
  const path = program("mine");
  const env = { PATH: home };
  expect(room().problems()).toEqual([]);
  expect(room().argv("mine", "-x", "interactive", env)).toEqual([path, "--say=-x"]);
  expect(room().argv("mine", "", "interactive", env, { model: "m" })).toEqual([
    path,
    "--open",
    "--model",
    "m",
  ]);
  expect(room().argv("mine", "hi", "stream", env)).toEqual([path, "--json", "hi"]);
  expect(room().attention("mine")).toEqual({
    titles: [{ match: "^✋", state: "waiting", kind: "permission" }],
    answers: { approve: ["y", "enter"], deny: ["esc"] },
  });
  expect(room().conversations("mine")).toEqual({ init: false, resume: true, says: FULL.says, holds: [] });
  expect(room().environment("mine")).toEqual(FULL.environment);
  expect(room().questions("mine", env)).toEqual({
    ...{ command: [path], version: ["version"], login: { status: ["whoami"], start: "mine login" } },
  });
});

const { answers: _a, ...WITHOUT_ANSWERS } = FULL;
test.each<[string, object, { stands: string; member: string; reason: string }]>([
  [
    "a newer form",
    { ...FULL, schema: 3 },
    { stands: '"schema": 3', member: "schema", reason: "newer coven" },
  ],
  [
    "a member of the second form in the first",
    { ...GOOD, says: ["x {id}"] },
    { stands: '"says"', member: "says", reason: '"schema": 2' },
  ],
  [
    "an unknown member",
    { ...FULL, titels: [] },
    { stands: '"titels"', member: "titels", reason: "no member" },
  ],
  [
    "an unknown member within",
    { ...FULL, login: { start: "x", url: "y" } },
    { stands: '"url"', member: "login.url", reason: "no member" },
  ],
  [
    "a state there is not",
    { ...FULL, titles: [{ match: "x", state: "idle" }] },
    { stands: '"state": "idle"', member: "titles.0.state", reason: "must be one of" },
  ],
  [
    "a pattern that is none",
    { ...FULL, titles: [{ match: "(", state: "done" }] },
    { stands: '"match": "("', member: "titles.0.match", reason: "regular expression" },
  ],
  [
    "a key there is not",
    { ...WITHOUT_ANSWERS, answers: { approve: ["yes"], deny: ["n"] } },
    { stands: '"yes"', member: "answers.approve.0", reason: '"enter"' },
  ],
  [
    "no key",
    { ...FULL, answers: { approve: ["y"], deny: [] } },
    { stands: '"deny"', member: "answers.deny", reason: "" },
  ],
  [
    "the prompt twice",
    { ...FULL, interactive: ["{options}", "{prompt}", "-p={prompt}"] },
    { stands: '"interactive"', member: "interactive", reason: "once" },
  ],
  [
    "a prompt on standard input and in an argument",
    { ...FULL, stdin: { stream: ["{options}", "{prompt}"] } },
    { stands: '"stream": [\n      "{options}"', member: "stdin.stream", reason: "no prompt" },
  ],
  [
    "no place for options",
    { ...FULL, opens: [] },
    { stands: '"opens"', member: "opens", reason: "{options}" },
  ],
  [
    "two ids in one line",
    { ...FULL, says: ["{id} {id}"] },
    { stands: '"{id} {id}"', member: "says.0", reason: "once" },
  ],
  [
    "a variable that can't be one",
    { ...FULL, environment: { strip: ["A=B"] } },
    { stands: '"A=B"', member: "environment.strip.0", reason: "names of variables" },
  ],
  ["a built-in's name", { ...FULL, id: "claude" }, { stands: '"id"', member: "id", reason: "built-in" }],
])("%s is found by file, line and member, and nothing is taken", (_, content, { stands, member, reason }) => {
  const file = join(directory, "mine.json");
  const text = JSON.stringify(content, null, 2);
  writeFileSync(file, text);
  const { adapter, faults } = checkManifest(file, BUILT_IN_IDS);
  expect(adapter).toBeUndefined();
  const line = text.slice(0, text.indexOf(stands)).split("\n").length;
  expect(text).toContain(stands);
  expect(faults).toEqual([{ line, member, reason: expect.stringContaining(reason) }]);
  expect(listed({}).map((row) => row.id)).toEqual(["codex", "claude", "demo"]);
});

test("every fault is told, in the order in which they stand", () => {
  const file = join(directory, "mine.json");
  writeFileSync(file, JSON.stringify({ ...FULL, label: "", executable: "./mine", separator: 1 }, null, 2));
  expect(checkManifest(file, BUILT_IN_IDS).faults.map(({ member }) => member)).toEqual([
    ...["label", "executable", "separator"],
  ]);
  writeFileSync(file, '{\n  "id": "mine",\n}');
  expect(checkManifest(file, BUILT_IN_IDS).faults).toEqual([
    { line: 3, member: null, reason: "is not valid JSON" },
  ]);
  expect(checkManifest(join(directory, "gone.json"), BUILT_IN_IDS).faults[0]?.reason).toBe("is not there");
});

test("a manifest, or their directory, that others may write is not taken", () => {
  const file = join(directory, "mine.json");
  manifest("mine.json", FULL);
  for (const mode of [0o620, 0o602, 0o666]) {
    chmodSync(file, mode);
    expect(listed({}).map((row) => row.id)).toEqual(["codex", "claude", "demo"]);
    expect(room().problems()).toMatchObject([
      { file, reason: expect.stringContaining(`chmod go-w ${file}`) },
    ]);
  }
  chmodSync(file, 0o644);
  expect(listed({}).at(-1)?.id).toBe("mine");
  chmodSync(directory, 0o775);
  expect(listed({}).map((row) => row.id)).toEqual(["codex", "claude", "demo"]);
  expect(room().problems()).toMatchObject([{ file: directory, reason: expect.stringContaining("0775") }]);
});

testUnless(process.getuid?.() === 0 ? undefined : "only root can give a file away")(
  "a manifest that another user owns is not taken",
  () => {
    manifest("mine.json", FULL);
    chownSync(join(directory, "mine.json"), 12_345, 0);
    expect(room().problems()).toMatchObject([{ reason: "belongs to another user (12345)" }]);
  },
);
