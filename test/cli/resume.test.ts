// Holds `coven resume` and `run --continue`: an agent's own conversation goes on in a new session, linked to the old one, or it is said why not.
import { afterEach, beforeEach, expect, setDefaultTimeout, test } from "bun:test";
import { mkdirSync, readFileSync, realpathSync } from "node:fs";
import { join } from "node:path";
import type { Session } from "../../src/session/session.ts";
import { type CommandLine, commandLine } from "../support/command-line.ts";
import { inTerminal } from "../support/in-terminal.ts";
import { repository } from "../support/repository.ts";
import { signalOwn } from "../support/signal.ts";
import { notLinux, testUnless, without } from "../support/unless.ts";
import { until } from "../support/until.ts";

setDefaultTimeout(60_000);

const THREAD = "01a21c99-6834-7811-abeb-47d5605d835d";

/** As codex: says its conversation's id in the heading of one shot, else when its screen is left. */
const CODEX = `
printf '%s\\n' "$*" >>"$HOME/codex.argv"
case "$*" in
exec*) printf 'OpenAI Codex\\r\\nsession id: ${THREAD}\\r\\nuser said: codex resume not-this-one\\r\\n' ;;
*quit*) printf '\\033[?1049hcodex resume nor-this\\033[?1049lTo continue this session, run:\\r\\n  \\033[36mcodex resume ${THREAD}\\033[39m\\r\\n' ;;
*) mkdir -p "$HOME/thread-writer-locks"; exec 5>"$HOME/thread-writer-locks/${THREAD}.lock"
   printf '\\033[?1049hcodex resume nor-this\\033]7501;state=done:app=codex\\033\\\\ready'; exec sleep 600 ;;
esac`;

let line: CommandLine;
let project: string;
beforeEach(() => {
  line = commandLine();
  project = realpathSync(line.home.project);
  line.home.script("claude", 'printf "%s\\n" "$@"; case "$*" in *stay*) exec sleep 600;; esac');
  line.home.script("codex", CODEX);
});
afterEach(() => line[Symbol.asyncDispose]());

async function ran(...words: string[]): Promise<Session> {
  const { out, err, code } = await line.coven([...words, "--json"]);
  expect({ code, err: code === 0 ? "" : err }).toEqual({ code: 0, err: "" });
  return JSON.parse(out);
}

const printed = async ({ id }: Session): Promise<string[]> =>
  (await line.coven(["logs", id])).out.trimEnd().split("\n");

const record = ({ id }: { readonly id: string }) => line.home.client.session(id);

test("claude is given an id of ours, by which it goes on; what was asked for holds, the chain is shown", async () => {
  const first = await ran("run", "claude", "hi", "--model", "m1", "--permission", "full", "--labels", "a");
  expect(first).toMatchObject({ agent_session_id: first.id, continues: null, conversation_id: null });
  expect((await printed(first)).slice(-3)).toEqual(["--session-id", first.id, "hi"]);

  const second = await ran("resume", first.id.slice(0, 8), "and", "now");
  expect(second).toMatchObject({
    continues: first.id,
    agent_session_id: first.id,
    title: "hi",
    model: "m1",
    permission: "full",
    labels: ["a"],
    launch_mode: "nonInteractive",
  });
  expect(await printed(second)).toEqual([
    ...[
      "--print",
      "--model",
      "m1",
      "--permission-mode",
      "bypassPermissions",
      "--resume",
      first.id,
      "and now",
    ],
  ]);
  // The newest one goes on, and so on.
  const third = await ran("resume", "-", "more", "--model", "m2", "--title", "third");
  expect(third).toMatchObject({
    continues: second.id,
    agent_session_id: first.id,
    model: "m2",
    title: "third",
  });

  expect((await line.coven(["sessions", "show", second.id])).out).toMatch(
    new RegExp(`conversation +${first.id}\\n +goes on with +${first.id}\\n +went on in +${third.id}\\n`),
  );
  const table = inTerminal(line.home, ["sessions", "--here", "--limit", "9"], { cols: 120 });
  await table.exit;
  expect(table.shown()).toContain(`hi (goes on with ${first.id.slice(0, 8)})`);
  expect((await line.coven(["sessions", "--plain"])).out).not.toContain("goes on");
});

test("codex says its id: in the heading of one shot, when its screen is left, and nobody's words count", async () => {
  const exec = await ran("run", "codex", "task");
  expect(exec).toMatchObject({ agent_session_id: THREAD });
  const quit = await ran("run", "codex", "quit", "--interactive");
  await until("it has ended", async () => (await record(quit)).status === "completed");
  expect(await record(quit)).toMatchObject({ agent_session_id: THREAD });
  for (const mode of ["--headless", "--interactive"]) {
    expect(await ran("resume", exec.id, "quit", mode)).toMatchObject({
      continues: exec.id,
      agent_session_id: THREAD,
    });
  }
  expect(readFileSync(join(line.home.base, "codex.argv"), "utf8").split("\n").slice(-3, -1)).toEqual([
    `exec --skip-git-repo-check --color never resume ${THREAD} quit`,
    `resume ${THREAD} quit`,
  ]);
});

testUnless(notLinux)(
  "codex at work is known by the file it has open: killed or orphaned, it can be gone on with",
  async () => {
    const killed = await ran("run", "codex", "stay", "--detach");
    await until("its turn is over", async () => (await record(killed)).attention?.state === "done");
    expect((await record(killed)).agent_session_id).toBe(THREAD);
    expect((await line.coven(["kill", killed.id])).code).toBe(0);

    const orphaned = await ran("run", "codex", "stay", "--detach");
    await until("its turn is over", async () => (await record(orphaned)).attention?.state === "done");
    const { daemon } = await line.home.client.health();
    signalOwn(daemon?.pid ?? 0, "SIGKILL");
    await until(
      "its daemon is gone",
      async () => (await line.coven(["daemon", "status", "--check"])).code === 3,
    );
    await line.home.start();
    expect(await record(orphaned)).toMatchObject({ status: "orphaned", agent_session_id: THREAD });
    for (const { id } of [killed, orphaned]) {
      expect(await ran("resume", id, "quit", "--headless")).toMatchObject({ continues: id });
      // Offered to whoever looks at it.
      const attach = await line.coven(["attach", id]);
      expect(attach.err).toContain(`Go on with it: coven resume ${id.slice(0, 8)}`);
    }
  },
);

test("no two sessions that run go on with one conversation", async () => {
  const first = await ran("run", "claude", "hi");
  const going = (await line.coven(["resume", first.id, "stay", "--detach"])).out.trim();
  for (const words of [
    ["resume", first.id, "more"],
    ["run", "--continue", first.id, "more"],
  ]) {
    const { code, err } = await line.coven(words);
    expect([code, err]).toEqual([
      125,
      expect.stringContaining(`Session ${going} goes on with this conversation already.`),
    ]);
  }
  await line.coven(["kill", going]);
  expect(await ran("resume", first.id, "more")).toMatchObject({ continues: first.id });
});

test("--continue: with an id and without, with the harness named and without, at a terminal too", async () => {
  const codex = await ran("run", "codex", "task");
  const claude = await ran("run", "claude", "hi");
  expect(await ran("run", "--continue", codex.id, "quit now")).toMatchObject({
    harness: "codex",
    continues: codex.id,
  });
  expect(await ran("run", "codex", "quit", "--continue", codex.id)).toMatchObject({ continues: codex.id });
  expect(await ran("run", "claude", "--continue", "next")).toMatchObject({ continues: claude.id });
  const last = await ran("run", "--continue", "fix the tests");
  expect(last).toMatchObject({ harness: "claude", agent_session_id: claude.id });
  expect((await printed(last)).at(-1)).toBe("fix the tests");
  // A prompt that begins with what an id may look like is none without a digit.
  expect((await printed(await ran("run", "--continue", "decade"))).at(-1)).toBe("decade");

  const opened = inTerminal(line.home, ["resume", claude.id]);
  expect((await opened.exit).exitCode).toBe(0);
  expect(opened.shown()).toContain(`--resume\r\n${claude.id}`);
  const [newest] = await line.home.client.sessions();
  expect(newest).toMatchObject({ launch_mode: "interactive", continues: claude.id });
});

test("refused with the reason: no conversation, not ended, another harness, somebody else's, none here", async () => {
  const demo = await ran("run", "demo", "exit 0");
  const refused = async (words: string[], why: string) => {
    const { code, err } = await line.coven(words);
    expect([code, err]).toEqual([125, expect.stringContaining(why)]);
  };
  await refused(["resume", demo.id, "x"], "it isn't known how demo goes on with a conversation");
  await refused(["run", "--continue", "x"], "There is no conversation in this project");
  const claude = await ran("run", "claude", "hi");
  await refused(["run", "codex", "--continue", claude.id, "x"], "is a conversation with claude");
  const live = await ran("run", "claude", "stay", "--detach");
  await refused(["resume", live.id, "x"], "is still running");
  await line.coven(["kill", live.id]);
  const silent = await ran("run", "codex", "stay now", "--detach");
  await until("it prints", async () => (await printed(silent)).join("").includes("ready"));
  const { client } = line.home;
  const launch = (continues: string, harness = "claude") =>
    client.launch({ projectRoot: project, harness, prompt: "x", continues });
  await expect(launch(silent.id, "codex")).rejects.toMatchObject({ code: "session_running" });
  await expect(launch(demo.id, "demo")).rejects.toMatchObject({
    code: "not_supported",
    details: { sessionId: demo.id, harness: "demo", reason: expect.any(String) },
  });
  await expect(launch(claude.id, "codex")).rejects.toMatchObject({
    code: "invalid_request",
    details: { field: "continues", harness: "claude" },
  });
  await expect(launch(crypto.randomUUID())).rejects.toMatchObject({ code: "session_not_found" });
  await client.registerExternal({ id: "theirs", projectRoot: project, harness: "claude" });
  await expect(launch("theirs")).rejects.toMatchObject({ code: "not_supported" });
  expect((await line.coven(["resume"])).code).toBe(2);
  expect((await line.coven(["run", "--continue", claude.id, "x", "--worktree"])).code).toBe(125);
});

test("whoever says which conversation is meant is given no other", async () => {
  for (const words of [["--arg=--resume", "--arg=abc"], ["--arg=--continue"], ["--arg=-c"]]) {
    const session = await ran("run", "claude", "hi", ...words);
    expect(session.agent_session_id).toBeNull();
    expect(await printed(session)).not.toContain("--session-id");
  }
  await line.coven(["config", "set", "harness.claude.args", '["--session-id=mine"]']);
  expect((await ran("run", "claude", "hi")).agent_session_id).toBeNull();
  const { client } = line.home;
  const conversation = { mode: "init", id: "its-own" } as const;
  const named = await client.launch({ projectRoot: project, harness: "claude", prompt: "hi", conversation });
  expect(named).toMatchObject({ conversation_id: "its-own", agent_session_id: "its-own" });
});

testUnless(without("git"))(
  "it goes on in the same worktree, which stays until the last session of it is deleted",
  async () => {
    const base = repository(project);
    mkdirSync(join(project, "sub"));
    const first = await ran("run", "claude", "hi", "--worktree");
    const second = await ran("resume", first.id, "more");
    expect(second).toMatchObject({
      project_root: first.project_root,
      worktree: first.worktree,
      base_commit: base,
    });
    const one = await line.coven(["sacrifice", first.id, "--yes"]);
    expect([one.code, one.err]).toEqual([
      0,
      expect.stringContaining(`session ${second.id.slice(0, 8)} has it too`),
    ]);
    const two = await line.coven(["sacrifice", second.id, "--yes"]);
    expect([two.code, two.err]).toEqual([0, expect.stringContaining("Removed the worktree")]);
  },
);
