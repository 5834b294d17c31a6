// Holds what a person meets at a real terminal: the readable list, the word to type, questions answered, Ctrl-C.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { ptyHost } from "../../src/pty/drivers.ts";
import type { PtyExit } from "../../src/session/ports/pty.ts";
import { type CommandLine, commandLine } from "../support/command-line.ts";
import { MAIN } from "../support/daemon-home.ts";
import { until } from "../support/until.ts";

let line: CommandLine;

beforeAll(async () => {
  line = commandLine();
  await line.coven(["daemon", "start"]);
});

afterAll(() => line[Symbol.asyncDispose]());

interface Terminal {
  type(keys: string): void;
  /** What was shown so far, without escape sequences and CRs. */
  shown(): string;
  raw(): string;
  readonly exit: Promise<PtyExit>;
}

/** `coven <words>` in a terminal of its own. */
function terminal(
  words: readonly string[],
  size = { cols: 80, rows: 24 },
  env: Record<string, string> = {},
  redirect = "",
): Terminal {
  let raw = "";
  const { promise, resolve } = Promise.withResolvers<PtyExit>();
  const decoder = new TextDecoder();
  const pty = ptyHost({}).spawn(
    {
      argv: ["/bin/sh", "-c", `exec "$@" ${redirect}`, "sh", process.execPath, MAIN, ...words],
      cwd: line.home.project,
      env: {
        HOME: line.home.base,
        COVEN_HOME: line.home.paths.home,
        PATH: `${line.home.bin}:/usr/bin:/bin`,
        TERM: "xterm-256color",
        ...env,
      },
      ...size,
    },
    {
      data: (bytes) => {
        raw += decoder.decode(bytes, { stream: true });
      },
      exit: resolve,
    },
  );
  return {
    type: (keys) => pty.write(new TextEncoder().encode(keys)),
    shown: () => Bun.stripANSI(raw).replaceAll("\r", ""),
    raw: () => raw,
    exit: promise,
  };
}

test("the list is readable: short ids, ages, colour; plain with NO_COLOR; narrow in a narrow terminal", async () => {
  const id = (await line.coven(["run", "demo", "hello world", "--detach", "--headless"])).out.trim();
  await line.coven(["attach", id]);
  // Where nobody can press a key: a terminal to write to, and none to read from.
  const wide = terminal(["sessions"], undefined, {}, "</dev/null");
  await wide.exit;
  expect(wide.shown()).toMatch(/^SESSION +STATUS +HARNESS +MODE +WHEN +PROJECT +TITLE\n/);
  expect(wide.shown()).toContain(
    `${id.slice(0, 8)}  completed  demo     headless  just now  p        hello world\n`,
  );
  expect(wide.raw()).toContain("\u001b[32mcompleted");
  const plain = terminal(["sessions"], { cols: 80, rows: 24 }, { NO_COLOR: "1" }, "</dev/null");
  await plain.exit;
  expect(plain.raw()).not.toContain("\u001b");
  const narrow = terminal(["sessions"], { cols: 40, rows: 20 }, {}, "</dev/null");
  await narrow.exit;
  expect(
    narrow
      .shown()
      .split("\n")
      .every((row) => row.length <= 40),
  ).toBe(true);
  expect(narrow.shown()).toContain(`${id.slice(0, 8)}  completed  hello world\n`);
});

test("sacrifice asks for the word: another word or none deletes nothing, the word does", async () => {
  const id = (await line.coven(["run", "demo", "hi", "--json"])).out;
  const session = JSON.parse(id).id as string;
  const timid = terminal(["sacrifice", session]);
  await until("it asks", () => timid.shown().includes("Type sacrifice"));
  timid.type("\u0003");
  expect((await timid.exit).exitCode).toBe(1);
  expect(timid.shown()).toContain("Nothing was deleted.");
  const wrong = terminal(["sacrifice", session]);
  await until("it asks", () => wrong.shown().includes("Type sacrifice"));
  wrong.type("yes\r");
  await until("it refuses the word", () => wrong.shown().includes('That is not "sacrifice"'));
  expect((await line.home.client.session(session)).id).toBe(session);
  wrong.type("\u007f\u007f\u007fsacrifice\r");
  expect((await wrong.exit).exitCode).toBe(0);
  expect(wrong.shown()).toContain(`sacrificed session ${session}`);
});

test("stop with a live session lists it and asks; no is the answer to Enter, yes stops", async () => {
  await line.coven(["run", "demo", "sleep 600", "--detach"]);
  const no = terminal(["daemon", "stop"]);
  await until("it asks", () => no.shown().includes("End them and go on?"));
  expect(no.shown()).toContain("1 session is running and would be ended:");
  no.type("\r");
  expect((await no.exit).exitCode).toBe(1);
  expect(no.shown()).toContain("Nothing was stopped.");
  const yes = terminal(["daemon", "stop"]);
  await until("it asks", () => yes.shown().includes("End them and go on?"));
  yes.type("y");
  expect((await yes.exit).exitCode).toBe(0);
  expect(yes.shown()).toContain("Coven daemon: stopped");
});

test("what takes a while says so on a terminal and leaves nothing behind; NO_COLOR: no escape from what asks nothing", async () => {
  line.home.script("codex", "sleep 0.6; echo 'codex-cli 1.2.3'");
  const drawn = terminal(["doctor"]);
  await drawn.exit;
  expect(drawn.raw()).toMatch(/[⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏]\S* Looking around/);
  expect(drawn.raw()).toMatch(/\r\u001b\[KOK|\r\u001b\[K\u001b\[32mOK/);
  for (const words of [
    ["doctor"],
    ["daemon", "restart", "--force"],
    ["daemon", "status"],
    ["sessions", "--plain"],
    ["help"],
    ["config", "list"],
    ["daemon", "stop"],
    ["frobnicate"],
  ]) {
    const plain = terminal(words, { cols: 80, rows: 24 }, { NO_COLOR: "1" });
    await plain.exit;
    expect([words, plain.raw().includes("\u001b")]).toEqual([words, false]);
    if (words[0] === "doctor") expect(plain.shown()).toStartWith("Looking around …\n");
  }
}, 30_000);
