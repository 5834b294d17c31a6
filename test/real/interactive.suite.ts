// Proof that codex and claude are at home in an attached terminal: real programs in a real terminal (tmux), cell by cell.

import { afterEach, beforeEach, describe, expect, setDefaultTimeout } from "bun:test";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Session } from "../../src/session/session.ts";
import { cellsOf } from "../support/cells.ts";
import { type ModelServer, modelServer } from "../support/model-server.ts";
import { HAS_TMUX, type Pane, SANE, type Tmux, tmux } from "../support/tmux.ts";
import { testUnless } from "../support/unless.ts";
import { AGENT_VERSIONS, realAgents } from "./agents.ts";
import { type AgentUser, agentUser } from "./settings.ts";
import { type UserCoven, userCoven } from "./user-coven.ts";

setDefaultTimeout(90_000);

const agents = HAS_TMUX ? realAgents() : { bin: null, cache: "", reason: "there is no tmux on the PATH" };
if (agents.bin === null) {
  const loud = `REAL AGENTS IN A TERMINAL: every test of this suite is SKIPPED, nothing here is proved.\n${agents.reason}`;
  console.error(`\n${"!".repeat(100)}\n${loud}\n${"!".repeat(100)}\n`);
}
const real = testUnless(agents.bin === null ? agents.reason : undefined);

const ANSWER = "Grüße, 世界 👋 **bold** and `code`.\n\n- one\n- two";
/** Nothing has changed for so long, in milliseconds: an agent at rest draws nothing. */
const AT_REST = 700;

const LOOKS = {
  codex: {
    ready: /› Ask Codex/,
    trust: "Trust this folder?",
    untrusted: (user: AgentUser) => distrustCodex(user),
  },
  claude: { ready: /^❯/m, trust: "trust", untrusted: (user: AgentUser) => distrustClaude(user) },
} as const;

let model: ModelServer;
let user: AgentUser;
let home: UserCoven;
let terminals: Tmux;

beforeEach(async () => {
  if (agents.bin === null) return;
  model = modelServer();
  model.answers(() => ({ text: ANSWER, deltas: 5 }));
  user = agentUser({
    cache: agents.cache,
    bin: agents.bin,
    modelUrl: model.url,
    env: { TERM: "xterm-256color" },
  });
  home = userCoven(user);
  terminals = tmux(home.env["COVEN_HOME"] ?? "", { ...home.env, PWD: user.project }, home.command);
  await home.coven("daemon", "start");
});

afterEach(async () => {
  if (agents.bin === null) return;
  terminals[Symbol.dispose]();
  await home.close().finally(async () => {
    user.remove();
    await model.stop();
  });
});

for (const harness of ["codex", "claude"] as const) {
  describe(`${harness} ${AGENT_VERSIONS[harness]} in a terminal`, () => suiteOf(harness));
}

function suiteOf(harness: "codex" | "claude"): void {
  const { ready } = LOOKS[harness];

  real(
    "typed into, left, attached again: the same cells; elsewhere in another size; back again",
    async () => {
      const pane = await shell(100, 30);
      pane.run(`coven run ${harness} "say hi"`);
      await pane.shows("two", 30_000);
      await atRest(pane);
      const id = await onlySession();
      pane.type("second prompt");
      await pane.shows("second prompt");
      pane.press("Enter");
      await asked("second prompt");
      const before = await atRest(pane);
      const rows = pane.rows();
      expect(rows.join("\n")).toContain("世界");

      pane.press("C-]");
      await pane.shows(new RegExp(`Come back: +.*coven attach ${id.slice(0, 8)}`));
      expect(pane.modes()).toMatchObject({ ...SANE, region: "0-29" });
      expect(pane.rows().slice(0, 2)).toEqual(["$ echo EARLIER", "EARLIER"]);

      pane.run(`coven attach ${id.slice(0, 8)}`);
      await pane.shows(ready);
      expect(await atRest(pane)).toEqual(before);

      const other = await shell(72, 20);
      other.run(`coven attach ${id.slice(0, 8)}`);
      await other.shows(ready);
      await atRest(other);
      expect(await home.api("GET", `/sessions/${id}/screen`)).toMatchObject({ cols: 72, rows: 20 });
      other.press("C-]");
      await other.shows("goes on without you");
      // The size is the first one's again, and the agent has drawn for it.
      await pane.shows(ready);
      await atRest(pane);
      expect(pane.rows()).toEqual(rows);
      expect(await home.session(id)).toMatchObject({ status: "running" });
    },
  );

  real("the log has all that it drew line by line, and its own screen is back afterwards", async () => {
    model.answers(({ prompt }) => {
      const turn = prompt.includes("turn 2") ? 2 : 1;
      const text = Array.from({ length: 60 }, (_, n) => `- said ${turn}-${n}`).join("\n");
      return { text, deltas: 60, everyMs: 40 };
    });
    const pane = await shell(100, 30);
    pane.run(`coven run ${harness} "turn 1"`);
    await asked("turn 1");
    await pane.shows("said 1-59", 30_000);
    await atRest(pane);
    pane.type("turn 2");
    await pane.shows("turn 2");
    pane.press("Enter");
    await asked("turn 2");
    await pane.shows("said 2-59", 30_000);
    const before = await atRest(pane);
    pane.press("C-]");
    pane.type("[");
    await pane.shows("q back");
    await pane.shows(/\d+ of \d+/);
    pane.type("g");
    const seen: string[] = [];
    for (let last = ""; ; pane.press("Space")) {
      await atRest(pane);
      const rows = pane.rows();
      if (rows.join() === last) break;
      last = rows.join();
      seen.push(...rows.slice(2, -1));
    }
    const said = seen.flatMap((row) => /said (\d-\d+)\b/.exec(row)?.[1] ?? []);
    expect([...new Set(said)]).toEqual(
      [1, 2].flatMap((t) => Array.from({ length: 60 }, (_, n) => `${t}-${n}`)),
    );
    pane.type("q");
    await pane.shows("said 2-59");
    // claude takes its hints away by itself after a while.
    const spoken = (cells: readonly string[]) => cells.filter((row) => row.includes("said"));
    expect(spoken(await atRest(pane))).toEqual(spoken(before));
  });

  real("what it shows is what it shows without coven", async () => {
    // The first start tells news that the second doesn't.
    for (const time of ["first", "second"]) {
      const direct = await shell(100, 30);
      direct.run(`${harness} "say hi ${time}"`);
      await asked(`say hi ${time}`);
      await direct.shows("two", 30_000);
      await atRest(direct);
      const expected = direct.rows();
      direct.close();
      if (time === "first") continue;
      const pane = await shell(100, 30);
      pane.run(`coven run ${harness} "say hi ${time}"`);
      await pane.shows("two", 30_000);
      await atRest(pane);
      // Colours differ by design: nobody answers an agent's questions about them in a tmux that no terminal shows.
      expect(pane.rows().filter(isSteady)).toEqual(expected.filter(isSteady));
    }
  });

  real("coven send really submits: one line, many lines, after a long text", async () => {
    const pane = await shell(100, 30);
    pane.run(`coven run ${harness} "say hi"`);
    await asked("say hi");
    await pane.shows("two", 30_000);
    await atRest(pane);
    const id = await onlySession();
    for (const text of [
      "sent from elsewhere",
      "first line\nsecond line\n\nlast line",
      `long ${"word ".repeat(2_000)}end`,
    ]) {
      const sent = await home.coven("send", id, text);
      expect(sent).toMatchObject({ code: 0, err: "" });
      await asked(text);
      await atRest(pane);
    }
    expect(await home.coven("send", id, "not yet", "--no-enter")).toMatchObject({ code: 0 });
    await pane.shows("not yet");
    expect(model.requests.some((request) => request.prompt.includes("not yet"))).toBe(false);
    expect(await home.coven("send", id, "--key", "enter")).toMatchObject({ code: 0 });
    await asked("not yet");
  });

  real("coven send while it works: heard as soon as the agent listens", async () => {
    const { promise: hold, resolve: release } = Promise.withResolvers<void>();
    model.answers(() => ({ text: ANSWER, deltas: 5, hold }));
    const pane = await shell(100, 30);
    pane.run(`coven run ${harness} "say hi"`);
    await model.request(({ prompt }) => prompt.includes("say hi"));
    await pane.shows("esc to interrupt", 30_000);
    const id = await onlySession();
    expect(await home.coven("send", id, "one thing more")).toMatchObject({ code: 0 });
    await pane.shows("one thing more");
    model.answers(() => ({ text: ANSWER, deltas: 5 }));
    release();
    await asked("one thing more");
  });

  real("it asks for trust, is answered, and works", async () => {
    LOOKS[harness].untrusted(user);
    // codex asks for repositories only.
    mkdirSync(join(user.project, ".git", "objects"), { recursive: true });
    mkdirSync(join(user.project, ".git", "refs"));
    writeFileSync(join(user.project, ".git", "HEAD"), "ref: refs/heads/main\n");
    const pane = await shell(100, 30);
    pane.run(`coven run ${harness} "say hi"`);
    await pane.shows(LOOKS[harness].trust, 30_000);
    await atRest(pane);
    // claude preselects the way out.
    if (harness === "claude" && /❯ .*No/.test(pane.rows().join("\n"))) pane.press("Up");
    await atRest(pane);
    pane.press("Enter");
    await asked("say hi");
    await pane.shows("two", 30_000);
  });

  real("Ctrl-C goes to the agent; its farewell stays on the screen, and its exit code is ours", async () => {
    const pane = await shell(100, 30);
    pane.run(`coven run ${harness} "say hi"`);
    await asked("say hi");
    await pane.shows("two", 30_000);
    await atRest(pane);
    pane.press("C-c");
    await atRest(pane);
    if (pane.modes().alternate) pane.press("C-c");
    await pane.shows(/^(Completed in|Failed after)/m, 20_000);
    expect(pane.rows().join("\n")).toMatch(/resume/);
    expect(pane.modes()).toMatchObject({ ...SANE, region: "0-29" });
    expect(pane.rows().slice(0, 2)).toEqual(["$ echo EARLIER", "EARLIER"]);
    const session = await home.session(await onlySession(true));
    pane.run("echo left with $?");
    await pane.shows(`left with ${session.exit_code ?? 130}`);
  });
}

async function shell(cols: number, rows: number): Promise<Pane> {
  const pane = terminals.pane(cols, rows);
  await pane.shows("$");
  pane.run("echo EARLIER");
  await pane.shows(/^EARLIER\n\$$/m);
  return pane;
}

async function atRest(pane: Pane): Promise<string[]> {
  await pane.settles(AT_REST);
  return cellsOf(pane.cells());
}

/** The model was asked this by the person, in one message. */
async function asked(text: string): Promise<void> {
  const said = text.replaceAll(/\s+/g, " ").trim();
  const request = await model.request(({ kind, prompt }) => {
    // claude says of a long text that it was pasted.
    const heard = prompt
      .replaceAll(/<\/?pasted_content[^>]*>/g, " ")
      .replaceAll(/\s+/g, " ")
      .trim();
    return (kind === "responses" || kind === "messages") && heard.endsWith(said);
  });
  expect(await request.answered).toBe(true);
}

async function onlySession(ended = false): Promise<string> {
  const sessions = (await home.api("GET", "/sessions")) as Session[];
  const fitting = sessions.filter((one) => (one.status === "running") !== ended);
  const [session] = fitting;
  if (!session || fitting.length > 1) throw new Error(`sessions: ${JSON.stringify(sessions)}`);
  // So that its end is looked after what it leaves.
  return (await home.session(session.id)).id;
}

/** Rows without those that tell the time or give another hint each time. */
function isSteady(row: string): boolean {
  return !/\d+:\d\d|Tip:|warnings|for \d+s/.test(row);
}

function distrustCodex({ home: at }: AgentUser): void {
  const file = join(at, ".codex", "config.toml");
  writeFileSync(file, readFileSync(file, "utf8").replace(/\[projects\.[\s\S]*$/, ""));
}

function distrustClaude({ home: at }: AgentUser): void {
  const file = join(at, ".claude.json");
  const state = JSON.parse(readFileSync(file, "utf8"));
  writeFileSync(file, JSON.stringify({ ...state, projects: {} }));
}
