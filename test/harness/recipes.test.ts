// Proof of the recipes: each real program's argv, refused while it is off, and how a manifest and a recipe of one name get along.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { HARNESSES } from "../../src/cli/commands/harnesses/command.ts";
import { isCovenError } from "../../src/errors.ts";
import { MOST_ARGUMENT_BYTES } from "../../src/harness/argument-room.ts";
import { harnesses } from "../../src/harness/harnesses.ts";
import { RECIPE_IDS, RECIPES } from "../../src/harness/recipes.ts";
import type { LaunchMode } from "../../src/session/session.ts";
import { bytesOf } from "../../src/vt/keys.ts";

const home = mkdtempSync(join(tmpdir(), "cv-rc-"));
const bin = join(home, "bin");
const env = { PATH: bin };
const all = harnesses({ self: ["/coven"], enabled: () => RECIPE_IDS });

beforeAll(() => {
  mkdirSync(bin);
  for (const { executable } of RECIPES) {
    // A NUL after each argument: nothing that an argument holds can be taken for the border.
    writeFileSync(join(bin, executable), `#!/bin/sh\nprintf '%s\\0' "$@"\n`);
    chmodSync(join(bin, executable), 0o755);
  }
});
afterAll(() => rmSync(home, { recursive: true, force: true }));

function refusalOf(act: () => unknown) {
  try {
    act();
  } catch (error) {
    if (isCovenError(error)) return error;
    throw error;
  }
  throw new Error("not refused");
}

const HOSTILE = "-x --yolo $(id) `id` \"'\\ \n\té世界";

describe("the argv of a recipe, as the program gets it", () => {
  test.each<[string, LaunchMode, string[]]>([
    ["gemini", "interactive", [`--prompt-interactive=${HOSTILE}`]],
    ["gemini", "nonInteractive", [`--prompt=${HOSTILE}`]],
    ["gemini", "stream", ["--output-format=stream-json", `--prompt=${HOSTILE}`]],
    ["opencode", "interactive", [`--prompt=${HOSTILE}`]],
    ["copilot", "interactive", [`--interactive=${HOSTILE}`]],
    ["copilot", "nonInteractive", [`--prompt=${HOSTILE}`]],
    ["qwen", "interactive", [`--prompt-interactive=${HOSTILE}`]],
    ["qwen", "nonInteractive", [`--prompt=${HOSTILE}`]],
    ["amp", "nonInteractive", [`--execute=${HOSTILE}`]],
    ["amp", "stream", ["--stream-json", `--execute=${HOSTILE}`]],
    ["aider", "nonInteractive", [`--message=${HOSTILE}`]],
    ["goose", "interactive", ["run", "--interactive", `--text=${HOSTILE}`]],
    ["goose", "nonInteractive", ["run", `--text=${HOSTILE}`]],
    ["cursor-agent", "interactive", ["--", HOSTILE]],
    ["cursor-agent", "nonInteractive", ["--print", "--", HOSTILE]],
    ["hermes", "interactive", ["chat", `--query=${HOSTILE}`]],
    ["hermes", "nonInteractive", ["chat", "--quiet", `--query=${HOSTILE}`]],
  ])("%s %s", (id, mode, expected) => {
    const run = Bun.spawnSync([...all.argv(id, HOSTILE, mode, env)]);
    expect(run.stdout.toString().split("\0").slice(0, -1)).toEqual(expected);
  });

  test.each<[string, object, string[]]>([
    ["gemini", { model: "google/pro", addDirs: ["/a b"] }, ["--model", "pro", "--include-directories=/a b"]],
    ["gemini", { permission: "full" }, ["--approval-mode=yolo"]],
    ["gemini", { conversation: { mode: "init", id: "c1" } }, ["--session-id", "c1"]],
    ["gemini", { conversation: { mode: "resume", id: "c1" } }, ["--resume", "c1"]],
    ["copilot", { conversation: { mode: "init", id: "c1" } }, ["--session-id", "c1"]],
    ["copilot", { conversation: { mode: "resume", id: "c1" } }, ["--resume=c1"]],
    ["qwen", { conversation: { mode: "init", id: "c1" } }, ["--session-id", "c1"]],
    ["opencode", { conversation: { mode: "resume", id: "ses_1" } }, ["--session", "ses_1"]],
    ["amp", { conversation: { mode: "resume", id: "T-1" } }, ["threads", "continue", "T-1"]],
    ["cursor-agent", { conversation: { mode: "resume", id: "c1" } }, ["--resume", "c1"]],
  ])("%s opened with %p", (id, asked, expected) => {
    expect(all.argv(id, "", "interactive", env, asked).slice(1)).toEqual(expected);
  });

  test.each<[string, object, string]>([
    ["opencode", { conversation: { mode: "init", id: "c1" } }, "conversation"],
    ["aider", { conversation: { mode: "resume", id: "c1" } }, "conversation"],
    // Who asks for less never gets more: where nobody has tried that nothing is written, it is not offered.
    ["gemini", { permission: "read-only" }, "permission"],
    ["goose", { permission: "read-only" }, "permission"],
    ["amp", { model: "m" }, "model"],
  ])("%s can't be told %p, and says so", (id, asked, field) => {
    expect(refusalOf(() => all.argv(id, "hi", "nonInteractive", env, asked)).details).toMatchObject({
      field,
      harness: id,
    });
  });
});

test("what can be done with conversations is told, also of one that was switched off meanwhile", () => {
  const off = harnesses({ self: ["/coven"] });
  const known = (id: string) => {
    const { init, resume, says } = off.conversations(id);
    expect(says.filter((one) => one.split("{id}").length !== 2)).toEqual([]);
    return [init, resume, says.length > 0];
  };
  expect(RECIPE_IDS.map((id) => [id, ...known(id)])).toEqual([
    ["gemini", true, true, true],
    ["opencode", false, true, true],
    ["copilot", true, true, true],
    ["qwen", true, true, true],
    ["amp", false, true, true],
    ["aider", false, false, false],
    ["goose", true, true, false],
    ["cursor-agent", false, true, true],
    ["hermes", false, true, true],
  ]);
  expect(known("codex")).toEqual([false, true, true]);
  expect(known("claude")).toEqual([true, true, true]);
  expect(known("emacs")).toEqual([false, false, false]);
});

test("titles and keys are such as the daemon can read and press; who is launched interactively has its long tasks typed with care", () => {
  for (const { id, titles = [], answers, ready } of RECIPES) {
    for (const { match } of titles) expect(() => new RegExp(match, "u")).not.toThrow();
    for (const key of [...(answers?.approve ?? []), ...(answers?.deny ?? [])]) {
      expect([id, key, bytesOf(key, false) !== undefined || key.length === 1]).toEqual([id, key, true]);
    }
    expect([id, ready]).toEqual([id, "shown"]);
  }
  const titled = (id: string, title: string) =>
    RECIPES.find((one) => one.id === id)?.titles?.find(({ match }) => new RegExp(match, "u").test(title));
  // As gemini 0.61 and qwen 0.24 set them.
  expect(titled("gemini", "◇  Ready (project)")).toMatchObject({ state: "waiting", kind: "idle" });
  expect(titled("gemini", "✦  Working… (project)")).toMatchObject({ state: "working" });
  expect(titled("gemini", "✋  Action Required (project)")).toMatchObject({
    state: "waiting",
    kind: "permission",
  });
  expect(titled("qwen", "Qwen - project")).toMatchObject({ state: "waiting", kind: "idle" });
  expect(titled("qwen", "◐︎ Qwen - project")).toMatchObject({ state: "working" });
  expect(titled("qwen", "✳︎ Qwen - project")).toMatchObject({ state: "waiting", kind: "permission" });
});

test("where no argument takes the task it comes on standard input, or is typed", () => {
  const given = (id: string, mode: LaunchMode, prompt: string) => all.start(id, prompt, mode, env).given;
  const long = "x".repeat(MOST_ARGUMENT_BYTES + 1);
  expect([given("opencode", "nonInteractive", "hi"), given("opencode", "stream", "hi")]).toEqual([
    "stdin",
    "stdin",
  ]);
  expect([given("amp", "interactive", "hi"), given("aider", "interactive", "hi")]).toEqual([
    "typed",
    "typed",
  ]);
  for (const { id } of RECIPES) {
    expect([id, given(id, "interactive", long), given(id, "nonInteractive", long)]).toEqual([
      id,
      "typed",
      "stdin",
    ]);
  }
});

test("a recipe that is off is on the list, and refused with the one command that helps", () => {
  const room = harnesses({ self: ["/coven"], enabled: () => ["qwen"] });
  const gemini = room.list(env).find(({ id }) => id === "gemini");
  expect(gemini).toMatchObject({
    enabled: false,
    available: false,
    path: join(bin, "gemini"),
    version: null,
  });
  expect(room.list(env).find(({ id }) => id === "qwen")).toMatchObject({ enabled: true, available: true });
  for (const act of [
    () => room.require("gemini"),
    () => room.argv("gemini", "hi", "interactive", env),
    () => room.environment("gemini"),
  ]) {
    const refusal = refusalOf(act);
    expect(refusal.code).toBe("not_enabled");
    expect(refusal.details).toEqual({
      harness: "gemini",
      enable: "coven harnesses enable gemini",
      hint: "coven harnesses enable gemini",
    });
  }
  room.require("qwen");
  expect(refusalOf(() => room.require("emacs")).details?.["known"]).toEqual([
    "codex",
    "claude",
    "demo",
    "qwen",
  ]);
});

test("switching one on counts at once; settings that can't be read switch nothing on and say so", () => {
  let on: readonly string[] = [];
  const room = harnesses({ self: ["/coven"], enabled: () => on });
  expect(() => room.require("gemini")).toThrow("known and off");
  on = ["gemini"];
  room.require("gemini");
  const broken = harnesses({
    self: ["/coven"],
    enabled: () => {
      throw new Error("line 3 is no TOML");
    },
  });
  expect(() => broken.require("gemini")).toThrow("line 3 is no TOML");
  broken.require("codex");
  expect(broken.list(env).find(({ id }) => id === "gemini")?.enabled).toBe(false);
});

test("a manifest that was there before keeps its name while the recipe is off; a recipe that is on can't be shadowed", () => {
  const manifestDir = join(home, "harnesses");
  mkdirSync(manifestDir);
  const own = {
    ...{ id: "gemini", label: "Mine", executable: "qwen" },
    ...{ interactive: ["{prompt}"], nonInteractive: ["{prompt}"] },
  };
  writeFileSync(join(manifestDir, "gemini.json"), JSON.stringify(own));
  const before = harnesses({ self: ["/coven"], manifestDir });
  expect(before.list(env).filter(({ id }) => id === "gemini")).toMatchObject([
    { label: "Mine", source: "manifest", enabled: true, maturity: null },
  ]);
  expect(before.argv("gemini", "hi", "interactive", env)).toEqual([join(bin, "qwen"), "hi"]);
  const after = harnesses({ self: ["/coven"], manifestDir, enabled: () => ["gemini"] });
  expect(after.argv("gemini", "hi", "interactive", env)[0]).toBe(join(bin, "gemini"));
  expect(after.list(env).filter(({ id }) => id === "gemini")).toMatchObject([{ source: "built-in" }]);
  expect(after.problems()).toEqual([
    { file: join(manifestDir, "gemini.json"), reason: 'id: "gemini" belongs to a built-in harness' },
  ]);
});

test("completions offer the recipes there are", () => {
  for (const { name, args } of HARNESSES.below)
    if (name !== "check") expect(args[0]?.completes).toEqual(RECIPE_IDS);
});
