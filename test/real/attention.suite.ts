// Proof that it is seen and answered when the real codex and claude ask for leave: waiting, told once, approved or denied, done, the end.
import { afterEach, beforeEach, describe, expect, setDefaultTimeout } from "bun:test";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { covenClient } from "../../src/api/client.ts";
import { isCovenError } from "../../src/errors.ts";
import type { Attention } from "../../src/session/attention.ts";
import { type ModelServer, modelServer } from "../support/model-server.ts";
import { testUnless } from "../support/unless.ts";
import { until } from "../support/until.ts";
import { AGENT_VERSIONS, realAgents } from "./agents.ts";
import { ASKING } from "./asking.ts";
import { type AgentUser, agentUser } from "./settings.ts";
import { type UserCoven, userCoven } from "./user-coven.ts";

setDefaultTimeout(120_000);

const agents = realAgents();
const real = testUnless(agents.bin === null ? agents.reason : undefined);

/** From the question on its screen to the word that it waits. */
const MOST_MS = 300;

let model: ModelServer;
let user: AgentUser;
let home: UserCoven;
let client: ReturnType<typeof covenClient>;
let told: string;

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
  told = join(user.project, "..", "told");
  writeFileSync(
    `${told}.sh`,
    `#!/bin/sh\nprintf '%s %s\\n' "$COVEN_NOTIFY_EVENT" "$COVEN_NOTIFY_KIND" >>${told}\n`,
    { mode: 0o755 },
  );
  await home.coven("daemon", "start");
  await home.coven("config", "set", "notify.command", JSON.stringify([`${told}.sh`]));
  client = covenClient(join(home.env["COVEN_HOME"] ?? "", "coven.sock"));
});

afterEach(async () => {
  if (agents.bin === null) return;
  await home.close().finally(async () => {
    user.remove();
    await model.stop();
  });
});

/** Starts a turn in which the model wants to run a command that nobody has allowed. */
async function asking(harness: keyof typeof ASKING) {
  const { args, tool, asks } = ASKING[harness];
  const file = join(user.project, "made.txt");
  let asked = false;
  model.answers((request) => {
    // Those that make titles have no tools.
    const turn = JSON.stringify(request.body).includes(`"${tool("").name}"`);
    if (!turn || asked) return { text: "The turn is over, said the model." };
    asked = true;
    return { text: "I make it.", tool: tool(`touch '${file}'`) };
  });
  const { id } = await client.launch({
    projectRoot: user.project,
    harness,
    prompt: "make the file",
    launchMode: "interactive",
    env: { ...user.env },
    inheritEnv: false,
    cols: 100,
    rows: 30,
    args: [...args],
  });
  const waits = (after = -1): Promise<Attention> =>
    until(
      "it waits for leave",
      async () => {
        const { attention } = await client.session(id);
        return attention?.kind === "permission" && attention.seq > after ? attention : undefined;
      },
      40_000,
    );
  const becomes = (state: Attention["state"]) =>
    until(`it is ${state}`, async () => (await client.session(id)).attention?.state === state, 40_000);
  const shows = (text: string) =>
    until(`it shows ${text}`, async () => (await client.screen(id)).lines.join("\n").includes(text), 40_000);
  return { id, file, asks, waits, becomes, shows };
}

const events = () => (existsSync(told) ? readFileSync(told, "utf8").trim().split("\n") : []);

/** The states it went through, in order. */
async function states(id: string): Promise<string[]> {
  const { history } = await client.attention(id);
  return history.map(({ state }) => state).reverse();
}

for (const harness of ["codex", "claude"] as const) {
  describe(`${harness} ${AGENT_VERSIONS[harness]} asks for leave`, () => {
    real(
      "waiting at once, told once, approved by coven approve, then working, done, and the end",
      async () => {
        const { id, file, asks, waits, becomes, shows } = await asking(harness);
        await shows(asks);
        const question = await waits();
        // By the ledger's own times: the piece of output that shows the question, and the event that says so.
        const { events: all } = await client.sessionEvents(id);
        const drawn = all.find(
          ({ kind, payload_json }) =>
            kind === "output" && payload_json.includes(asks.split(" ").at(-1) ?? ""),
        );
        const lateMs = Date.parse(question.at) - Date.parse(drawn?.created_at ?? "");
        expect(Math.abs(lateMs)).toBeLessThan(MOST_MS);
        await until("it was told", () => events().includes("waiting permission"));
        expect(existsSync(file)).toBe(false);
        expect((await home.coven("approve", id.slice(0, 8))).out).toContain(`approved session ${id}`);
        await shows("said the model");
        expect(existsSync(file)).toBe(true);
        await becomes("done");
        expect(events().filter((one) => one === "waiting permission")).toHaveLength(1);
        const went = await states(id);
        expect(went.slice(went.lastIndexOf("waiting"))).toEqual(["waiting", "unknown", "working", "done"]);
        await client.input(id, ASKING[harness].quit, { submit: true });
        await until("it has ended", async () => (await client.session(id)).status === "completed", 20_000);
      },
    );

    real("denied by coven deny: nothing is run, and it asks no more", async () => {
      const { id, file, waits } = await asking(harness);
      const { seq } = await waits();
      expect((await home.coven("deny", id, "--reason", "not here")).out).toContain(`denied session ${id}`);
      await until("it asks no more", async () => {
        const { attention } = await client.session(id);
        return attention !== null && attention.seq > seq && attention.kind !== "permission";
      });
      expect(existsSync(file)).toBe(false);
    });

    real(
      "a person who types at the same time makes the approval stale, and nothing of it is typed",
      async () => {
        const { id, file, waits } = await asking(harness);
        const { seq } = await waits();
        await client.input(id, "\x1b[B");
        const refused = await client.approve(id, { ifAttentionSeq: seq }).catch((error: unknown) => error);
        expect(isCovenError(refused) && refused.code).toBe("stale_prompt");
        expect(existsSync(file)).toBe(false);
      },
    );
  });
}
