// Proof that the agents beside codex and claude run by their recipes: a turn on pipes and one at a terminal, a question answered, a kill, and going on.

import { afterAll, afterEach, beforeEach, describe, expect, setDefaultTimeout } from "bun:test";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { HarnessInfo } from "../../src/session/ports/harnesses.ts";
import type { Session } from "../../src/session/session.ts";
import { type ModelServer, modelServer } from "../support/model-server.ts";
import { testUnless } from "../support/unless.ts";
import { until } from "../support/until.ts";
import { OTHER_VERSIONS, otherAgents, pointAtModel } from "./other-agents.ts";
import { agentUser } from "./settings.ts";
import { marked, type UserCoven, userCoven } from "./user-coven.ts";

setDefaultTimeout(240_000);

const agents = process.platform === "linux" ? otherAgents() : { bin: null, cache: "", reason: "needs Linux" };
if (agents.bin === null) {
  const loud = `OTHER AGENTS NOT AVAILABLE: every test of this suite is SKIPPED, nothing here is proved.\n${agents.reason}`;
  console.error(`\n${"!".repeat(100)}\n${loud}\n${"!".repeat(100)}\n`);
}
const real = testUnless(agents.bin === null ? agents.reason : undefined);

const ANSWER = "Hello from the model on loopback.";

/** What is known of each beside its recipe: what it calls the tool that runs a command, and how its own questions about that are switched on. */
const AGENTS = {
  gemini: { shell: "run_shell_command", titles: true },
  opencode: { shell: "bash", titles: false },
  copilot: { shell: "bash", titles: false },
  qwen: { shell: "run_shell_command", titles: true, args: ["--approval-mode=default"] },
} as const;

let model: ModelServer;
let home: UserCoven;
let project: string;
let userHome: string;
let leave: () => Promise<void>;

beforeEach(async () => {
  if (agents.bin === null) return;
  model = modelServer();
  model.answers(() => ({ text: ANSWER, deltas: 3 }));
  const made = agentUser({
    cache: agents.cache,
    bin: agents.bin,
    modelUrl: model.url,
    env: { TERM: "xterm-256color" },
  });
  ({ project, home: userHome } = made);
  home = userCoven({ ...made, env: { ...made.env, ...pointAtModel(made.home, model.url) } });
  leave = () =>
    home.close().finally(async () => {
      made.remove();
      await model.stop();
    });
  await home.coven("daemon", "start");
});
afterEach(() => (agents.bin === null ? undefined : leave()));
afterAll(() => {
  if (agents.bin !== null)
    console.log(
      "amp: not run, since it asks ampcode.com and takes no model of ours; its arguments alone are tested",
    );
});

/** The model was asked this by the person: the end of what it was told. */
async function asked(text: string): Promise<void> {
  await model.request(({ kind, prompt }) => kind !== "other" && prompt.trimEnd().endsWith(text), 120);
}

for (const [harness, known] of Object.entries(AGENTS)) {
  describe(`${harness} ${versionOf(harness)}`, () => suiteOf(harness, known));
}

function versionOf(harness: string): string {
  return Object.entries(OTHER_VERSIONS).find(([name]) => name === harness)?.[1] ?? "";
}

function suiteOf(harness: string, { shell, titles, ...rest }: (typeof AGENTS)[keyof typeof AGENTS]): void {
  const args = "args" in rest ? rest.args.map((one) => `--arg=${one}`) : [];

  real("off it is refused; on it is listed with its version, and answers one task on a pipe", async () => {
    const refused = await home.coven("run", harness, "say hi");
    expect([refused.code, refused.err]).toEqual([
      126,
      expect.stringContaining(`harnesses enable ${harness}`),
    ]);
    expect((await home.coven("harnesses", "enable", harness)).code).toBe(0);
    const listed: HarnessInfo[] = JSON.parse((await home.coven("harnesses", "--json")).out).harnesses;
    expect(listed.find(({ id }) => id === harness)).toMatchObject({
      ...{ enabled: true, available: true, maturity: "launched here", path: join(agents.bin ?? "", harness) },
      version: expect.stringContaining(versionOf(harness)),
    });
    // What a parser could take for its own, and what a shell would.
    const task = `-x "say" 'hi' $HOME & ;`;
    const run = await home.coven("run", harness, "--", task);
    expect(run.out).toContain(ANSWER);
    expect(run.code).toBe(0);
    await asked(task);
  });

  real("a task that fits no argument reaches it whole", async () => {
    await home.coven("harnesses", "enable", harness);
    trustForGemini();
    const long = `${"one line of a long log é 世界\n".repeat(6_000)}what went wrong?`;
    const { id } = await launch({ harness, prompt: long, launchMode: "nonInteractive" });
    await asked("what went wrong?");
    expect(model.requests.some(({ prompt }) => prompt.includes(long))).toBe(true);
    await until("it ends", async () => (await home.session(id)).status !== "running", 120_000);
    expect(await home.session(id)).toMatchObject({ status: "completed" });
  });

  real(
    "at a terminal: a question is seen and answered, a kill leaves nobody, and its conversation goes on",
    async () => {
      await home.coven("harnesses", "enable", harness);
      writeFileSync(
        join(userHome, ".gemini", "trustedFolders.json"),
        JSON.stringify({ [project]: "TRUST_FOLDER" }),
      );
      let calls = 0;
      model.answers(({ body, prompt }) => {
        const offers = JSON.stringify(body).includes(`"${shell}"`);
        if (!offers || calls > (titles ? 1 : 0) || !prompt.trimEnd().endsWith("make it"))
          return { text: ANSWER };
        calls += 1;
        const input = { command: "touch made.txt", description: "make a file", is_background: false };
        return { text: "I make it.", tool: { name: shell, input } };
      });
      const run = await home.coven("run", harness, "make it", "--detach", ...args);
      const id = run.out.trim();
      await home.session(id);
      await asked("make it");
      await shows(id, /allow|permission|run this command/i);
      expect(existsSync(join(project, "made.txt"))).toBe(false);
      if (titles) {
        await waits(id, "permission");
        expect((await home.coven("deny", id)).code).toBe(0);
        await waits(id, "idle");
        expect(existsSync(join(project, "made.txt"))).toBe(false);
        expect((await home.coven("send", id, "make it")).code).toBe(0);
        await waits(id, "permission");
        expect((await home.coven("approve", id)).code).toBe(0);
      } else {
        // It doesn't say that it asks, so nobody answers for a person.
        expect((await home.coven("approve", id)).code).not.toBe(0);
        expect((await home.coven("send", id, "--key", "enter")).code).toBe(0);
      }
      await until("the file is there", () => existsSync(join(project, "made.txt")), 60_000);
      await shows(id, new RegExp(ANSWER));
      if (titles) await waits(id, "idle");

      expect((await home.coven("kill", id)).code).toBe(0);
      expect(await home.session(id)).toMatchObject({ status: "killed" });
      expect(marked(id)).toEqual([]);
      const record: Session = await home.session(id);
      if (record.agent_session_id === null) return;
      const before = model.requests.length;
      const resumed = await home.coven("resume", id, "and now?", "--headless");
      expect(resumed.out).toContain(ANSWER);
      const turn = model.requests.slice(before).find(({ prompt }) => prompt.trimEnd().endsWith("and now?"));
      expect(JSON.stringify(turn?.body)).toContain("make it");
    },
  );
}

real("gemini asks for trust: a task that has to be typed waits, and trusts nothing", async () => {
  await home.coven("harnesses", "enable", "gemini");
  const prompt = `${"a line\n".repeat(25_000)}what is this?`;
  const { id } = await launch({ harness: "gemini", prompt, launchMode: "interactive" });
  await shows(id, /Do you trust the files in this folder/);
  // A paste, and the time in which an Enter would have followed it.
  await Bun.sleep(4_000);
  await shows(id, /Do you trust the files in this folder/);
  expect(existsSync(join(userHome, ".gemini", "trustedFolders.json"))).toBe(false);
  await home.api("POST", `/sessions/${id}/input`, { data: "\r" });
  await asked("what is this?");
  expect(model.requests.some((request) => request.prompt.includes(prompt))).toBe(true);
});

/** gemini asks for trust once for each folder; without it, it reads no task from standard input either. */
function trustForGemini(): void {
  writeFileSync(
    join(userHome, ".gemini", "trustedFolders.json"),
    JSON.stringify({ [project]: "TRUST_FOLDER" }),
  );
}

async function launch(members: object): Promise<Session> {
  const body = { projectRoot: project, env: home.env, inheritEnv: false, ...members };
  // The shape of the contract; test/contract holds it.
  const made = (await home.api("POST", "/sessions", body)) as Session;
  return home.session(made.id);
}

/** Its title says so. */
async function waits(id: string, kind: "permission" | "idle"): Promise<void> {
  await until(
    `it waits: ${kind}`,
    async () => {
      const { attention } = await home.session(id);
      return attention?.state === "waiting" && attention.kind === kind && attention.source === "title";
    },
    120_000,
  );
}

async function shows(id: string, what: RegExp): Promise<void> {
  let text = "";
  await until(
    String(what),
    async () => {
      const { lines } = (await home.api("GET", `/sessions/${id}/screen`)) as { lines: string[] };
      text = lines.join("\n");
      return what.test(text);
    },
    120_000,
  ).catch((error) => {
    throw new Error(`${error}; the screen:\n${text.trimEnd()}`);
  });
}
