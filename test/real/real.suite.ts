// Proof that the real codex and claude run under coven: `bun run test:real`, not part of `bun test`.

import { afterAll, afterEach, beforeEach, describe, expect, setDefaultTimeout } from "bun:test";
import { existsSync, mkdtempSync } from "node:fs";
import { join } from "node:path";
import type { Session } from "../../src/session/session.ts";
import { type ModelRequest, type ModelServer, modelServer } from "../support/model-server.ts";
import { notLinux, testUnless } from "../support/unless.ts";
import { until } from "../support/until.ts";
import { AGENT_VERSIONS, realAgents } from "./agents.ts";
import { type AgentUser, agentUser } from "./settings.ts";
import { marked, type UserCoven, userCoven } from "./user-coven.ts";

setDefaultTimeout(60_000);

const agents = realAgents();
if (agents.bin === null) {
  const loud = `REAL AGENTS NOT AVAILABLE: every test of this suite is SKIPPED, nothing here is proved.\n${agents.reason}`;
  console.error(`\n${"!".repeat(100)}\n${loud}\n${"!".repeat(100)}\n`);
}
/** Named and counted as skipped where the agents, or /proc, are missing. */
const real = testUnless(agents.bin === null ? agents.reason : undefined);
const realWithProc = testUnless(agents.bin === null ? agents.reason : notLinux);

const ANSWER = `Grüße, 世界 👋 ${crypto.randomUUID()}`;
let model: ModelServer;
let user: AgentUser;
let home: UserCoven;

function settle(options: { codexServers?: boolean } = {}) {
  model = modelServer();
  model.answers(() => ({ text: ANSWER, deltas: 7 }));
  user = agentUser({ cache: agents.cache, bin: agents.bin ?? "", modelUrl: model.url, ...options });
  home = userCoven(user);
}

async function leave() {
  // In this order: a daemon that can't be stopped must not keep the user's files, nor the model its port.
  await home.close().finally(async () => {
    user.remove();
    await model.stop();
  });
}

const isTurn = (request: { kind: string; prompt: string }) =>
  (request.kind === "responses" || request.kind === "messages") && request.prompt.includes("say hi");

for (const harness of ["codex", "claude"] as const) {
  describe(`${harness} ${AGENT_VERSIONS[harness]}`, () => suiteOf(harness));
}

function suiteOf(harness: string) {
  beforeEach(() => settle());
  afterEach(leave);

  real("answers: the text is printed and in the ledger, exit code 0, and a replay is identical", async () => {
    const run = await home.coven("run", harness, "say hi");
    expect(run.err).not.toContain("Error:");
    expect(run.code).toBe(0);
    expect(run.out).toContain(ANSWER);
    expect(model.requests.some(isTurn)).toBe(true);

    const listed = await home.coven("sessions", "--json");
    const [session] = (JSON.parse(listed.out) as { sessions: Session[] }).sessions;
    if (!session) throw new Error(`the session is not listed: ${listed.out}`);
    expect(session).toMatchObject({
      harness,
      status: "completed",
      exit_code: 0,
      signal: null,
      pid: null,
      title: "say hi",
      project_root: user.project,
      launch_mode: "nonInteractive",
    });

    expect(await home.printed(session.id)).toContain(ANSWER);
    const kinds = (await home.events(session.id)).map((event) => event.kind);
    expect(kinds.filter((kind) => kind === "exit")).toEqual(["exit"]);
    expect(kinds.at(-1)).toBe("exit");

    const replay = await home.coven("attach", session.id);
    expect(replay.code).toBe(0);
    expect(replay.bytes).toEqual(run.bytes);
    const raw = await home.coven("attach", session.id, "--raw");
    expect(raw.out).toBe(await home.printed(session.id));
    expect(raw.out.replaceAll("\r\n", "\n")).toBe(run.out);
  });

  real("--json prints the finished record and nothing else", async () => {
    const run = await home.coven("run", harness, "say hi", "--json");
    expect(run.code).toBe(0);
    expect(JSON.parse(run.out)).toMatchObject({ harness, status: "completed", exit_code: 0 });
  });

  real(
    "launchMode stream: every line that begins like JSON is JSON, and one of them holds the answer",
    async () => {
      await home.coven("daemon", "start");
      const launch = { projectRoot: user.project, harness, prompt: "say hi", launchMode: "stream" };
      const { id } = (await home.api("POST", "/sessions", { ...launch, env: user.env })) as Session;
      await until("it has ended", async () => (await home.session(id)).status === "completed" || undefined);
      const said = Bun.stripANSI(await home.printed(id)).split("\r\n");
      const lines = said.filter((line) => line.startsWith("{")).map((line) => JSON.parse(line));
      expect(JSON.stringify(lines)).toContain(JSON.stringify(ANSWER).slice(1, -1));
      const begins = harness === "codex" ? { type: "thread.started" } : { type: "system", subtype: "init" };
      expect(lines[0]).toMatchObject(begins);
    },
  );

  real(
    "run --stream-json: the answer is an assistant's frame, and --continue goes on with the same conversation",
    async () => {
      const framesOf = (out: string) =>
        out
          .trim()
          .split("\n")
          .map((line) => JSON.parse(line));
      const first = await home.coven("run", harness, "--stream-json", "say hi");
      const frames = framesOf(first.out);
      const said = frames.filter(({ type }) => type === "assistant");
      expect(JSON.stringify(said)).toContain(JSON.stringify(ANSWER).slice(1, -1));
      expect(frames.at(-1)).toMatchObject({
        type: "result",
        is_error: false,
        harness_session_id: expect.any(String),
      });
      const { session_id, harness_session_id } = frames.at(-1);
      const second = await home.coven(
        "run",
        harness,
        "--stream-json",
        "--continue",
        session_id,
        "say hi again",
      );
      expect(framesOf(second.out).at(-1)).toMatchObject({ is_error: false, harness_session_id });
      const turn = await model.request((request) => isTurn(request) && request.prompt.includes("again"));
      expect(JSON.stringify(turn.body)).toContain(JSON.stringify(ANSWER).slice(1, -1));
    },
  );

  real("a prompt that begins with a dash is a prompt", async () => {
    const run = await home.coven("run", harness, "--", "--version say hi");
    expect(run.code).toBe(0);
    expect(run.out).toContain(ANSWER);
    expect((await model.request(isTurn)).prompt).toContain("--version say hi");
  });

  real("a model that refuses makes it fail, and its exit code is run's own", async () => {
    model.refuses(400);
    const run = await home.coven("run", harness, "say hi", "--json");
    expect(run.code).toBe(1);
    expect(JSON.parse(run.out)).toMatchObject({ status: "failed", exit_code: 1 });
  });

  // The model asks for a file to be written: what the agent does then is decided by what it was started with.
  real.each([
    ["read-only", false],
    ["full", true],
  ] as const)("--permission %s: it writes %p", async (permission, writes) => {
    const file = join(user.project, "written.txt");
    model.answers((request) =>
      writesAsked(request) ? { text: "", tool: writing(harness, file, request) } : { text: "done" },
    );
    const run = await home.coven("run", harness, "say hi", "--permission", permission, "--json");
    expect(JSON.parse(run.out)).toMatchObject({ permission, status: "completed" });
    expect(existsSync(file)).toBe(writes);
    expect(
      model.requests.filter((request) => JSON.stringify(request.body).includes("written.txt")).length,
    ).toBeGreaterThan(0);
  });

  // Its sandbox lets it write in the project alone; claude asks a person for each write, whatever directories it has.
  if (harness === "codex") {
    real.each([true, false])("it may write beside the project where --add-dir says so: %p", async (added) => {
      const beside = mkdtempSync(join(user.home, "beside-"));
      const file = join(beside, "written.txt");
      model.answers((request) =>
        writesAsked(request) ? { text: "", tool: writing(harness, file, request) } : { text: "done" },
      );
      const words = ["run", harness, "say hi", "--json", ...(added ? ["--add-dir", beside] : [])];
      expect(JSON.parse((await home.coven(...words)).out)).toMatchObject({ status: "completed" });
      expect(existsSync(file)).toBe(added);
    });
  }

  real("--model and --add-dir reach it", async () => {
    const beside = mkdtempSync(join(user.home, "beside-"));
    model.answers(() => ({ text: ANSWER }));
    const provider = harness === "codex" ? "openai" : "anthropic";
    const run = await home.coven(
      "run",
      harness,
      "say hi",
      "--model",
      `${provider}/a-model`,
      "--add-dir",
      beside,
      "--json",
    );
    expect(JSON.parse(run.out)).toMatchObject({
      model: `${provider}/a-model`,
      add_dirs: [beside],
      status: "completed",
    });
    const { body } = await model.request(isTurn);
    expect(body).toMatchObject({ model: "a-model" });
    if (harness === "claude") expect(JSON.stringify(body)).toContain(beside);
  });

  realWithProc("killed in the middle of a slow answer it leaves no process", async () => {
    model.answers(() => ({ text: ANSWER, deltas: 7, hold: new Promise(() => {}) }));
    const id = (await home.coven("run", harness, "say hi", "--detach", "--headless")).out.trim();
    const turn = await model.request(isTurn);
    expect(await home.session(id)).toMatchObject({ status: "running", exit_code: null });
    expect(marked(id).length).toBeGreaterThan(0);

    const kill = await home.coven("kill", id);
    expect(kill.out + kill.err).toContain("killed session");
    expect(kill.code).toBe(0);
    await until("every process of the killed session is gone", () => marked(id).length === 0);
    expect(await turn.answered).toBe(false);
    await home.coven("attach", id);
    expect(await home.session(id)).toMatchObject({ status: "killed", pid: null });
    const kinds = (await home.events(id)).map((event) => event.kind);
    expect(kinds).toContain("kill");
    expect(kinds.at(-1)).toBe("exit");
  });

  realWithProc("interactive, it draws its screen, is answered, and a kill leaves no process", async () => {
    const id = await launchInteractive(harness);
    expect(await (await model.request(isTurn)).answered).toBe(true);
    await home.api("POST", `/sessions/${id}/kill`);
    await until("every process of the killed session is gone", () => marked(id).length === 0);
    const attach = await home.coven("attach", id);
    expect(attach.out).toContain("\x1b[?2004h");
    expect(await home.session(id)).toMatchObject({ status: "killed", launch_mode: "interactive" });
  });
}

describe("codex as shipped, with its servers in sessions of their own", () => {
  beforeEach(() => settle({ codexServers: true }));
  afterEach(leave);

  // A signal to the process group reaches none of them; hundreds of such leftovers are the commonest complaint about session daemons.
  realWithProc("a kill finds the detached servers by the session's mark", async () => {
    const id = await launchInteractive("codex");
    await model.request(isTurn);
    await until("codex has started a server of its own", () => marked(id).length >= 2, 30_000);
    await home.api("POST", `/sessions/${id}/kill`);
    await until("every process of the killed session is gone", () => marked(id).length === 0);
    await home.coven("attach", id);
    expect(await home.session(id)).toMatchObject({ status: "killed" });
  });
});

/** The first turn of a run: nothing was answered to a tool of the agent's yet. */
function writesAsked(request: ModelRequest): boolean {
  return isTurn(request) && !/function_call_output|tool_result/.test(JSON.stringify(request.body));
}

/** A call of the agent's own tool that writes a file, as this version offers it. */
function writing(harness: string, path: string, request: ModelRequest) {
  if (harness === "claude") return { name: "Write", input: { file_path: path, content: "written" } };
  const offered = JSON.stringify(request.body);
  const command = `echo written > '${path}'`;
  return offered.includes('"exec_command"')
    ? { name: "exec_command", input: { cmd: command } }
    : { name: "shell", input: { command: ["sh", "-c", command] } };
}

async function launchInteractive(harness: string): Promise<string> {
  await home.coven("daemon", "start");
  const body = {
    projectRoot: user.project,
    harness,
    prompt: "say hi",
    launchMode: "interactive",
    env: user.env,
    inheritEnv: false,
  };
  const { id } = (await home.api("POST", "/sessions", body)) as Session;
  return (await home.session(id)).id;
}

afterAll(() => {
  if (agents.bin === null) console.error("REAL AGENTS NOT AVAILABLE: see the top of this suite's output.");
});
