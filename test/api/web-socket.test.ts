// Holds the WebSocket frames of the Node client to RFC 6455: in any pieces, in several frames, and nothing that is none.
import { expect, test } from "bun:test";
import { FrameReader, type Message, maskedFrame, OPCODE } from "../../src/api/web-socket.ts";
import { Chance } from "../fuzz/random.ts";

/** A frame as a server sends it. */
function frame(opcode: number, data: Uint8Array, fin = true): Uint8Array {
  const head = [(fin ? 0x80 : 0) | opcode];
  if (data.length < 126) head.push(data.length);
  else if (data.length < 65_536) head.push(126, data.length >> 8, data.length & 0xff);
  else head.push(127, 0, 0, 0, 0, ...[24, 16, 8, 0].map((shift) => (data.length >> shift) & 0xff));
  return Uint8Array.from([...head, ...data]);
}
const bytes = (length: number) => Uint8Array.from({ length }, (_, i) => i * 31);
const all = (reader: FrameReader, chunk: Uint8Array): Message[] => Array.from(reader.read(chunk));

test.each([0, 1, 125, 126, 127, 65_535, 65_536, 300_000])(
  "a message of %d bytes, whole and byte by byte",
  (length) => {
    const data = bytes(length);
    const sent = frame(OPCODE.binary, data);
    expect(all(new FrameReader(), sent)).toEqual([{ opcode: OPCODE.binary, data }]);
    const reader = new FrameReader();
    const heads = Array.from(sent.subarray(0, 14), (byte) => Uint8Array.of(byte));
    const got = [...heads, sent.subarray(heads.length)].flatMap((piece) => all(reader, piece));
    expect(got).toEqual([{ opcode: OPCODE.binary, data }]);
  },
);

test("in several frames, with a ping in between, cut anywhere", () => {
  const chance = new Chance(7);
  const sent = Buffer.concat([
    frame(OPCODE.text, bytes(200), false),
    frame(OPCODE.ping, bytes(4)),
    frame(OPCODE.continuation, bytes(70_000), false),
    frame(OPCODE.continuation, bytes(3)),
    frame(OPCODE.close, Uint8Array.of(3, 232)),
  ]);
  for (let round = 0; round < 200; round++) {
    const reader = new FrameReader();
    const got: Message[] = [];
    for (let at = 0; at < sent.length; ) {
      const next = at + 1 + chance.below(round % 2 ? 90_000 : 300);
      got.push(...all(reader, sent.subarray(at, next)));
      at = next;
    }
    expect(got.map(({ opcode, data }) => [opcode, data.length])).toEqual([
      [OPCODE.ping, 4],
      [OPCODE.text, 70_203],
      [OPCODE.close, 2],
    ]);
    expect(Buffer.from(got[1]?.data ?? []).equals(Buffer.concat([bytes(200), bytes(70_000), bytes(3)]))).toBe(
      true,
    );
  }
});

test.each([
  ["a masked frame", Uint8Array.of(0x82, 0x81, 1, 2, 3, 4, 5)],
  ["a reserved bit", Uint8Array.of(0xc2, 0)],
  ["a continuation of nothing", frame(OPCODE.continuation, bytes(1))],
  [
    "a message within a message",
    Buffer.concat([frame(OPCODE.text, bytes(1), false), frame(OPCODE.text, bytes(1))]),
  ],
  ["a ping in pieces", frame(OPCODE.ping, bytes(1), false)],
  ["a large ping", frame(OPCODE.ping, bytes(126))],
  ["more than there is memory for", Uint8Array.of(0x82, 127, 0, 0, 1, 0, 0, 0, 0, 0)],
])("refuses %s", (_, sent) => {
  expect(() => all(new FrameReader(), sent)).toThrow();
});

test.each([0, 125, 126, 65_535, 65_536])("what a client sends is masked: %d bytes", (length) => {
  const data = bytes(length);
  const sent = maskedFrame(OPCODE.binary, data);
  const size = length < 126 ? 2 : length < 65_536 ? 4 : 10;
  expect(sent[0]).toBe(0x82);
  expect((sent[1] ?? 0) & 0x80).toBe(0x80);
  const mask = sent.subarray(size, size + 4);
  const plain = sent.subarray(size + 4).map((byte, at) => byte ^ (mask[at & 3] ?? 0));
  expect(Buffer.from(plain).equals(data)).toBe(true);
  // Another one each time.
  expect(Buffer.from(maskedFrame(OPCODE.binary, data)).equals(sent)).toBe(false);
});
