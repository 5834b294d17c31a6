// Holds `attention` of a live session over the real socket and terminal: state, proof, history, and that it ends with the session.
import { afterAll, beforeAll, expect, test } from "bun:test";
import type { Attention } from "../../src/session/attention.ts";
import { startTestDaemon, type TestDaemon } from "../support/test-daemon.ts";
import { until } from "../support/until.ts";

let daemon: TestDaemon;
beforeAll(async () => {
  daemon = await startTestDaemon();
});
afterAll(() => daemon.close());

const osc = (payload: string) => `printf '\\033]${payload}\\033\\\\'`;

/** Its attention once it is in this state. */
function becomes(id: string, state: Attention["state"], after = -1): Promise<Attention> {
  return until(`${id} is ${state}`, () => {
    const { attention } = daemon.coven.session(id);
    return attention?.state === state && attention.seq > after ? attention : undefined;
  });
}

async function said(id: string): Promise<unknown[]> {
  const { events } = await daemon.client.events(id);
  return events
    .filter(({ kind, payload_json }) => kind === "metadata" && payload_json.includes('"attention"'))
    .map(({ payload_json }) => JSON.parse(payload_json));
}

test("a session that asks is waiting, with what for, its words, and the event that says so; a keystroke makes it stale; the end ends it", async () => {
  const ask = osc(`7501;state=blocked:kind=permission:app=x:msg=${btoa("Run rm?")}`);
  expect((await daemon.client.health()).capabilities).toMatchObject({ attention: true });
  const { id, attention: first } = await daemon.launch(
    `stty -echo; ${osc("7501;state=working:app=x")}; read go; ${ask}; read answer; echo got $answer; ${osc("7501;state=done")}; read x`,
  );
  expect(first).toMatchObject({ state: "unknown", kind: null, message: null });
  await becomes(id, "working");
  await daemon.client.input(id, "\n");
  const asked = await becomes(id, "waiting");
  expect(asked).toMatchObject({ kind: "permission", message: "Run rm?", source: "osc7501" });
  const [proof] = (await daemon.client.events(id, { afterSeq: asked.seq - 1, limit: 1 })).events;
  expect([proof?.seq, proof?.kind, proof?.created_at]).toEqual([asked.seq, "metadata", asked.at]);
  // In the list, in a page and on its own.
  const listed = (await daemon.client.sessions()).find((one) => one.id === id);
  const paged = (await daemon.client.sessions({ limit: 1 })).sessions[0];
  expect([listed?.attention, paged?.attention]).toEqual([asked, asked]);
  await daemon.client.input(id, "y");
  expect((await becomes(id, "unknown")).source).toBe("input");
  await daemon.client.input(id, "\n");
  await becomes(id, "done");
  await daemon.client.input(id, "\n");
  expect((await daemon.settled(id)).attention).toBeNull();
  const word = (state: string, more = {}) => ({
    event: "attention",
    state,
    kind: null,
    message: null,
    source: "osc7501",
    ...more,
  });
  expect(await said(id)).toEqual([
    word("working"),
    word("waiting", { kind: "permission", message: "Run rm?" }),
    word("unknown", { source: "input" }),
    word("done"),
  ]);
});

test("a bell among text, also where nobody has ever looked at the screen; one that ends a title is none", async () => {
  const { id } = await daemon.launch("printf '\\033]0;a title\\007'; read x; printf 'plain\\a text'; read x");
  await until("the title is shown", () => daemon.coven.screen(id).title === "a title");
  expect(daemon.coven.session(id).attention?.state).toBe("unknown");
  await daemon.client.input(id, "\n");
  expect((await becomes(id, "waiting")).source).toBe("bell");
  await daemon.client.kill(id);
  await daemon.settled(id);
});

test("a program that says a thousand things a second is recorded by what it came to, and holds nobody up", async () => {
  const { id } = await daemon.launch(
    `i=0; while [ $i -lt 3000 ]; do ${osc("7501;state=working")}; ${osc("7501;state=blocked")}; i=$((i+1)); done; ${osc("7501;state=done")}; read x`,
  );
  await becomes(id, "done");
  const states = (await said(id)) as { state: string }[];
  expect(states.at(-1)?.state).toBe("done");
  await daemon.client.kill(id);
  await daemon.settled(id);
});
