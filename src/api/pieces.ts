// Owns how rows of output become messages: as few as can be had without copying.

/**
 * Rows that lie side by side in memory, as those of one read do, in one piece: each message costs a system call here and a
 * turn there.
 */
export function* sideBySide(rows: readonly { readonly data: Uint8Array }[]): Generator<Uint8Array> {
  let piece: Uint8Array | undefined;
  for (const { data } of rows) {
    if (piece && piece.buffer === data.buffer && piece.byteOffset + piece.length === data.byteOffset) {
      piece = new Uint8Array(piece.buffer, piece.byteOffset, piece.length + data.length);
      continue;
    }
    if (piece) yield piece;
    piece = data;
  }
  if (piece) yield piece;
}
