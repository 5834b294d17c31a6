// Proof that codex and claude don't notice when the daemon is replaced under them: in the middle of a turn, at a question, and at rest.
import { afterEach, beforeEach, describe, expect, setDefaultTimeout } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { covenClient } from "../../src/api/client.ts";
import { posixPtyHost } from "../../src/pty/posix.ts";
import { restartInPlace } from "../support/in-place.ts";
import { type ModelServer, modelServer } from "../support/model-server.ts";
import { testUnless } from "../support/unless.ts";
import { until } from "../support/until.ts";
import { AGENT_VERSIONS, realAgents } from "./agents.ts";
import { ASKING } from "./asking.ts";
import { type AgentUser, agentUser } from "./settings.ts";
import { type UserCoven, userCoven } from "./user-coven.ts";

setDefaultTimeout(120_000);

const agents = realAgents();
const lack = posixPtyHost() ? undefined : "not Linux, or its C library is too old";
const real = testUnless(lack, agents.bin === null ? agents.reason : undefined);

const ANSWER = "The first half, and here is the second half of it: the very end.";

let model: ModelServer;
let user: AgentUser;
let home: UserCoven;
let client: ReturnType<typeof covenClient>;

beforeEach(async () => {
  if (agents.bin === null) return;
  model = modelServer();
  user = agentUser({
    cache: agents.cache,
    bin: agents.bin,
    modelUrl: model.url,
    env: { TERM: "xterm-256color" },
  });
  home = userCoven(user);
  await home.coven("daemon", "start");
  client = covenClient(join(home.env["COVEN_HOME"] ?? "", "coven.sock"));
});

afterEach(async () => {
  if (agents.bin === null) return;
  await home.close().finally(async () => {
    user.remove();
    await model.stop();
  });
});

const launch = async (harness: string, prompt: string, args: readonly string[] = []): Promise<string> => {
  const { id } = await client.launch({
    projectRoot: user.project,
    harness,
    prompt,
    launchMode: "interactive",
    env: { ...user.env },
    inheritEnv: false,
    cols: 100,
    rows: 30,
    args: [...args],
  });
  await home.session(id);
  return id;
};
const screen = async (id: string) => {
  const { asOfSeq: _, ...shown } = await client.screen(id, { picture: true });
  return shown;
};
const shows = (id: string, text: string | RegExp) =>
  until(
    `it shows ${text}`,
    async () => {
      const lines = (await screen(id)).lines.join("\n");
      return typeof text === "string" ? lines.includes(text) : text.test(lines);
    },
    40_000,
  );
const printedBytes = async (id: string) => Buffer.concat(await Array.fromAsync(client.output(id))).length;
/** Nothing has been printed for a second. */
async function atRest(id: string) {
  for (let before = -1; ; ) {
    const now = await printedBytes(id);
    if (now === before) return { bytes: now, shown: await screen(id) };
    before = now;
    await Bun.sleep(1_000);
  }
}
async function replaced(times: number): Promise<void> {
  for (let i = 0; i < times; i++) expect(await restartInPlace({ client })).toMatchObject({ refused: null });
}

/**
 * A restart at rest, in which the agent prints nothing, and the screen is the same in every cell and mode. An agent takes a hint away by its own clock now
 * and then; one that draws at every restart never passes.
 */
async function unnoticed(id: string): Promise<void> {
  for (let round = 0; round < 6; round++) {
    const before = await atRest(id);
    await replaced(1);
    const shown = await screen(id);
    if ((await printedBytes(id)) !== before.bytes) continue;
    expect(shown).toEqual(before.shown);
    expect(await atRest(id)).toEqual(before);
    return;
  }
  throw new Error("it has drawn at each of six restarts");
}

for (const harness of ["codex", "claude"] as const) {
  describe(`${harness} ${AGENT_VERSIONS[harness]}, and the daemon replaced under it`, () => {
    real(
      "in the middle of a turn: the rest of the answer comes, and at rest the screen stays as it is and nothing is drawn",
      async () => {
        const { promise: hold, resolve: release } = Promise.withResolvers<void>();
        model.answers(() => ({ text: ANSWER, deltas: 2, hold }));
        const id = await launch(harness, "say hi");
        const asked = await model.request(({ prompt }) => prompt.includes("say hi"));
        await shows(id, /esc to interrupt|first half/);
        const requests = model.requests.length;
        await replaced(3);
        await shows(id, /esc to interrupt|first half/);
        release();
        expect(await asked.answered).toBe(true);
        await shows(id, "the very end");
        await unnoticed(id);
        expect(
          model.requests
            .slice(requests)
            .some(({ prompt }) => prompt.includes("say hi") && prompt.length < 100),
        ).toBe(false);
        // And it listens as before.
        model.answers(() => ({ text: "heard you well", deltas: 2 }));
        await client.input(id, "one thing more", { submit: true });
        await model.request(({ prompt }) => prompt.includes("one thing more"));
        await shows(id, "heard you well");
        expect(await home.session(id)).toMatchObject({ status: "running" });
      },
    );

    real(
      "at its question for leave: it still asks, is approved, and the turn goes on to its end",
      async () => {
        const { args, tool, asks } = ASKING[harness];
        const file = join(user.project, "made.txt");
        let asked = false;
        model.answers((request) => {
          // Those that make titles have no tools.
          const turn = JSON.stringify(request.body).includes(`"${tool("").name}"`);
          if (!turn || asked) return { text: "It is made, said the model." };
          asked = true;
          return { text: "I make it.", tool: tool(`touch '${file}'`) };
        });
        const id = await launch(harness, "say hi", args);
        await shows(id, asks);
        const waits = async () => (await home.session(id)).attention;
        await until("it waits for leave", async () => (await waits())?.kind === "permission", 20_000);
        const before = await waits();
        await replaced(3);
        // The same question, by the same event.
        expect(await waits()).toEqual(before);
        await shows(id, asks);
        expect(existsSync(file)).toBe(false);
        await client.approve(id, { ifAttentionSeq: before?.seq ?? 0 });
        await shows(id, "said the model");
        expect(existsSync(file)).toBe(true);
        await until("it says that it is done", async () => (await waits())?.state === "done", 20_000);
        expect(await home.session(id)).toMatchObject({ status: "running" });
      },
    );
  });
}
