// Freezes what either end of the attach WebSocket says in text. If a test here fails, the code is wrong, not the test: members
// and frames are ADDED, none is renamed, retyped or dropped (see bodies.test.ts).
import { afterAll, beforeAll, expect, test } from "bun:test";
import { attachFrame } from "../../src/api/schema.ts";
import { attached } from "../support/attached.ts";
import { startTestDaemon, type TestDaemon } from "../support/test-daemon.ts";
import { until } from "../support/until.ts";
import { named } from "./frozen.ts";

let daemon: TestDaemon;
beforeAll(async () => {
  daemon = await startTestDaemon();
});
afterAll(() => daemon.close());

test("attached, error, resized, exit, in this order", async () => {
  const { id } = await daemon.launch("read x; exit 3", { cols: 80, rows: 24 });
  const one = await attached(daemon, id, "?cols=80&rows=24");
  one.say({ type: "dance" });
  await one.frame("error");
  const two = await attached(daemon, id);
  two.say({ type: "resize", cols: 90, rows: 30 });
  await one.frame("resized");
  two.type("\n");
  await one.frame("exit");
  // Nothing is said that the union does not know.
  for (const frame of one.frames) expect<unknown>(attachFrame.parse(frame)).toEqual(frame);
  expect(named(one.frames, daemon)).toEqual([
    {
      type: "attached",
      session: named(JSON.parse(JSON.stringify({ ...daemon.coven.session(id), ...RUNNING })), daemon),
      asOfSeq: "<asOfSeq>",
      cols: 80,
      rows: 24,
    },
    { type: "error", error: { code: "invalid_request", message: expect.any(String) } },
    { type: "resized", cols: 90, rows: 30 },
    { type: "exit", status: "failed", exitCode: 3 },
  ]);
});

/** What of the record has changed since. */
const RUNNING = {
  status: "running",
  exit_code: null,
  pid: 1,
  attention: { state: "unknown", kind: null, message: null, source: "launch", seq: "<seq>", at: "<time>" },
};

test("with picture=true the screen is a frame of its own, after attached", async () => {
  const { id } = await daemon.launch("printf '\\033[31mred\\033[?2004h'; read x", { cols: 80, rows: 24 });
  await until("its output", () => daemon.coven.screen(id).lines[0] === "red");
  const client = await attached(daemon, id, "?picture=true");
  const [first, screen] = client.frames;
  expect(first).toMatchObject({ type: "attached" });
  expect<unknown>(attachFrame.parse(screen)).toEqual(screen);
  const saved = { x: 0, y: 0, style: 0, charset: null };
  const page = { above: 0, wrapped: [], margins: null, tabs: null, saved, keyboard: [0] };
  expect(screen).toEqual({
    type: "screen",
    picture: {
      cols: 80,
      rows: 24,
      styles: [{ sgr: "0" }, { sgr: "0;31" }],
      primary: { lines: [[["red", 1]]], ...page },
      alternate: null,
      cursor: { x: 3, y: 0, shape: 0, last: null },
      pen: { style: 1, charsets: [null, null, null, null], shift: 0 },
      modes: { private: [[2004, true]], ansi: [] },
      title: "",
      titles: [],
      colours: [],
      modifiers: [],
    },
  });
  client.leave();
});

test("with a name, attached says how many of its messages were taken, and so does each that is", async () => {
  const { id } = await daemon.launch("exec cat", { cols: 80, rows: 24 });
  const one = await attached(daemon, id, "?client=c-1");
  expect(one.frames[0]).toMatchObject({ type: "attached", typed: null });
  one.type("a");
  await until("it was taken", () => one.frames.at(-1)?.["type"] === "typed");
  expect(one.frames.at(-1)).toEqual({ type: "typed", count: 1 });
  expect<unknown>(attachFrame.parse(one.frames.at(-1))).toEqual(one.frames.at(-1));
  // The same client comes again: the connection of before types no more.
  const again = await attached(daemon, id, "?client=c-1");
  expect(again.frames[0]).toMatchObject({ type: "attached", typed: 1 });
  one.type("lost");
  again.type("b");
  await until("the echo", () => again.output().includes("b"));
  expect(`${again.snapshot()}${again.output()}`).not.toContain("lost");
  expect((await attached(daemon, id)).frames[0]).not.toHaveProperty("typed");
  await daemon.client.kill(id);
});

test("exit names the signal that ended the harness", async () => {
  const { id } = await daemon.launch("read x; kill -KILL $$");
  const client = await attached(daemon, id);
  client.type("\n");
  expect(await client.frame("exit")).toEqual({
    type: "exit",
    status: "failed",
    exitCode: null,
    signal: "SIGKILL",
  });
});

test("view_cycle is an error frame and the end of the connection", async () => {
  const { id } = await daemon.launch("exec cat");
  const refused = await attached(daemon, id, `?within=${id}`);
  await until("it is closed", () => refused.closed);
  const details = { sessionId: "<uuid>", within: "<uuid>", path: ["<uuid>"] };
  expect(named(refused.frames, daemon)).toEqual([
    { type: "error", error: { code: "view_cycle", message: expect.any(String), details } },
  ]);
  // A session of another home, and one that has ended, are in nobody's way.
  for (const within of [crypto.randomUUID(), daemon.finished([]).id]) {
    const shown = await attached(daemon, id, `?within=${within}`);
    expect(shown.frames[0]).toMatchObject({ type: "attached" });
    shown.leave();
  }
});
