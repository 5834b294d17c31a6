// Holds typing what was meant over the real socket and terminal: only for the question that was seen, once, with a receipt.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { isCovenError } from "../../src/errors.ts";
import type { Attention } from "../../src/session/attention.ts";
import { startTestDaemon, type TestDaemon } from "../support/test-daemon.ts";
import { until } from "../support/until.ts";

let daemon: TestDaemon;
beforeAll(async () => {
  daemon = await startTestDaemon();
});
afterAll(() => daemon.close());

const osc = (payload: string) => `printf '\\033]${payload}\\033\\\\'`;

function waiting(id: string, after = -1): Promise<Attention> {
  return until(`${id} waits`, () => {
    const { attention } = daemon.coven.session(id);
    return attention?.state === "waiting" && attention.seq > after ? attention : undefined;
  });
}

async function refused(work: Promise<unknown>): Promise<{ code: string; details: unknown }> {
  try {
    await work;
  } catch (error) {
    if (isCovenError(error)) return { code: error.code, details: error.details };
    throw error;
  }
  throw new Error("it was taken");
}

/** Asks so many times and prints what it was answered. */
const asking = (times: number) =>
  `stty -echo; i=0; while [ $i -lt ${times} ]; do ${osc("7501;state=blocked:kind=permission")}; read a; ${osc("7501;state=working")}; echo "answer $i: $a"; i=$((i+1)); done`;

test("typed only while it waits with that question; a second answer to the same one is refused, and nothing of it arrives", async () => {
  const { id } = await daemon.launch(asking(2));
  const first = await waiting(id);
  const { seq } = await daemon.client.input(id, "y\n", { ifAttentionSeq: first.seq });
  expect(seq).toBeGreaterThanOrEqual(first.seq);
  expect(await refused(daemon.client.input(id, "twice\n", { ifAttentionSeq: first.seq }))).toMatchObject({
    code: "stale_prompt",
    details: { sessionId: id, attention: expect.any(Object) },
  });
  const second = await waiting(id, first.seq);
  expect((await refused(daemon.client.input(id, "late\n", { ifAttentionSeq: first.seq }))).code).toBe(
    "stale_prompt",
  );
  await daemon.client.input(id, "n\n", { ifAttentionSeq: second.seq });
  await daemon.settled(id);
  const { events } = await daemon.client.events(id, { afterSeq: seq });
  const text = events
    .filter(({ kind }) => kind === "output")
    .map(({ payload_json }) => JSON.parse(payload_json).data);
  expect(text.join("").replaceAll(/\x1b\][^\x1b]*\x1b\\/g, "")).toBe("answer 0: y\r\nanswer 1: n\r\n");
});

test("a person who types first makes the answer of a program stale, also while a text is on its way", async () => {
  const { id } = await daemon.launch(asking(2));
  const { seq } = await waiting(id);
  await daemon.client.input(id, "ye", { submit: true });
  expect((await refused(daemon.client.input(id, "no\n", { ifAttentionSeq: seq }))).code).toBe("stale_prompt");
  const next = await waiting(id, seq);
  await daemon.client.input(id, "\n", { ifAttentionSeq: next.seq });
  await daemon.settled(id);
});

test("the same key types once, and is answered the same", async () => {
  const { id } = await daemon.launch("stty -echo; echo ready; read a; echo $a; read b; echo $b");
  await until("it reads", () => daemon.coven.screen(id).lines[0] === "ready");
  const post = (key: string, data: string) =>
    fetch(`http://coven/api/v1/sessions/${id}/input`, {
      unix: daemon.socket,
      method: "POST",
      headers: { "content-type": "application/json", "idempotency-key": key },
      body: JSON.stringify({ data }),
    });
  const answers = [await post("k", "one\n"), await post("k", "one\n")];
  expect(answers.map(({ status }) => status)).toEqual([202, 200]);
  const [first, again] = await Promise.all(answers.map((answer) => answer.json()));
  expect(again).toEqual(first);
  expect((await post("k2", "two\n")).status).toBe(202);
  await daemon.settled(id);
  expect(daemon.coven.screen(id).lines.filter((line) => line !== "")).toEqual(["ready", "one", "two"]);
});

test("approve and deny type what the harness takes, if it asks for leave; the demo does", async () => {
  const { id } = await daemon.launch("ask 2", { harness: "demo", launchMode: "interactive" });
  const question = await waiting(id);
  expect(question).toMatchObject({ kind: "question", source: "osc7501" });
  expect((await refused(daemon.client.approve(id))).code).toBe("not_waiting");
  await daemon.client.input(id, "\n");
  const first = await waiting(id, question.seq);
  expect(first).toMatchObject({ kind: "permission", message: "Run rm -r build-1?" });
  expect((await refused(daemon.client.approve(id, { ifAttentionSeq: first.seq - 1 }))).code).toBe(
    "stale_prompt",
  );
  const { seq } = await daemon.client.approve(id, { ifAttentionSeq: first.seq });
  const second = await waiting(id, first.seq);
  await daemon.client.deny(id, { reason: "not that one" });
  await daemon.settled(id);
  const shown = daemon.coven.screen(id).lines.join("\n");
  expect(shown).toContain("Allowed: rm -r build-1");
  expect(shown).toContain("Refused: rm -r build-2");
  const { events } = await daemon.client.events(id);
  const said = events
    .filter(({ payload_json }) => payload_json.includes('"answered"'))
    .map(({ payload_json }) => JSON.parse(payload_json));
  expect(said).toEqual([
    { event: "answered", answer: "approve", attentionSeq: first.seq, reason: null },
    { event: "answered", answer: "deny", attentionSeq: second.seq, reason: "not that one" },
  ]);
  expect(seq).toBeGreaterThan(first.seq);
  expect((await refused(daemon.client.approve(id))).code).toBe("session_not_live");
});

test("nobody guesses the keys of a harness that has said none, nor answers a bell", async () => {
  await Bun.write(
    `${daemon.dir}/harnesses/mute.json`,
    JSON.stringify({
      id: "mute",
      label: "Mute",
      executable: "sh",
      interactive: ["-c", "{prompt}"],
      nonInteractive: ["-c", "{prompt}"],
    }),
  );
  const { id } = await daemon.launch("printf '\\a'; read x", { harness: "mute" });
  await waiting(id);
  expect(await refused(daemon.client.approve(id))).toMatchObject({
    code: "not_supported",
    details: { sessionId: id, harness: "mute" },
  });
  await daemon.client.kill(id);
  await daemon.settled(id);
});
