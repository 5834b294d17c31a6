// Following: turns are left to others, and rows joined into messages read as the rows do.
import { expect, test } from "bun:test";
import { Budget } from "../../src/api/budget.ts";
import { follow, outputOf, sideBySide } from "../../src/api/follow.ts";
import { Meter } from "../../src/api/meter.ts";
import { realWorld } from "../../src/daemon/world.ts";
import { startTestDaemon } from "../support/test-daemon.ts";

// A client that takes everything at once would otherwise be given all of it before anybody else had a turn.
test("of a long output one turn of the loop gives a client at most a MiB and a batch", async () => {
  const daemon = await startTestDaemon();
  const row = new Uint8Array(16_384);
  const { id: sessionId } = daemon.finished(Array.from({ length: 1_024 }, () => row));
  const { coven, ledger } = daemon;
  const log = { info() {}, warn() {}, error() {} };
  let turns = 0;
  let bytes = 0;
  const turn = () => {
    turns += 1;
    if (bytes < 1_024 * row.length) setImmediate(turn);
  };
  setImmediate(turn);
  const budget = new Budget({ pending: () => 0, relieve() {} });
  const api = { coven, ledger, log, world: realWorld, meter: new Meter([]), budget };
  const read = (afterSeq: number) => outputOf(api, sessionId, afterSeq);
  const signal = new AbortController().signal;
  for await (const batch of follow(api, { kind: "output", sessionId, seq: 0, read, stay: false, signal })) {
    bytes += batch.bytes;
  }
  expect(bytes).toBe(1_024 * row.length);
  expect(turns).toBeGreaterThanOrEqual(12);
  await daemon.close();
});

const memory = Uint8Array.from({ length: 100 }, (_, i) => i);
const pieces = (...rows: Uint8Array[]) =>
  Array.from(sideBySide(rows.map((data) => ({ data }))), (piece) => Array.from(piece));

test("rows side by side are one piece, and nothing is copied", () => {
  expect(pieces(memory.subarray(3, 5), memory.subarray(5, 6), memory.subarray(6, 8))).toEqual([
    [3, 4, 5, 6, 7],
  ]);
  const [piece] = sideBySide([{ data: memory.subarray(0, 50) }, { data: memory.subarray(50) }]);
  expect(piece?.buffer).toBe(memory.buffer);
});

test("a gap, another memory, the other order: pieces of their own", () => {
  expect(pieces(memory.subarray(0, 2), memory.subarray(3, 4))).toEqual([[0, 1], [3]]);
  expect(pieces(memory.subarray(0, 2), memory.slice(2, 4))).toEqual([
    [0, 1],
    [2, 3],
  ]);
  expect(pieces(memory.subarray(2, 4), memory.subarray(0, 2))).toEqual([
    [2, 3],
    [0, 1],
  ]);
  expect(pieces()).toEqual([]);
});
