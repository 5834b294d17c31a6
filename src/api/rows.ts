// Output with its seqs, as bytes: each row behind a header that names it, and an end that says that nothing follows. Both ends of the wire.

/** The type of such a body; whoever asked for rows and gets another one has a daemon that knows none. */
export const ROWS_TYPE = "application/vnd.coven.rows";

/** The seq (64 bits) and the length (32 bits), the most significant byte first. */
const HEADER_BYTES = 12;
/** More than any row holds: what says so is none of ours. */
const MOST_LENGTH = 1024 * 1024;

/** Rows as one piece of a body. */
export function rowsAsBytes(
  rows: readonly { readonly seq: number; readonly data: Uint8Array }[],
): Uint8Array<ArrayBuffer> {
  const length = rows.reduce((sum, { data }) => sum + HEADER_BYTES + data.length, 0);
  const bytes = new Uint8Array(length);
  const view = new DataView(bytes.buffer);
  let at = 0;
  for (const { seq, data } of rows) {
    view.setBigUint64(at, BigInt(seq));
    view.setUint32(at + 8, data.length);
    bytes.set(data, at + HEADER_BYTES);
    at += HEADER_BYTES + data.length;
  }
  return bytes;
}

/** Nothing follows: the session has ended, or this is all that was asked for. */
export function endOfRows(seq: number): Uint8Array<ArrayBuffer> {
  return rowsAsBytes([{ seq, data: new Uint8Array(0) }]);
}

/** The rows of such a body, whole ones only; a row without data is the end. Throws for what is none. */
export async function* readRows(
  body: AsyncIterable<Uint8Array>,
): AsyncGenerator<{ readonly seq: number; readonly data: Uint8Array }> {
  let pending: Uint8Array = new Uint8Array(0);
  for await (const chunk of body) {
    const bytes = pending.length === 0 ? chunk : Buffer.concat([pending, chunk]);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    let at = 0;
    while (bytes.length - at >= HEADER_BYTES) {
      const length = view.getUint32(at + 8);
      if (length > MOST_LENGTH) throw new Error("a row that is too long");
      const end = at + HEADER_BYTES + length;
      if (end > bytes.length) break;
      yield { seq: Number(view.getBigUint64(at)), data: bytes.subarray(at + HEADER_BYTES, end) };
      at = end;
    }
    pending = bytes.slice(at);
  }
}
