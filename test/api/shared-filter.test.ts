// However many watch a session, and wherever each of them is, everybody gets what a filter of their own would have given.
import { expect, test } from "bun:test";
import { SharedFilter } from "../../src/api/shared-filter.ts";
import { screenHost } from "../../src/screen/host.ts";
import type { OutputRow } from "../../src/session/event.ts";
import { queryFilter } from "../../src/vt/filter.ts";
import { noise, piece, random } from "../vt/stream.ts";

/** A stream cut into rows anywhere; some seqs are other events. */
function rowsOf(stream: Uint8Array, pick: (below: number) => number): OutputRow[] {
  const rows: OutputRow[] = [];
  for (let at = 0, seq = 0; at < stream.length; ) {
    const size = 1 + pick(40);
    seq += 1 + pick(2);
    rows.push({ seq, data: stream.subarray(at, at + size) });
    at += size;
  }
  return rows;
}

/** What the headless terminal has begun and not ended after the first rows. */
function begunAfter(rows: readonly OutputRow[]): Uint8Array {
  const screen = screenHost().open({ cols: 80, rows: 24, scrollback: 10, answer: () => {} });
  for (const { data } of rows) screen.write(data);
  const begun = Uint8Array.from(screen.unfinished());
  screen.close();
  return begun;
}

test("viewers who come, follow, fall behind and leave at any moment", () => {
  for (let seed = 1; seed <= 150; seed += 1) {
    const pick = random(seed);
    const parts = Array.from({ length: 50 }, () =>
      pick(4) === 0 ? noise(pick) : Buffer.from(pick(12) === 0 ? `\x1b]0;${"t".repeat(60)}` : piece(pick)),
    );
    const rows = rowsOf(Buffer.concat(parts), pick);
    const shared = new SharedFilter((after) => rows.filter(({ seq }) => seq > after).slice(0, 3));
    const viewers = Array.from({ length: 4 }, () => {
      const from = pick(rows.length);
      const begun = begunAfter(rows.slice(0, from));
      const alone = queryFilter(begun);
      return {
        from,
        at: from,
        output: shared.join(rows[from - 1]?.seq ?? 0, queryFilter(begun)),
        seen: [] as Uint8Array[],
        wanted: rows.slice(from).map(({ data }) => Uint8Array.from(alone.pass(data))),
      };
    });
    for (let turn = 0; turn < 400; turn += 1) {
      const one = viewers[pick(viewers.length)];
      // A few rows at once, as they are read.
      for (let left = pick(6); one && left > 0 && one.at < rows.length; left -= 1) {
        const row = rows[one.at];
        if (row) one.seen.push(Uint8Array.from(one.output.pass(row)));
        one.at += 1;
      }
      if (one && one.at === rows.length) one.output.caughtUp();
    }
    for (const { from, seen, wanted } of viewers) {
      const text = Buffer.concat(seen).toString("latin1");
      expect({ seed, from, text }).toEqual({
        seed,
        from,
        text: Buffer.concat(wanted.slice(0, seen.length)).toString("latin1"),
      });
    }
  }
});

test("a row is filtered once for all who are there, and forgotten when all have it", () => {
  const row = (seq: number): OutputRow => ({ seq, data: Buffer.from(`a\x1b[c${seq}`) });
  const shared = new SharedFilter(() => []);
  const [one, two, three] = [0, 0, 0].map((seq) => shared.join(seq, queryFilter()));
  // The first row also shows that nothing goes on from before.
  for (const viewer of [one, two, three]) viewer?.pass(row(1));
  const made = one?.pass(row(2));
  expect(Buffer.from(made ?? []).toString()).toBe("a2");
  expect(two?.pass(row(2))).toBe(made);
  one?.caughtUp();
  expect(three?.pass(row(2))).toBe(made);
  three?.caughtUp();
  // Made anew: it was forgotten.
  const late = shared.join(0, queryFilter());
  late.pass(row(1));
  expect(Buffer.from(late.pass(row(2))).toString()).toBe("a2");
  expect(shared.watched).toBe(true);
  for (const viewer of [one, two, three, late]) viewer?.leave();
  expect(shared.watched).toBe(false);
});
