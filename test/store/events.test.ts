// Proof that what was appended comes back: exact bytes, exact text, in order, by number and by id.
import { afterEach, describe, expect, test } from "bun:test";
import { EVENT_KINDS, MAX_OUTPUT_EVENT_BYTES, type NewEvent } from "../../src/session/event.ts";
import { blankPicture } from "../../src/vt/picture.ts";
import { AT, cleanUp, eventsOf, newLedger, newPath, newSession, output } from "./fixture.ts";

afterEach(cleanUp);

const UUID_V4 = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

function joined(rows: readonly { data: Uint8Array }[]): Uint8Array {
  return new Uint8Array(Buffer.concat(rows.map((r) => r.data)));
}

describe("events", () => {
  test("of every kind come back in order, as on the wire", () => {
    const ledger = newLedger();
    const id = newSession(ledger);
    const events: NewEvent[] = [
      output('hi \u001b[1m\u0000\u007f"\\\r\n 🦇'),
      { kind: "input", payload: { data: "y\r" } },
      { kind: "resize", payload: { cols: 80, rows: 24 } },
      { kind: "metadata", payload: { event: "orphaned", nested: { a: [1, null] } } },
      { kind: "kill", payload: { status: "killed" } },
      { kind: "exit", payload: { exitCode: null, status: "killed", signal: "SIGTERM" } },
    ];
    expect(new Set(events.map((e) => e.kind))).toEqual(new Set(EVENT_KINDS));
    const last = ledger.append(id, events, "2026-11-21T10:00:02.007Z");
    const read = eventsOf(ledger, id);
    expect(last).toBe(6);
    expect(read.map((e) => e.seq)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(read.map((e) => e.kind)).toEqual(events.map((e) => e.kind));
    expect(read.map((e) => e.payload_json)).toEqual(
      events.map((e) =>
        JSON.stringify(e.kind === "output" ? { data: new TextDecoder().decode(e.data) } : e.payload),
      ),
    );
    for (const event of read) {
      expect(event.session_id).toBe(id);
      expect(event.created_at).toBe("2026-11-21T10:00:02.007Z");
      expect(event.id).toMatch(UUID_V4);
      expect(Object.keys(event)).toEqual(["seq", "id", "session_id", "kind", "payload_json", "created_at"]);
    }
    expect(ledger.lastSeq(id)).toBe(6);
  });

  test("a clock that went back before the session was made is kept as it was", () => {
    const ledger = newLedger();
    const id = newSession(ledger);
    ledger.append(id, [output("x")], "2026-11-21T09:59:59.999Z");
    expect(eventsOf(ledger, id)[0]?.created_at).toBe("2026-11-21T09:59:59.999Z");
  });

  test("one counter over all sessions; each sees its own", () => {
    const ledger = newLedger();
    const [a, b] = [newSession(ledger), newSession(ledger)];
    const seqs = Array.from({ length: 10 }, (_, i) => ledger.append(i % 2 ? b : a, [output(`${i}`)], AT));
    expect(seqs).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    expect(eventsOf(ledger, a).map((e) => e.seq)).toEqual([1, 3, 5, 7, 9]);
    expect(eventsOf(ledger, b).map((e) => e.seq)).toEqual([2, 4, 6, 8, 10]);
    expect([ledger.lastSeq(a), ledger.lastSeq(b), ledger.lastSeq("nobody")]).toEqual([9, 10, 0]);
    expect(ledger.lastSeq(newSession(ledger))).toBe(0);
    expect(eventsOf(ledger, "nobody")).toEqual([]);
    expect(ledger.append(a, [], AT)).toBe(9);
  });

  test("afterSeq goes forward, beforeSeq goes back, both give what lies between, limit holds, across batches", () => {
    const ledger = newLedger();
    const [id, other] = [newSession(ledger), newSession(ledger)];
    for (let i = 0; i < 300; i++) ledger.append(i % 3 === 2 ? other : id, [output("x")], AT);
    const all = eventsOf(ledger, id).map((e) => e.seq);
    expect(all.length).toBe(200);
    for (const limit of [1, 63, 64, 65, 127, 128, 129, 199, 200, 201]) {
      expect(eventsOf(ledger, id, { limit }).map((e) => e.seq)).toEqual(all.slice(0, limit));
      expect(eventsOf(ledger, id, { afterSeq: 100, limit }).map((e) => e.seq)).toEqual(
        all.filter((s) => s > 100).slice(0, limit),
      );
      expect(eventsOf(ledger, id, { beforeSeq: 100, limit }).map((e) => e.seq)).toEqual(
        all
          .filter((s) => s < 100)
          .reverse()
          .slice(0, limit),
      );
      expect(eventsOf(ledger, id, { afterSeq: 7, beforeSeq: 250, limit }).map((e) => e.seq)).toEqual(
        all.filter((s) => s > 7 && s < 250).slice(0, limit),
      );
    }
    expect(eventsOf(ledger, id, { limit: 0 })).toEqual([]);
    expect(eventsOf(ledger, id, { afterSeq: 299 })).toEqual([]);
    expect(eventsOf(ledger, id, { beforeSeq: 1 })).toEqual([]);
  });

  test("leaving early, reading twice at once and appending in between disturb nobody", () => {
    // bun:sqlite hands out one cursor per cached statement: an iterator over it dies with "This iterator was
    // invalidated" when the same query is begun again, and an abandoned one keeps its read lock.
    const ledger = newLedger();
    const id = newSession(ledger);
    for (let i = 0; i < 150; i++) ledger.append(id, [output(`${i}`)], AT);
    for (const event of ledger.events({ sessionId: id, limit: 1000 })) if (event.seq === 3) break;
    const left = ledger.events({ sessionId: id, limit: 1000 })[Symbol.iterator]();
    const right = ledger.events({ sessionId: id, limit: 1000 })[Symbol.iterator]();
    const seen: [number[], number[]] = [[], []];
    for (let i = 0; i < 151; i++) {
      const [a, b] = [left.next(), right.next()];
      if (!a.done) seen[0].push(a.value.seq);
      if (!b.done) seen[1].push(b.value.seq);
      if (i === 10) ledger.append(id, [output("late")], AT);
    }
    const expected = Array.from({ length: 151 }, (_, i) => i + 1);
    expect(seen).toEqual([expected, expected]);
    expect(ledger.sacrifice(id)).toBe(151);
  });
});

describe("output", () => {
  test("invalid UTF-8 comes back byte for byte, and as text with replacement characters", () => {
    const ledger = newLedger();
    const id = newSession(ledger);
    const every = Uint8Array.from({ length: 256 }, (_, i) => i);
    ledger.append(id, [output(every), output(Uint8Array.of(0xf0, 0x9f)), output(new Uint8Array(0))], AT);
    expect(joined(ledger.output(id, 0, 1 << 20))).toEqual(new Uint8Array([...every, 0xf0, 0x9f]));
    expect(eventsOf(ledger, id).map((e) => JSON.parse(e.payload_json).data)).toEqual([
      new TextDecoder().decode(every),
      "\ufffd",
      "",
    ]);
  });

  test("a byte order mark is output like any other", () => {
    const ledger = newLedger();
    const id = newSession(ledger);
    ledger.append(id, [output("\ufeffa\ufeff")], AT);
    expect(eventsOf(ledger, id)[0]?.payload_json).toBe('{"data":"\ufeffa\ufeff"}');
    expect(joined(ledger.output(id, 0, 100))).toEqual(new TextEncoder().encode("\ufeffa\ufeff"));
  });

  test("the buffer is free again when append returns", () => {
    const ledger = newLedger();
    const id = newSession(ledger);
    const buffer = new TextEncoder().encode("..kept..");
    ledger.append(id, [output(buffer.subarray(2, 6))], AT);
    buffer.fill(0);
    expect(joined(ledger.output(id, 0, 100))).toEqual(new TextEncoder().encode("kept"));
  });

  test("16 KiB rows, whole rows up to maxBytes, at least one", () => {
    const ledger = newLedger();
    const id = newSession(ledger);
    const rows = Array.from({ length: 150 }, () =>
      crypto.getRandomValues(new Uint8Array(MAX_OUTPUT_EVENT_BYTES)),
    );
    for (const row of rows) ledger.append(id, [output(row)], AT);
    ledger.append(id, [{ kind: "resize", payload: { cols: 1, rows: 1 } }, output("end")], AT);
    const wanted = [...rows, new TextEncoder().encode("end")];
    for (const max of [1, 16384, 16385, 50_000, 64 * 16384, 70 * 16384, 1 << 24]) {
      let after = 0;
      const parts: Uint8Array[] = [];
      for (let page = ledger.output(id, 0, max); page.length > 0; page = ledger.output(id, after, max)) {
        const bytes = page.reduce((sum, row) => sum + row.data.length, 0);
        expect(page.length === 1 || bytes <= max).toBe(true);
        parts.push(...page.map((row) => row.data));
        after = page.at(-1)?.seq ?? after;
      }
      expect(parts.length).toBe(151);
      expect(Buffer.concat(parts).equals(Buffer.concat(wanted))).toBe(true);
    }
    expect(ledger.output(id, ledger.lastSeq(id), 100)).toEqual([]);
    expect(ledger.output("nobody", 0, 100)).toEqual([]);
  });
});

describe("event ids", () => {
  test("name one event of one session, in this ledger, for ever", () => {
    const path = newPath();
    const ledger = newLedger(path);
    const [a, b] = [newSession(ledger), newSession(ledger)];
    for (let i = 0; i < 20; i++) ledger.append(i % 2 ? b : a, [output("x")], AT);
    const events = eventsOf(ledger, a);
    expect(new Set(events.map((e) => e.id)).size).toBe(10);
    for (const event of events) {
      expect(ledger.seqOf(a, event.id)).toBe(event.seq);
      expect(ledger.seqOf(a, event.id.toUpperCase())).toBe(event.seq);
      expect(ledger.seqOf(b, event.id)).toBeUndefined();
    }
    ledger.close();
    expect(eventsOf(newLedger(path), a)).toEqual(events);
  });

  test("an id that is none of ours is nothing", () => {
    const ledger = newLedger();
    const id = newSession(ledger);
    ledger.append(id, [output("x")], AT);
    const own = eventsOf(ledger, id)[0]?.id ?? "";
    const other = newLedger();
    const theirs = newSession(other);
    other.append(theirs, [output("x")], AT);
    const foreign = eventsOf(other, theirs)[0]?.id ?? "";
    expect(foreign).not.toBe(own);
    const strange = [
      "",
      "x",
      own.slice(0, -1),
      `${own}0`,
      `${own.slice(0, -1)}2`,
      own.slice(1),
      foreign,
      `${own.slice(0, -1)}g`,
    ];
    for (const text of strange) expect(ledger.seqOf(id, text)).toBeUndefined();
  });
});

test("the last screen comes back and the newest save wins", () => {
  const ledger = newLedger();
  const id = newSession(ledger);
  const screen = {
    asOfSeq: 7,
    cols: 120,
    rows: 40,
    cursor: { x: 1, y: 2 },
    title: "t 🦇",
    alternate: true,
    lines: ["a", ""],
    picture: { ...blankPicture(80, 24), title: "\u001b[2J\u0000é" },
  };
  expect(ledger.screen(id)).toBeUndefined();
  ledger.saveScreen(id, { ...screen, asOfSeq: 1 });
  ledger.saveScreen(id, screen);
  expect(ledger.screen(id)).toEqual(screen);
  expect(ledger.screen("nobody")).toBeUndefined();
});
