// Holds how a run is launched: the mode that was said, else the one that follows from what was typed, never from where stdout goes alone.
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { launchModeOf } from "../../src/cli/client/launch-mode.ts";
import type { Session } from "../../src/session/session.ts";
import { type CommandLine, commandLine } from "../support/command-line.ts";
import { inTerminal } from "../support/in-terminal.ts";
import { until } from "../support/until.ts";

setDefaultTimeout(30_000);

let line: CommandLine;

beforeAll(async () => {
  line = commandLine();
  // Like claude: with --print it does the task and reads nothing.
  line.home.script("claude", 'case "$1" in --print) exec sleep 600;; *) echo ready; exec cat;; esac');
  await line.home.start();
});

afterAll(() => line[Symbol.asyncDispose]());

const NOTHING = { interactive: false, headless: false, detach: false, asOutput: false, atTerminal: false };

describe("the mode", () => {
  const ROWS = [
    ["at a terminal", { atTerminal: true }, "interactive"],
    ["on a pipe", {}, "nonInteractive"],
    ["--detach at a terminal", { detach: true, atTerminal: true }, "interactive"],
    ["--detach on a pipe", { detach: true }, "interactive"],
    ["--detach --json on a pipe", { detach: true, asOutput: true }, "interactive"],
    ["--detach --headless", { detach: true, headless: true }, "nonInteractive"],
    ["--json or --raw at a terminal", { asOutput: true, atTerminal: true }, "nonInteractive"],
    ["--interactive --json", { interactive: true, asOutput: true }, "interactive"],
    ["--headless at a terminal", { headless: true, atTerminal: true }, "nonInteractive"],
    ["--interactive on a pipe", { interactive: true }, "interactive"],
  ] as const;
  for (const [what, asked, mode] of ROWS) {
    test(`${what}: ${mode}`, () => expect(launchModeOf({ ...NOTHING, ...asked })).toBe(mode));
  }
});

test("both modes at once are refused before anything is started", async () => {
  const { code, err } = await line.coven(["run", "claude", "hi", "--interactive", "--headless"]);
  expect([code, err]).toEqual([125, expect.stringContaining("can't both be meant")]);
});

// `X=$(coven run claude hi --detach)` launched `claude --print`, and `coven send $X` left 0 though nobody read it.
test("--detach in a script is the interactive agent, and what is sent to it arrives", async () => {
  const { out, err } = await line.coven(["run", "claude", "hi", "--detach"]);
  const id = out.trim();
  expect(err).toContain("Mode:          interactive\n");
  expect((await line.home.client.session(id)).launch_mode).toBe("interactive");
  const printed = async (): Promise<string> => {
    const chunks: Uint8Array[] = [];
    for await (const chunk of line.home.client.output(id)) chunks.push(chunk);
    return Buffer.concat(chunks).toString();
  };
  let shown = "";
  const shows = (text: string) =>
    until(`it shows ${text}`, () => {
      void printed().then((now) => {
        shown = now;
      });
      return shown.includes(text);
    });
  await shows("ready");
  expect((await line.coven(["send", id, "go", "on"])).code).toBe(0);
  await shows("go on");
  await line.coven(["kill", id]);
});

test("a headless session is sent nothing: refused with what to do, and it goes on; once it has ended that is said", async () => {
  const id = (await line.coven(["run", "claude", "hi", "--detach", "--headless"])).out.trim();
  for (const words of [["go on"], ["--key", "enter"], ["--raw", "x"], ["--no-enter", "x"]]) {
    const sent = await line.coven(["send", id, ...words]);
    expect([sent.code, sent.err]).toEqual([
      1,
      [
        `Error: Session ${id} is headless: claude does its task and reads nothing.`,
        `Try: coven attach ${id.slice(0, 8)}   (shows what it prints)`,
        "     coven run claude 'the task' --detach --interactive   (one that can be sent to)",
        "",
      ].join("\n"),
    ]);
  }
  expect((await line.home.client.session(id)).status).toBe("running");
  await line.coven(["kill", id]);
  expect((await line.coven(["send", id, "go on"])).err).toContain("is not running (killed)");
});

// It launched the interactive demo, which asked its question where nobody saw it, and waited for ever.
test("run --json at a terminal is headless: it ends, and the record says so", async () => {
  const run = inTerminal(line.home, ["run", "demo", "lines 2", "--json"]);
  expect((await run.exit).exitCode).toBe(0);
  const json = /^\{.*\}$/m.exec(run.shown().replaceAll("\r", ""))?.[0] ?? "";
  const record: Session = JSON.parse(json);
  expect([record.status, record.launch_mode]).toEqual(["completed", "nonInteractive"]);
});

test("run --headless at a terminal prints what it does and leaves with its exit code", async () => {
  const run = inTerminal(line.home, ["run", "demo", "exit 3", "--headless"]);
  expect((await run.exit).exitCode).toBe(3);
  expect(run.shown()).not.toContain("What shall I call you?");
});
