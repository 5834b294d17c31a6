// What followers are given without reading it back must be what they would have read.
import { expect, test } from "bun:test";
import { Fresh } from "../../src/session/fresh.ts";

const row = (size: number) => new Uint8Array(size);
const seqs = (fresh: Fresh, after: number, most = 1_000_000) =>
  fresh.after(after, most)?.map(({ seq }) => seq);

test("before anything was printed the ledger is asked", () => {
  expect(new Fresh().after(0, 100)).toBeUndefined();
});

test("who is up to date gets what is behind, who is not reads it back", () => {
  const fresh = new Fresh();
  // Seqs are the ledger's: other sessions had 5 to 7 and 10.
  fresh.add(4, [row(1), row(1)], 9);
  fresh.add(9, [row(1)], 11);
  expect(seqs(fresh, 3)).toBeUndefined();
  expect(seqs(fresh, 4)).toEqual([8, 9, 11]);
  expect(seqs(fresh, 8)).toEqual([9, 11]);
  expect(seqs(fresh, 11)).toEqual([]);
});

test("as much as was asked for, whole rows, one at least", () => {
  const fresh = new Fresh();
  fresh.add(0, [row(10), row(10), row(10)], 3);
  expect(seqs(fresh, 0, 20)).toEqual([1, 2]);
  expect(seqs(fresh, 0, 19)).toEqual([1]);
  expect(seqs(fresh, 0, 1)).toEqual([1]);
});

test("after the turn only that there is no more is known", () => {
  const fresh = new Fresh();
  fresh.add(0, [row(1)], 1);
  fresh.drop();
  expect(seqs(fresh, 0)).toBeUndefined();
  expect(seqs(fresh, 1)).toEqual([]);
});

test("what grows too large is read back, and no row is passed over", () => {
  const fresh = new Fresh();
  fresh.add(0, [row(1024 * 1024 + 1)], 1);
  fresh.add(1, [row(1)], 2);
  expect(seqs(fresh, 0)).toBeUndefined();
  expect(seqs(fresh, 1)).toEqual([2]);
});
