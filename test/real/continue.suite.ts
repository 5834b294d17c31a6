// Proof that the real codex and claude go on with what they know, in a new session: the model is sent the first turn with the second.
import { afterEach, beforeEach, describe, expect, setDefaultTimeout } from "bun:test";
import type { Session } from "../../src/session/session.ts";
import { type ModelServer, modelServer } from "../support/model-server.ts";
import { testUnless } from "../support/unless.ts";
import { until } from "../support/until.ts";
import { AGENT_VERSIONS, realAgents } from "./agents.ts";
import { type AgentUser, agentUser } from "./settings.ts";
import { type UserCoven, userCoven } from "./user-coven.ts";

setDefaultTimeout(90_000);

const agents = realAgents();
if (agents.bin === null) {
  const loud = `REAL AGENTS GOING ON: every test of this suite is SKIPPED, nothing here is proved.\n${agents.reason}`;
  console.error(`\n${"!".repeat(100)}\n${loud}\n${"!".repeat(100)}\n`);
}
const real = testUnless(agents.bin === null ? agents.reason : undefined);

const FIRST = "the first task is about larches";
const ANSWER = "larches lose their needles";
const SECOND = "and what about the firs";

let model: ModelServer;
let user: AgentUser;
let home: UserCoven;

beforeEach(async () => {
  if (agents.bin === null) return;
  model = modelServer();
  model.answers(() => ({ text: ANSWER }));
  user = agentUser({
    cache: agents.cache,
    bin: agents.bin,
    modelUrl: model.url,
    env: { TERM: "xterm-256color" },
  });
  home = userCoven(user);
  await home.coven("daemon", "start");
});

afterEach(async () => {
  if (agents.bin === null) return;
  await home.close().finally(async () => {
    user.remove();
    await model.stop();
  });
});

for (const harness of ["codex", "claude"] as const) {
  describe(`${harness} ${AGENT_VERSIONS[harness]} goes on`, () => suiteOf(harness));
}

function suiteOf(harness: "codex" | "claude"): void {
  real("one shot after one shot", async () => {
    const first = await recordOf("run", harness, FIRST, "--headless", "--json");
    expect(first.agent_session_id).toMatch(/^[0-9a-f-]{36}$/);
    const second = await recordOf("resume", first.id, SECOND, "--headless", "--json");
    await knows(first, second);
    await knows(second, await recordOf("run", "--continue", SECOND, "--json"));
  });

  real("one that was killed at its screen, as one shot and at its screen again", async () => {
    const first = await started("run", harness, FIRST);
    await until(
      "the first turn is over",
      async () => (await home.session(first)).attention?.state === "done",
      30_000,
    );
    expect((await home.coven("kill", first)).code).toBe(0);
    const killed = await home.session(first);
    expect(killed).toMatchObject({ status: "killed", agent_session_id: expect.any(String) });
    const second = await recordOf("resume", first, SECOND, "--headless", "--json");
    await knows(killed, second);

    const third = await started("resume", second.id, `${SECOND} and yews`);
    const asked = await model.request(({ prompt }) => prompt.includes("and yews"));
    for (const said of [FIRST, ANSWER, SECOND]) expect(JSON.stringify(asked.body)).toContain(said);
    await until(
      "the third turn is over",
      async () => (await home.session(third)).attention?.state === "done",
      30_000,
    );
    expect(await home.session(third)).toMatchObject({
      continues: second.id,
      launch_mode: "interactive",
      agent_session_id: killed.agent_session_id,
    });
    expect((await home.coven("kill", third)).code).toBe(0);
  });
}

async function recordOf(...words: string[]): Promise<Session> {
  const { code, out, err } = await home.coven(...words);
  if (code !== 0) throw new Error(`coven ${words.join(" ")}: ${code} ${err} ${out}`);
  return JSON.parse(out);
}

/** Starts it at a screen of its own; the session's id. */
async function started(...words: string[]): Promise<string> {
  const { id } = await recordOf(...words, "--detach", "--json");
  return id;
}

/** The second continues the first, and the model was sent both turns in one request. */
async function knows(first: Session, second: Session): Promise<void> {
  expect(second).toMatchObject({
    status: "completed",
    continues: first.id,
    agent_session_id: first.agent_session_id,
  });
  const asked = await model.request(
    ({ body }) => [FIRST, ANSWER, SECOND].every((said) => JSON.stringify(body).includes(said)),
    10,
  );
  expect(asked.prompt).toContain(SECOND);
}
