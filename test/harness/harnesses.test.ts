// Proof of the allowlist: exact argv, also as a real program receives it, and every refusal.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isCovenError } from "../../src/errors.ts";
import { fitsArguments, MOST_ARGUMENT_BYTES } from "../../src/harness/argument-room.ts";
import { harnesses } from "../../src/harness/harnesses.ts";

const home = mkdtempSync(join(tmpdir(), "cv-hs-"));
const bin = join(home, "bin");
const env = { PATH: bin };
const room = harnesses({ self: [process.execPath, "/somewhere/main.ts"] });

beforeAll(() => {
  mkdirSync(bin);
  for (const name of ["codex", "claude"]) program(join(bin, name));
});
afterAll(() => rmSync(home, { recursive: true, force: true }));

/** A program that prints its arguments, a NUL after each: nothing an argument holds can be taken for the border. */
function program(path: string) {
  writeFileSync(path, `#!/bin/sh\nprintf '%s\\0' "$@"\n`);
  chmodSync(path, 0o755);
}

function refusalOf(act: () => unknown) {
  try {
    act();
  } catch (error) {
    if (isCovenError(error)) return error;
    throw error;
  }
  throw new Error("not refused");
}

describe("argv, as the contract words it", () => {
  const codex = join(bin, "codex");
  const claude = join(bin, "claude");
  test.each([
    ["codex", "interactive", "fix it", [codex, "fix it"]],
    [
      "codex",
      "nonInteractive",
      "fix it",
      [codex, "exec", "--skip-git-repo-check", "--color", "never", "fix it"],
    ],
    ["claude", "interactive", "fix it", [claude, "fix it"]],
    ["claude", "nonInteractive", "fix it", [claude, "--print", "fix it"]],
    [
      "codex",
      "stream",
      "fix it",
      [codex, "exec", "--json", "--skip-git-repo-check", "--color", "never", "fix it"],
    ],
    [
      "claude",
      "stream",
      "-x",
      [claude, "--print", "--output-format", "stream-json", "--verbose", "--", "-x"],
    ],
    ["codex", "interactive", "-h", [codex, "--", "-h"]],
    [
      "codex",
      "nonInteractive",
      "--help",
      [codex, "exec", "--skip-git-repo-check", "--color", "never", "--", "--help"],
    ],
    ["claude", "interactive", "-", [claude, "--", "-"]],
    ["claude", "nonInteractive", "--version", [claude, "--print", "--", "--version"]],
    ["demo", "interactive", "hi", [process.execPath, "/somewhere/main.ts", "__demo", "interactive", "hi"]],
    [
      "demo",
      "nonInteractive",
      "-x",
      [process.execPath, "/somewhere/main.ts", "__demo", "nonInteractive", "-x"],
    ],
  ] as const)("%s %s %p", (id, mode, prompt, expected) => {
    expect(room.argv(id, prompt, mode, env)).toEqual([...expected]);
  });
});

describe("what is asked for beside the prompt", () => {
  test.each([
    ["codex", "interactive", { model: "openai/o3" }, ["--model", "o3"]],
    ["codex", "interactive", { model: "other/o3" }, ["--model", "other/o3"]],
    ["codex", "interactive", { permission: "full" }, ["--sandbox", "danger-full-access"]],
    ["codex", "interactive", { conversation: { mode: "resume", id: "c1" } }, ["resume", "c1"]],
    [
      "claude",
      "interactive",
      { model: "opus", addDirs: ["/a", "/b c"] },
      ["--model", "opus", "--add-dir=/a", "--add-dir=/b c"],
    ],
    ["claude", "interactive", { conversation: { mode: "init", id: "c1" } }, ["--session-id", "c1"]],
  ] as const)("%s %s %p", (id, mode, asked, expected) => {
    expect(room.argv(id, "fix it", mode, env, asked).slice(1)).toEqual([...expected, "fix it"]);
  });

  test("an unattended codex may write in its root and what is added, and asks nobody", () => {
    expect(
      room.argv("codex", "-x", "nonInteractive", env, { unattended: true, addDirs: ["/a"] }).slice(5),
    ).toEqual([
      ...[
        "--sandbox",
        "workspace-write",
        "--config",
        'approval_policy="never"',
        "--add-dir",
        "/a",
        "--",
        "-x",
      ],
    ]);
  });

  test("a stream is one shot: a conversation is gone on with, and an unattended codex may be asked for one", () => {
    const conversation = { mode: "resume", id: "c1" } as const;
    expect(room.argv("codex", "hi", "stream", env, { conversation }).slice(-3)).toEqual([
      "resume",
      "c1",
      "hi",
    ]);
    expect(room.argv("codex", "hi", "stream", env, { unattended: true })).toContain("workspace-write");
  });

  test("who can't print lines of JSON is not launched for them", () => {
    expect(refusalOf(() => room.argv("demo", "hi", "stream", env))).toMatchObject({
      code: "invalid_request",
      details: { field: "launchMode", harness: "demo", hint: expect.stringContaining("nonInteractive") },
    });
  });

  // Less power was asked for, and the default given.
  test.each([
    ["codex", "nonInteractive", { conversation: { mode: "init", id: "c" } }, "conversation"],
    ["codex", "interactive", { unattended: true }, "launchPolicy"],
    ["claude", "nonInteractive", { unattended: true }, "launchPolicy"],
    ["demo", "interactive", { model: "m" }, "model"],
    ["demo", "interactive", { addDirs: ["/a"] }, "addDirs"],
  ] as const)("%s %s can't be told %p", (id, mode, asked, field) => {
    expect(refusalOf(() => room.argv(id, "hi", mode, env, asked))).toMatchObject({
      code: "invalid_request",
      details: { field, harness: id },
    });
  });

  test("the demo writes nothing, so it keeps to any permission", () => {
    expect(room.argv("demo", "hi", "interactive", env, { permission: "read-only" }).at(-1)).toBe("hi");
  });
});

describe("a real program receives the prompt as one argument, byte for byte", () => {
  test.each([
    ["quotes", `say "hi" and 'bye' and \`this\``],
    ["newlines", "one\ntwo\r\nthree\n"],
    // biome-ignore lint/suspicious/noTemplateCurlyInString: a shell's substitution, not ours
    ["substitution", "$(touch pwned) ${HOME} $HOME ; rm -rf * | cat > x & !!"],
    ["globs and spaces", "  * ? [a-z] ~  "],
    ["backslashes", "C:\\new\\table \\\\ \\"],
    ["a leading dash", "--dangerously-skip-permissions"],
    ["other scripts", "日本語 👩‍👩‍👧 עברית"],
    ["control characters", "a\x1b[31mb\x07\t"],
    ["100 KB", "x".repeat(100_000)],
  ])("%s", (_, prompt) => {
    for (const mode of ["interactive", "nonInteractive"] as const) {
      const run = Bun.spawnSync([...room.argv("claude", prompt, mode, env)], {
        cwd: home,
        env: { HOME: home },
      });
      expect(run.exitCode).toBe(0);
      const received = run.stdout.toString().split("\0").slice(0, -1);
      const before = mode === "interactive" ? [] : ["--print"];
      expect(received).toEqual(prompt.startsWith("-") ? [...before, "--", prompt] : [...before, prompt]);
    }
  });
});

test("a NUL in the prompt is refused by every harness, installed or not", () => {
  for (const id of ["codex", "claude", "demo"]) {
    const refusal = refusalOf(() => room.argv(id, "a\0b", "interactive", {}));
    expect(refusal.code).toBe("invalid_request");
    expect(refusal.details).toEqual({ member: "prompt" });
  }
});

// One argument has a limit of the kernel's; past it every spawn fails with E2BIG and no word about the prompt.
test("the longest prompt that is one argument, and what becomes of the next one", () => {
  const limit = process.platform === "linux" ? 131_071 : MOST_ARGUMENT_BYTES - 10_000;
  const longest = "é".repeat(Math.floor(limit / 2));
  const argv = [...room.argv("codex", longest, "interactive", env)];
  const run = Bun.spawnSync(argv, { cwd: home, env: { HOME: home } });
  expect(run.stdout.length).toBe(Buffer.byteLength(longest) + 1);
  const longer = "é".repeat(MOST_ARGUMENT_BYTES / 2 + 1);
  expect(room.start("codex", longer, "interactive", env)).toEqual({
    ...{ argv: [join(bin, "codex")], given: "typed", ready: "idle" },
  });
  expect(room.start("codex", longer, "nonInteractive", env, { model: "o3" })).toMatchObject({
    given: "stdin",
    argv: [join(bin, "codex"), "exec", "--skip-git-repo-check", "--color", "never", "--model", "o3", "-"],
  });
  expect(room.start("claude", longer, "stream", env)).toMatchObject({
    given: "stdin",
    argv: [join(bin, "claude"), "--print", "--output-format", "stream-json", "--verbose"],
  });
});

test("a program that has no other way is not started with a prompt that is too long", () => {
  const manifestDir = join(home, "harnesses");
  mkdirSync(manifestDir);
  const own = {
    id: "own",
    label: "Own",
    executable: "codex",
    interactive: ["{prompt}"],
    nonInteractive: ["{prompt}"],
  };
  writeFileSync(join(manifestDir, "own.json"), JSON.stringify(own));
  const mine = harnesses({ self: ["/coven"], manifestDir });
  const long = "x".repeat(MOST_ARGUMENT_BYTES + 1);
  for (const mode of ["interactive", "nonInteractive"] as const) {
    const refusal = refusalOf(() => mine.start("own", long, mode, env));
    expect(refusal.code).toBe("invalid_request");
    expect(refusal.details).toEqual({
      ...{ member: "prompt", harness: "own", bytes: long.length, limit: MOST_ARGUMENT_BYTES },
    });
  }
});

describe("what fits, by each system's own rule", () => {
  test.each<[NodeJS.Platform, string[], Record<string, string>, boolean]>([
    ["linux", ["p", "x".repeat(131_071)], {}, true],
    ["linux", ["p", "x".repeat(131_072)], {}, false],
    // The option in front belongs to the argument.
    ["linux", ["p", `--prompt=${"x".repeat(131_063)}`], {}, false],
    ["linux", ["p", "é".repeat(65_536)], {}, false],
    ["linux", ["p", "x".repeat(131_000)], { A: "y".repeat(131_000) }, true],
    ["linux", ["p", "hi"], { A: "y".repeat(131_072) }, false],
    ["linux", ["p", ...Array(20).fill("x".repeat(120_000))], {}, false],
    ["darwin", ["p", "x".repeat(900_000)], { A: "y".repeat(90_000) }, true],
    ["darwin", ["p", "x".repeat(900_000)], { A: "y".repeat(110_000) }, false],
    ["win32", ["p", "x".repeat(32_000)], { A: "y".repeat(900_000) }, true],
    ["win32", ["p", "x".repeat(32_767)], {}, false],
    // Each becomes two.
    ["win32", ["p", '"'.repeat(16_400)], {}, false],
    ["win32", ["C:\\Program Files\\p.exe", "x".repeat(32_700)], {}, true],
  ])("%s", (platform, argv, variables, fits) => {
    expect(fitsArguments(argv, variables, platform)).toBe(fits);
  });

  test("Linux itself starts what we say it takes, and not one byte more", () => {
    const started = (bytes: number) => {
      try {
        return Bun.spawnSync(["/bin/true", "x".repeat(bytes)]).exitCode === 0;
      } catch {
        return false;
      }
    };
    if (process.platform !== "linux") return;
    expect([started(131_071), started(131_072)]).toEqual([true, false]);
  });
});

test("an unknown harness is refused with what is known and what to do", () => {
  for (const act of [
    () => room.require("cod"),
    () => room.argv("cod", "hi", "interactive", env),
    () => room.require("__proto__"),
  ]) {
    const refusal = refusalOf(act);
    expect(refusal.code).toBe("invalid_request");
    expect(refusal.details?.["known"]).toEqual(["codex", "claude", "demo"]);
    expect(refusal.details?.["hint"]).toBe(
      "Use one of: codex, claude, demo. To add another: coven help harnesses",
    );
  }
  expect(refusalOf(() => room.require("\x1b[2J")).message).not.toContain("\x1b");
});

test("a known harness that isn't installed is named with its executable and how to get it", () => {
  room.require("codex");
  const refusal = refusalOf(() => room.argv("codex", "hi", "nonInteractive", { PATH: join(home, "empty") }));
  expect(refusal.code).toBe("harness_not_found");
  expect(refusal.details).toEqual({
    harness: "codex",
    executable: "codex",
    hint: "npm install -g @openai/codex",
  });
});

test("the list says what is there, on the PATH it was asked about", () => {
  const rows = room.list(env);
  expect(rows.filter((row) => row.enabled).map((row) => [row.id, row.available, row.source])).toEqual([
    ["codex", true, "built-in"],
    ["claude", true, "built-in"],
    ["demo", true, "built-in"],
  ]);
  expect(rows[0]).toEqual({
    id: "codex",
    label: "Codex",
    executable: "codex",
    available: true,
    path: join(bin, "codex"),
    hint: "npm install -g @openai/codex",
    source: "built-in",
    enabled: true,
    maturity: "launched here",
    version: null,
    stream: true,
  });
  expect(
    room
      .list({})
      .filter((row) => row.enabled)
      .map((row) => [row.id, row.available, row.path]),
  ).toEqual([
    ["codex", false, null],
    ["claude", false, null],
    ["demo", true, process.execPath],
  ]);
});

describe("looking up a program", () => {
  test("the first entry that has it wins, and the path is the one found, not what a link means", () => {
    const first = join(home, "first");
    mkdirSync(first);
    symlinkSync(join(bin, "claude"), join(first, "codex"));
    expect(room.argv("codex", "hi", "interactive", { PATH: `${first}:${bin}` })).toEqual([
      join(first, "codex"),
      "hi",
    ]);
  });

  test("a directory, a file nobody may execute and a dangling link are passed over", () => {
    for (const [name, make] of [
      ["dir", (path: string) => mkdirSync(path)],
      ["plain", (path: string) => writeFileSync(path, "x", { mode: 0o644 })],
      ["dangling", (path: string) => symlinkSync("/nowhere", path)],
    ] as const) {
      mkdirSync(join(home, name));
      make(join(home, name, "codex"));
      expect(room.argv("codex", "hi", "interactive", { PATH: `${join(home, name)}:${bin}` })[0]).toBe(
        join(bin, "codex"),
      );
    }
  });

  // A repository that carries an executable called `codex` must not win because somebody's PATH begins with `:` or `.`.
  test.each(["", ".", "bin", "./bin", "../bin", ":", "::."])("the relative entry %p never counts", (PATH) => {
    const here = process.cwd();
    process.chdir(home);
    try {
      program(join(home, "codex"));
      expect(room.list({ PATH })[0]?.path).toBeNull();
      expect(room.list({ PATH: `${PATH}:${bin}` })[0]?.path).toBe(join(bin, "codex"));
    } finally {
      process.chdir(here);
      rmSync(join(home, "codex"), { force: true });
    }
  });
});
