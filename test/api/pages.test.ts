// Holds the pages of events: cursors in both directions, limits, the size of a body, and what is malformed.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { EventsPage } from "../../src/api/routes/events.ts";
import type { Session } from "../../src/session/session.ts";
import { ask } from "../support/raw.ts";
import { startTestDaemon, type TestDaemon } from "../support/test-daemon.ts";

let daemon: TestDaemon;
/** Ten outputs and an exit. */
let ten: Session;
let seqs: number[];
beforeAll(async () => {
  daemon = await startTestDaemon();
  // Another session's events lie between, so that seqs are not 1..11.
  daemon.finished(["other"]);
  ten = daemon.finished(Array.from({ length: 10 }, (_, i) => `line ${i}\r\n`));
  seqs = (await page("")).events.map((event) => event.seq);
});
afterAll(() => daemon.close());

const get = (id: string, query: string) => ask(daemon.socket, `GET /api/v1/sessions/${id}/events?${query}`);
const page = async (query: string, id = ten.id): Promise<EventsPage> =>
  JSON.parse((await get(id, query)).body);
const shown = async (query: string) => (await page(query)).events.map((event) => seqs.indexOf(event.seq));

test("everything, oldest first, and a cursor that leads to an empty page", async () => {
  const all = await page("");
  expect(all.events.map((event) => event.kind)).toEqual([...Array(10).fill("output"), "exit"]);
  expect({ hasMore: all.hasMore, next: all.nextCursor }).toEqual({
    hasMore: false,
    next: { afterSeq: seqs[10] ?? 0 },
  });
  expect(await page(`afterSeq=${seqs[10]}`)).toEqual({ events: [], nextCursor: null, hasMore: false });
});

test("both paths give the same bytes", async () => {
  const one = await ask(daemon.socket, `GET /events?sessionId=${ten.id}&limit=3`);
  expect(one.body).toBe((await get(ten.id, "limit=3")).body);
});

test("hasMore is true only if more exists", async () => {
  expect((await page("limit=11")).hasMore).toBe(false);
  expect((await page("limit=10")).hasMore).toBe(true);
  expect((await page(`limit=1&afterSeq=${seqs[9]}`)).hasMore).toBe(false);
});

describe("where a page begins", () => {
  test("afterSeq, afterEventId, and the first beats the second", async () => {
    const [, second] = (await page("")).events;
    expect(await shown(`afterSeq=${seqs[8]}`)).toEqual([9, 10]);
    expect((await shown(`afterEventId=${second?.id}`))[0]).toBe(2);
    expect((await shown(`afterEventId=${second?.id}&afterSeq=${seqs[4]}`))[0]).toBe(5);
  });

  test("a negative seq, an unknown event and one of another session mean from the start", async () => {
    const foreign = daemon.finished(["x"]);
    const other = (await page("", foreign.id)).events[0]?.id;
    for (const query of [
      "afterSeq=-1",
      "afterSeq=0",
      "afterEventId=nothing",
      "afterEventId=",
      `afterEventId=${other}`,
    ]) {
      expect({ query, first: (await shown(query))[0] }).toEqual({ query, first: 0 });
    }
  });

  test("the greatest number a client has means after everything", async () => {
    for (const seq of ["9223372036854775807", "18446744073709551615"])
      expect(await shown(`afterSeq=${seq}`)).toEqual([]);
  });

  test("beforeSeq: the nearest before it, oldest first, and a cursor that leads back to the start", async () => {
    const last = await page(`beforeSeq=9007199254740991&limit=4`);
    expect(last.events.map((event) => seqs.indexOf(event.seq))).toEqual([7, 8, 9, 10]);
    expect(last.hasMore).toBe(true);
    expect(last.nextCursor).toEqual({ afterSeq: seqs[10] ?? 0 });
    const found: number[][] = [];
    for (let before = last.prevCursor?.beforeSeq; before !== undefined; ) {
      const older = await page(`beforeSeq=${before}&limit=4`);
      found.push(older.events.map((event) => seqs.indexOf(event.seq)));
      before = older.hasMore ? older.prevCursor?.beforeSeq : undefined;
    }
    expect(found).toEqual([
      [3, 4, 5, 6],
      [0, 1, 2],
    ]);
    const none = { events: [], nextCursor: null, hasMore: false, prevCursor: null };
    for (const seq of [seqs[0], 0, -5]) expect(await page(`beforeSeq=${seq}`)).toEqual(none);
  });
});

// With both cursors the first was ignored: a client that asked for what lies between them got what comes before it too,
// and its pages never ended.
describe("afterSeq and beforeSeq at once: the events between them, oldest first", () => {
  test("neither end is included, and a range with nothing in it is an empty page", async () => {
    expect(await shown(`afterSeq=${seqs[2]}&beforeSeq=${seqs[6]}`)).toEqual([3, 4, 5]);
    expect(await shown(`afterSeq=0&beforeSeq=${seqs[2]}`)).toEqual([0, 1]);
    const none = { events: [], nextCursor: null, hasMore: false };
    for (const [after, before] of [
      [seqs[4], seqs[5]],
      [seqs[4], seqs[4]],
      [seqs[6], seqs[2]],
      [seqs[10], 9_007_199_254_740_991],
      [0, -1],
    ]) {
      expect(await page(`afterSeq=${after}&beforeSeq=${before}`)).toEqual(none);
    }
  });

  test("they are paged from afterSeq on, and hasMore counts only what lies between", async () => {
    const found: number[][] = [];
    for (let after: number | undefined = seqs[1]; after !== undefined; ) {
      const { events, hasMore, nextCursor } = await page(`afterSeq=${after}&beforeSeq=${seqs[7]}&limit=2`);
      found.push(events.map((event) => seqs.indexOf(event.seq)));
      expect(nextCursor).toEqual({ afterSeq: events.at(-1)?.seq ?? 0 });
      after = hasMore ? nextCursor?.afterSeq : undefined;
    }
    expect(found).toEqual([[2, 3], [4, 5], [6]]);
    expect((await page(`afterSeq=${seqs[1]}&beforeSeq=${seqs[4]}&limit=2`)).hasMore).toBe(false);
  });

  test("the body's size ends a page between them as anywhere else", async () => {
    const big = daemon.finished(Array.from({ length: 200 }, () => "\x1b".repeat(16_384)));
    const { events } = await page("afterSeq=0&beforeSeq=9007199254740991", big.id);
    const [first, last] = [events[0]?.seq ?? 0, events.at(-1)?.seq ?? 0];
    const more = await page(`afterSeq=${first}&beforeSeq=${first + 150}`, big.id);
    expect(more.hasMore).toBe(true);
    expect(more.events[0]?.seq).toBe(first + 1);
    const rest = await page(`afterSeq=${last}&beforeSeq=${last + 3}`, big.id);
    expect(rest.events.map((event) => event.seq)).toEqual([last + 1, last + 2]);
    expect(rest.hasMore).toBe(false);
  });

  test("afterEventId is the same cursor by another name, also where it is unknown: from the start", async () => {
    const [, second] = (await page("")).events;
    expect(await shown(`afterEventId=${second?.id}&beforeSeq=${seqs[4]}`)).toEqual([2, 3]);
    expect(await shown(`afterEventId=nothing&beforeSeq=${seqs[2]}`)).toEqual([0, 1]);
    expect(await shown(`afterSeq=-1&beforeSeq=${seqs[2]}`)).toEqual([0, 1]);
  });
});

// All pages are written into one buffer, and a large one goes out in many pieces while the next is written.
test("pages asked for at once have each their own bytes", async () => {
  const sessions = ["a", "b", "c", "d"].map((letter) =>
    daemon.finished(Array.from({ length: 40 }, () => letter.repeat(16_384))),
  );
  const asked = [...sessions, ...sessions, ...sessions];
  const bodies = await Promise.all(
    asked.map((session, i) => get(session.id, i % 2 ? "beforeSeq=9999999" : "")),
  );
  for (const [i, { body }] of bodies.entries()) {
    const events: EventsPage["events"] = JSON.parse(body).events;
    expect(events.map((event) => event.session_id)).toEqual(Array(41).fill(asked[i]?.id ?? ""));
    const letters = new Set(events.slice(0, 40).map((event) => JSON.parse(event.payload_json).data));
    expect([...letters]).toEqual(["abcd".charAt(i % 4).repeat(16_384)]);
  }
});

test("limit is clamped to 1..1000", async () => {
  const many = daemon.finished(Array.from({ length: 1_005 }, () => "x"));
  const count = async (limit: string) => (await page(`limit=${limit}`, many.id)).events.length;
  expect(await Promise.all(["0", "-7", "1", "1000", "5000", "99999999999999999999"].map(count))).toEqual([
    1, 1, 1, 1_000, 1_000, 1_000,
  ]);
  expect((await page("", many.id)).events).toHaveLength(1_000);
});

describe("malformed parameters are named", () => {
  test.each([
    ["afterSeq=x", "afterSeq"],
    ["afterSeq=", "afterSeq"],
    ["afterSeq=1.5", "afterSeq"],
    ["afterSeq=1e3", "afterSeq"],
    ["afterSeq=0x1", "afterSeq"],
    ["afterSeq=%2B1", "afterSeq"],
    ["afterSeq=1&afterSeq=1", "afterSeq"],
    ["limit=", "limit"],
    ["limit=ten", "limit"],
    ["beforeSeq=null", "beforeSeq"],
  ])("%s", async (query, field) => {
    const answer = await get(ten.id, query);
    expect(answer.status).toBe(400);
    expect(JSON.parse(answer.body).error).toMatchObject({ code: "invalid_request", details: { field } });
  });

  test("a missing sessionId is 400, one that can be none is 404", async () => {
    for (const path of ["/events", "/events?sessionId=", "/events?afterSeq=1"]) {
      const { status, body } = await ask(daemon.socket, `GET ${path}`);
      expect({ status, field: JSON.parse(body).error.details.field }).toEqual({
        status: 400,
        field: "sessionId",
      });
    }
    for (const id of ["nobody", "a%20b", "..%2F.."]) {
      const { status, body } = await ask(daemon.socket, `GET /events?sessionId=${id}`);
      expect([status, JSON.parse(body).error.code]).toEqual([404, "session_not_found"]);
    }
  });
});

describe("the size of a body", () => {
  const LIMIT = 900_000;

  // Control characters are the worst case: six bytes each in payload_json, and a seventh for its own escape.
  test.each([
    ["plain", "a"],
    ["escaped twice", "\x1b"],
    ["three bytes of UTF-8", "€"],
  ])("no page passes 900,000 bytes, none is needlessly small, nothing is lost: %s", async (_, letter) => {
    const row = letter.repeat(16_384 / Buffer.byteLength(letter));
    const big = daemon.finished(Array.from({ length: 200 }, () => row));
    let text = "";
    let largestEvent = 0;
    for (let query = "afterSeq=0"; query !== ""; ) {
      const { body } = await get(big.id, query);
      const { events, hasMore, nextCursor }: EventsPage = JSON.parse(body);
      largestEvent = Math.max(largestEvent, Buffer.byteLength(JSON.stringify(events[0])));
      expect(Buffer.byteLength(body)).toBeLessThanOrEqual(LIMIT);
      if (hasMore) expect(Buffer.byteLength(body)).toBeGreaterThan(LIMIT - largestEvent - 200);
      for (const event of events) if (event.kind === "output") text += JSON.parse(event.payload_json).data;
      query = hasMore ? `afterSeq=${nextCursor?.afterSeq}` : "";
    }
    expect(text === row.repeat(200)).toBe(true);
  });

  test("an event too large for any page goes out alone, and the reader gets past it", async () => {
    const session = daemon.finished(["before"]);
    const large = { event: "large", text: "\x01".repeat(150_000) };
    daemon.ledger.append(
      session.id,
      [
        { kind: "metadata", payload: large },
        { kind: "metadata", payload: { event: "after" } },
      ],
      session.created_at,
    );
    const sizes: number[] = [];
    for (let query = "afterSeq=0"; query !== ""; ) {
      const { events, hasMore, nextCursor } = await page(query, session.id);
      sizes.push(events.length);
      query = hasMore ? `afterSeq=${nextCursor?.afterSeq}` : "";
    }
    expect(sizes).toEqual([2, 1, 1]);
  });

  test("the same backwards", async () => {
    const session = daemon.finished(Array.from({ length: 100 }, () => "\x1b".repeat(16_384)));
    let count = 0;
    for (let query = "beforeSeq=9007199254740991"; query !== ""; ) {
      const { body } = await get(session.id, query);
      expect(Buffer.byteLength(body)).toBeLessThanOrEqual(LIMIT);
      const { events, hasMore, prevCursor }: EventsPage = JSON.parse(body);
      expect(events.map((event) => event.seq)).toEqual(
        events.map((event) => event.seq).toSorted((a, b) => a - b),
      );
      count += events.length;
      query = hasMore ? `beforeSeq=${prevCursor?.beforeSeq}` : "";
    }
    expect(count).toBe(101);
  });
});
