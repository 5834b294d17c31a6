// Owns the tail of a UTF-8 stream: the bytes of a character that has begun and is not complete.

/** The bytes at the end that begin a character and lack its rest; empty when there are none. */
export function brokenCharacter(bytes: Uint8Array): Uint8Array {
  const end = bytes.length;
  for (let back = 1; back <= 3 && back <= end; back += 1) {
    const byte = bytes[end - back] ?? 0;
    if (byte < 0x80) break;
    if (byte < 0xc0) continue;
    const needed = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2;
    return back < needed && byte < 0xf8 ? bytes.slice(end - back) : new Uint8Array(0);
  }
  return new Uint8Array(0);
}
