// The bytes that begin and end sequences in a terminal stream.

export const [ENQ, BEL, CAN, SUB, ESC, C1_LEAD] = [0x05, 0x07, 0x18, 0x1a, 0x1b, 0xc2];
export const NOTHING = new Uint8Array(0);

/** Bytes as characters of the same number. */
export function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1");
}
