// Output as rows: cut anywhere, each comes whole; and a body without its end is one that broke off.
import { expect, test } from "bun:test";
import { endOfRows, readRows, rowsAsBytes } from "../../src/api/rows.ts";
import { random } from "../vt/stream.ts";

const ROWS = [1, 2, 2 ** 40, Number.MAX_SAFE_INTEGER].map((seq, i) => ({
  seq,
  data: new Uint8Array(Buffer.alloc(1 + i * 700, `row ${i} \xff`, "latin1")),
}));

async function* cutAt(bytes: Uint8Array, cuts: readonly number[]) {
  let from = 0;
  for (const cut of [...cuts, bytes.length]) {
    yield bytes.subarray(from, cut);
    from = cut;
  }
}

test("what is written is read, wherever it is cut", async () => {
  const bytes = Buffer.concat([rowsAsBytes(ROWS), endOfRows(7)]);
  for (let seed = 1; seed < 200; seed++) {
    const pick = random(seed);
    const cuts = Array.from({ length: pick(9) }, () => pick(bytes.length)).sort((a, b) => a - b);
    const read = (await Array.fromAsync(readRows(cutAt(bytes, cuts)))).map(({ seq, data }) => ({
      seq,
      data: new Uint8Array(data),
    }));
    expect(read).toEqual([...ROWS, { seq: 7, data: new Uint8Array(0) }]);
  }
});

test("a row that broke off is not given, and what is no row throws", async () => {
  const bytes = rowsAsBytes(ROWS);
  expect(await Array.fromAsync(readRows(cutAt(bytes.subarray(0, bytes.length - 1), [])))).toHaveLength(3);
  expect(Array.fromAsync(readRows(cutAt(Buffer.from("<html>, and not rows at all"), [])))).rejects.toThrow(
    "too long",
  );
});
