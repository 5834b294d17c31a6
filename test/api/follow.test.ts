// Rows joined into messages must read as the rows do, and never show what lies between them in memory.
import { expect, test } from "bun:test";
import { sideBySide } from "../../src/api/follow.ts";

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
