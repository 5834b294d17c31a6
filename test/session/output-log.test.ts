// Holds how output goes from the terminal to the ledger and to those who follow: real ledger, real loop.
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { realWorld } from "../../src/daemon/world.ts";
import { CovenError } from "../../src/errors.ts";
import type { OutputRow } from "../../src/session/event.ts";
import { OutputLog } from "../../src/session/output-log.ts";
import type { Ledger } from "../../src/session/ports/ledger.ts";
import type { World } from "../../src/session/ports/world.ts";
import { cleanUp, newLedger, newSession } from "../store/fixture.ts";

let ledger: Ledger;
let id: string;
let log: OutputLog;
/** What became visible, piece by piece. */
let shown: OutputRow[][];

beforeEach(() => {
  ledger = newLedger();
  id = newSession(ledger);
  shown = [];
  const silent = { info: () => {}, warn: () => {}, error: () => {} };
  log = new OutputLog(id, {
    ledger,
    world: realWorld,
    log: silent,
    kept: (rows) => void shown.push([...rows]),
    lost: () => {},
  });
});
afterEach(cleanUp);

const utf8 = (text: string) => new TextEncoder().encode(text);
const text = (rows: readonly OutputRow[]) => Buffer.concat(rows.map(({ data }) => data)).toString();
const kept = () => ledger.output(id, 0, 1e9);
const seqs = (after: number, most = 1e9) => log.after(after, most).map(({ seq }) => seq);
/** Everything that was planned for this turn of the loop has been done. */
const nextTurn = () => new Promise<void>((go) => realWorld.soon(() => realWorld.soon(go)));

test("what arrives in one turn of the loop is one row, and nobody sees it before the ledger has it", async () => {
  for (const piece of ["one ", "two ", "three"]) expect(log.push(utf8(piece))).toBeUndefined();
  expect(kept()).toEqual([]);
  expect(shown).toEqual([]);
  await nextTurn();
  expect(kept().map(({ data }) => data.length)).toEqual([13]);
  expect(text(shown.flat())).toBe("one two three");
});

test("an unfinished character waits for its rest, however it comes in pieces", async () => {
  for (const byte of utf8("a€😀z")) {
    log.push(Uint8Array.of(byte));
    await nextTurn();
  }
  expect(kept().map(({ data }) => Buffer.from(data).toString())).toEqual(["a", "€", "😀", "z"]);
});

test("an unfinished character at the end is part of what waits", async () => {
  log.push(Uint8Array.of(0x61, 0xe2, 0x82));
  await nextTurn();
  expect(text(kept())).toBe("a");
  expect([...log.waiting]).toEqual([0xe2, 0x82]);
  log.clear();
  expect(log.waiting).toHaveLength(0);
});

test("another event comes behind what was printed before it", () => {
  log.push(utf8("before"));
  log.append({ kind: "resize", payload: { cols: 90, rows: 30 } });
  log.push(utf8("after"));
  log.flush();
  expect(Array.from(ledger.events({ sessionId: id, limit: 9 }), ({ kind }) => kind)).toEqual([
    "output",
    "resize",
    "output",
  ]);
  expect(log.lastSeq).toBe(ledger.lastSeq(id));
});

test("a flood is written before the turn is over, in rows of at most 16 KiB, byte for byte", () => {
  const flood = crypto.getRandomValues(new Uint8Array(65_536));
  for (let i = 0; i < 16; i++) log.push(flood);
  log.flush();
  const rows = kept();
  expect(shown.length).toBeGreaterThan(3);
  expect(Math.max(...rows.map(({ data }) => data.length))).toBeLessThanOrEqual(16_384);
  const all = Buffer.concat([...rows.map(({ data }) => data), log.waiting]);
  expect(all.equals(Buffer.concat(Array(16).fill(flood)))).toBe(true);
});

describe("those who follow are given what they would have read", () => {
  /** Another session's events: seqs are the whole ledger's. */
  const elsewhere = () => {
    ledger.append(newSession(ledger), [{ kind: "output", data: utf8("elsewhere") }], realWorld.now());
  };
  const print = (bytes: Uint8Array): number => {
    log.push(bytes);
    log.flush();
    return log.lastSeq;
  };

  test("while it is new and later, from any seq", async () => {
    expect(log.after(0, 100)).toEqual([]);
    const first = print(utf8("one"));
    elsewhere();
    const second = print(utf8("two"));
    log.append({ kind: "resize", payload: { cols: 90, rows: 30 } });
    elsewhere();
    const third = print(utf8("three"));
    for (const when of ["in this turn", "in a later one"]) {
      expect([when, ...seqs(0)]).toEqual([when, first, second, third]);
      expect([when, ...seqs(first)]).toEqual([when, second, third]);
      expect([when, ...seqs(second + 1)]).toEqual([when, third]);
      expect([when, ...seqs(third)]).toEqual([when]);
      expect(log.after(0, 1e9)).toEqual(kept().map(({ seq, data }) => ({ seq, data })));
      await nextTurn();
    }
  });

  test("as much as was asked for, whole rows, one at least", async () => {
    const [first, second, third] = [print(utf8("0123456789")), print(utf8("abc")), print(utf8("xyz"))];
    for (const _ of ["in this turn", "in a later one"]) {
      expect(seqs(0, 13)).toEqual([first, second]);
      expect(seqs(0, 12)).toEqual([first]);
      expect(seqs(0, 1)).toEqual([first]);
      expect(seqs(first, 100)).toEqual([second, third]);
      await nextTurn();
    }
  });

  test("more than memory keeps is read back, and no row is passed over", () => {
    const noise = crypto.getRandomValues(new Uint8Array(300_000)).map((byte) => byte & 0x7f);
    for (let i = 0; i < 10; i++) print(noise);
    expect(log.after(0, 1e9).map(({ data }) => data.length)).toEqual(kept().map(({ data }) => data.length));
    const middle = kept()[100]?.seq ?? 0;
    expect(seqs(middle)).toEqual(
      kept()
        .slice(101)
        .map(({ seq }) => seq),
    );
  });

  test("rows of this turn are not read back", () => {
    const before = log.lastSeq;
    print(utf8("only once"));
    ledger.close();
    expect(text(log.after(before, 1e9))).toBe("only once");
  });
});

test("a ledger that takes nothing: all of it waits, the terminal is held, and it goes on with the first that is taken", async () => {
  const full = newLedger(undefined, { maxPages: 40 });
  const other = newSession(full);
  const session = newSession(full);
  const filled = () => {
    for (let i = 0; i < 10_000; i++) {
      full.append(other, [{ kind: "output", data: new Uint8Array(64) }], realWorld.now());
    }
  };
  expect(filled).toThrow("disk is full");
  const waits = Promise.withResolvers<void>();
  const logged = { info: () => {}, warn: () => {}, error: () => waits.resolve() };
  const into = new OutputLog(session, {
    ledger: full,
    world: realWorld,
    log: logged,
    kept: () => {},
    lost: () => {},
  });
  into.push(utf8("a".repeat(50_000)));
  await waits.promise;
  const room = into.push(utf8("€"));
  expect(room).toBeInstanceOf(Promise);
  expect(full.output(session, 0, 1e9)).toEqual([]);
  full.sacrifice(other);
  await room;
  expect(text(full.output(session, 0, 1e9))).toBe(`${"a".repeat(50_000)}€`);
});

test("a refusal that lasts is said ever more seldom: the log may lie on the same disk", async () => {
  const tries: (() => void)[] = [];
  const after: World["after"] = (_, run) => {
    tries.push(run);
    return () => {};
  };
  const world = { ...realWorld, after };
  const said: unknown[] = [];
  let full = true;
  const refusing = {
    ...ledger,
    appendOutput(...args: Parameters<Ledger["appendOutput"]>) {
      if (full) throw new CovenError("runtime_unavailable", "The disk is full.");
      return ledger.appendOutput(...args);
    },
  };
  const silent = { info: () => {}, warn: () => {}, error: (event: string) => void said.push(event) };
  const into = new OutputLog(id, { ledger: refusing, world, log: silent, kept: () => {}, lost: () => {} });
  const again = async (times: number) => {
    for (let i = 0; i < times; i++) {
      tries.shift()?.();
      await nextTurn();
    }
  };
  into.push(utf8("text"));
  await nextTurn();
  expect([into.refusedBytes, said]).toEqual([4, ["output_waits"]]);
  await again(1_000);
  expect(said).toHaveLength(10);
  full = false;
  await again(1);
  expect([into.refusedBytes, text(kept())]).toEqual([0, "text"]);
});
