// Holds what scripts of coven 0.4 ask by its names: sessions show|log|events, adapter list, status; for people and as JSON.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { type CommandLine, commandLine } from "../support/command-line.ts";

let line: CommandLine;
let id: string;
/** Somebody else's run, whose id holds slashes. */
const OTHERS = "cave/chat/1";

beforeAll(async () => {
  line = commandLine();
  line.home.script("codex", "printf 'one\\n\\033[31mtwo\\033[0m\\n'");
  const run = await line.coven(["run", "codex", "hi", "--labels", "night", "--model", "o3", "--json"]);
  id = JSON.parse(run.out).id;
  const { project } = line.home;
  await line.home.client.registerExternal({ id: OTHERS, projectRoot: project, harness: "claude" });
});

afterAll(() => line[Symbol.asyncDispose]());

const json = async (...words: string[]) => JSON.parse((await line.coven([...words, "--json"])).out);

test("show: the record, by a prefix of its id, and that of somebody else's run", async () => {
  expect(await json("sessions", "show", id.slice(0, 8))).toEqual(await line.home.client.session(id));
  const { out, code } = await line.coven(["sessions", "show", id]);
  expect(code).toBe(0);
  expect(out).toStartWith(`Session ${id}\n\n`);
  for (const row of [/title +hi\n/, /state +completed\n/, /model +o3\n/, /labels +night\n/])
    expect(out).toMatch(row);
  expect(out).not.toMatch(/archived|conversation|null/);
  expect((await line.coven(["sessions", "show", OTHERS])).out).toMatch(/state +external\n/);
  expect(await line.coven(["sessions", "show", "ffffffff"])).toMatchObject({ code: 1, out: "" });
});

test("log: what happened in words, harmless; as JSON exactly what the daemon answers", async () => {
  const lines = await json("sessions", "log", id);
  expect(lines).toEqual(await line.home.client.log(id));
  const { out } = await line.coven(["sessions", "log", id]);
  expect(out).toContain("one\ntwo\n");
  expect(out).toContain("exit: ");
  expect(await line.coven(["sessions", "log", OTHERS])).toMatchObject({ code: 0, out: "" });
});

test("events: a page, continued by --after-seq", async () => {
  const page = await json("sessions", "events", id);
  expect(page).toEqual(await line.home.client.sessionEvents(id));
  const [first] = page.events;
  const rest = await json("sessions", "events", id, "--after-seq", String(first.seq));
  expect(rest.events).toEqual(page.events.slice(1));
  const one = await line.coven(["sessions", "events", id, "--limit", "1"]);
  expect(one.out.split("\n")).toHaveLength(2);
  expect(one.out).not.toContain("\x1b");
  expect(one.err).toBe(`More:  coven sessions events ${id.slice(0, 8)} --after-seq ${first.seq}\n`);
  expect((await line.coven(["sessions", "events", id, "--limit", "x"])).code).toBe(2);
});

test("adapter list: whom this shell can launch, in the members of 0.4.6 and ours, without a daemon", async () => {
  await using alone = commandLine();
  alone.home.script("codex", "exit 0");
  const { out } = await alone.coven(["adapter", "list", "--json"]);
  const [codex, claude, demo] = JSON.parse(out);
  expect(codex).toEqual({
    ...{
      id: "codex",
      label: "Codex",
      executable: "codex",
      available: true,
      source: "built-in",
      stream: true,
      enabled: true,
      maturity: "launched here",
      version: null,
    },
    path: expect.stringContaining("/bin/codex"),
    ...{ enabled: true, maturity: "launched here", version: null },
    ...{ hint: "npm install -g @openai/codex", install_hint: "npm install -g @openai/codex" },
    capabilities: { stream: true, preassigned_session_id: false, think: false, speed: false },
  });
  expect([claude.available, demo.id, demo.capabilities.stream]).toEqual([false, "demo", false]);
  expect((await alone.coven(["adapter", "list"])).out).toMatch(/^codex +ready +built-in +\//m);
  expect((await alone.coven(["daemon", "status"])).out).toBe("Coven daemon: not running\n");
});

test("status: what daemon status says; as JSON also health and what is open; without a daemon nothing is started", async () => {
  expect((await line.coven(["status"])).out).toStartWith("Coven daemon: running (pid ");
  const running = await json("status");
  const health = await line.home.client.health();
  expect(running).toMatchObject({ ok: true, status: "running", pid: health.daemon?.pid, health });
  expect(running.overview).toMatchObject({ open_sessions: 1, total_familiars: 0 });
  await using alone = commandLine();
  const none = await alone.coven(["status", "--json"]);
  expect(JSON.parse(none.out)).toMatchObject({ ok: false, status: "stopped", health: null });
  expect(none.code).toBe(0);
  expect((await alone.coven(["status"])).out).toBe("Coven daemon: not running\n");
});
