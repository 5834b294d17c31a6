// The tail of a UTF-8 stream: the bytes of a character that has begun and is not complete.

/**
 * How many bytes (0..3) at the end of `bytes` begin a UTF-8 character that later bytes may still finish. Invalid
 * sequences count as finished (Unicode, table 3-7), so that a part decoded alone reads as it would in one stream.
 */
export function unfinishedTail(bytes: Uint8Array): number {
  const end = bytes.length;
  for (let back = 1; back <= 3 && back <= end; back++) {
    const byte = bytes[end - back] ?? 0;
    if ((byte & 0xc0) === 0x80) continue;
    return back < characterLength(byte) && (back === 1 || mayFollow(byte, bytes[end - back + 1] ?? 0))
      ? back
      : 0;
  }
  return 0;
}

function characterLength(lead: number): number {
  if (lead >= 0xc2 && lead <= 0xdf) return 2;
  if (lead >= 0xe0 && lead <= 0xef) return 3;
  if (lead >= 0xf0 && lead <= 0xf4) return 4;
  return 1;
}

// The second byte of some leads is narrower than 80..BF (Unicode, table 3-7): overlong forms, surrogates, past U+10FFFF.
function mayFollow(lead: number, second: number): boolean {
  if (lead === 0xe0) return second >= 0xa0;
  if (lead === 0xed) return second <= 0x9f;
  if (lead === 0xf0) return second >= 0x90;
  if (lead === 0xf4) return second <= 0x8f;
  return true;
}
