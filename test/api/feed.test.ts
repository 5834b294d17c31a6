// Holds the feed over the real socket: each thing that happens to any session, once, in order; resumed by its cursor; gaps said.
import { afterAll, beforeAll, expect, test } from "bun:test";
import type { FeedFrame } from "../../src/api/routes/feed.ts";
import { startTestDaemon, type TestDaemon } from "../support/test-daemon.ts";
import { until } from "../support/until.ts";

let daemon: TestDaemon;
beforeAll(async () => {
  daemon = await startTestDaemon();
});
afterAll(() => daemon.close());

/** What comes on one connection, from when it is open. */
async function listen(cursor?: string) {
  const hangUp = new AbortController();
  const frames: FeedFrame[] = [];
  const open = Promise.withResolvers<void>();
  const ended = (async () => {
    try {
      for await (const frame of daemon.client.feed({ cursor, signal: hangUp.signal })) {
        frames.push(frame);
        open.resolve();
      }
    } catch (error) {
      if (!hangUp.signal.aborted) throw error;
    }
  })();
  if (cursor === undefined) await open.promise;
  return {
    frames,
    got: (count: number) => until(`${count} frames`, () => frames.length >= count && frames),
    async [Symbol.asyncDispose]() {
      hangUp.abort();
      await ended;
    },
  };
}

const brief = (frames: readonly FeedFrame[]) =>
  frames.map(({ type, session }) => `${type} ${session && "status" in session ? session.status : "-"}`);

test("a session's life, as it happens: launched, attention, settled, archived, summoned, sacrificed", async () => {
  await using feed = await listen();
  const { id } = await daemon.launch(
    `stty -echo; printf '\\033]7501;state=blocked:kind=question\\033\\\\'; read x`,
  );
  await feed.got(3);
  await daemon.client.input(id, "\n");
  await daemon.settled(id);
  await daemon.client.archive(id);
  await daemon.client.archive(id);
  await daemon.client.summon(id);
  await daemon.client.sacrifice(id);
  const frames = await feed.got(8);
  expect(brief(frames)).toEqual([
    "open -",
    "session.launched running",
    "session.attention running",
    "session.attention running",
    "session.settled completed",
    "session.archived completed",
    "session.summoned completed",
    "session.sacrificed -",
  ]);
  const states = frames.map(({ session }) =>
    session && "attention" in session ? session.attention?.state : null,
  );
  expect(states.slice(2, 4)).toEqual(["waiting", "unknown"]);
  expect(frames.at(-1)?.session).toEqual({ id });
  const cursors = frames.map(({ cursor }) => cursor);
  expect(new Set(cursors).size).toBe(cursors.length);
});

test("it goes on after a cursor: all that came since, nothing twice; of one that was sacrificed only that", async () => {
  const before = await listen();
  const { id } = await daemon.launch("exit 3");
  await daemon.settled(id);
  const [, launched] = await before.got(3);
  await before[Symbol.asyncDispose]();
  const gone = await daemon.launch("exit 0");
  await daemon.settled(gone.id);
  await daemon.client.sacrifice(gone.id);
  await using after = await listen(launched?.cursor ?? "");
  const frames = await after.got(2);
  expect(frames.map(({ type, session }) => [type, session?.id])).toEqual([
    ["session.settled", id],
    ["session.sacrificed", gone.id],
  ]);
});

test("a cursor from before what is kept, or of an entry that never was, is answered by a gap, and then it goes on from now", async () => {
  const { id } = daemon.finished(["x"]);
  daemon.ledger.announce({ type: "session.archived", sessionId: id }, new Date().toISOString());
  const { place, cursor } = daemon.ledger.feedEnd();
  const otherTime = `${place}.1`;
  const future = `${place + 1_000}.abc`;
  for (const lost of [otherTime, future]) {
    await using feed = await listen(lost);
    const [first] = await feed.got(1);
    expect([first?.type, first?.cursor]).toEqual(["gap", cursor]);
  }
  const now = new Date().toISOString();
  for (let i = 0; i < 10_200; i++) daemon.ledger.announce({ type: "session.summoned", sessionId: id }, now);
  // What is kept no more is gone from the file too.
  expect(daemon.ledger.feedAfter(0, 20_000).length).toBeWithin(10_000, 10_129);
  await using old = await listen(cursor);
  expect((await old.got(1))[0]?.type).toBe("gap");
  daemon.ledger.announce({ type: "session.archived", sessionId: id }, now);
  expect((await old.got(2))[1]?.type).toBe("session.archived");
  // What is kept comes whole, to a client that reads it all at once.
  const { place: end } = daemon.ledger.feedEnd();
  const entry = daemon.ledger.feedAfter(end - 5_001, 1)[0];
  await using whole = await listen(entry?.cursor ?? "");
  expect(await whole.got(5_000)).toHaveLength(5_000);
});

test("a cursor that is none is refused; the wire begins with a comment and says where it stands", async () => {
  const ask = (headers: Record<string, string>) =>
    fetch("http://coven/api/v1/feed", { unix: daemon.socket, headers });
  expect((await ask({ "last-event-id": "x" })).status).toBe(400);
  const answer = await ask({});
  expect(answer.headers.get("content-type")).toBe("text/event-stream");
  const reader = answer.body?.getReader();
  const first = new TextDecoder().decode((await reader?.read())?.value);
  expect(first).toMatch(/^: ok\n\n(id: \d+\.[0-9a-z]+\n\n)?$/);
  await reader?.cancel();
});
