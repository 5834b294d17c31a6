// WebSocket frames (RFC 6455, section 5) as a client reads and writes them. No extension is asked for, so none is understood.

/** Kinds of frames. */
export const OPCODE = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;

/** One whole message. */
export interface Message {
  readonly opcode: number;
  readonly data: Uint8Array;
}

/** More than the daemon sends in one: whoever says so is none. */
const MOST_BYTES = 64 * 1024 * 1024;
/** Of a frame that controls (5.5). */
const MOST_CONTROL_BYTES = 125;

/** Bytes in, messages out: frames may come in any pieces, and a message in several frames. */
export class FrameReader {
  #pending: Uint8Array[] = [];
  #length = 0;
  #begun: { readonly opcode: number; readonly parts: Uint8Array[]; bytes: number } | undefined;

  /** The messages that are whole with this. Throws where what comes is no such frame. */
  *read(chunk: Uint8Array): Generator<Message> {
    this.#pending.push(chunk);
    this.#length += chunk.length;
    for (;;) {
      const frame = this.#frame();
      if (!frame) return;
      const message = this.#whole(frame);
      if (message) yield message;
    }
  }

  #frame(): { readonly fin: boolean; readonly opcode: number; readonly data: Uint8Array } | undefined {
    if (this.#length < 2) return undefined;
    const head = this.#peek(Math.min(this.#length, 10));
    const [first = 0, second = 0] = head;
    // No reserved bits, and what a server sends is not masked.
    if ((first & 0x70) !== 0 || (second & 0x80) !== 0) throw new Error("not a frame of a server");
    const short = second & 0x7f;
    const size = short === 126 ? 4 : short === 127 ? 10 : 2;
    if (this.#length < size) return undefined;
    const view = new DataView(head.buffer, head.byteOffset);
    const length = short === 126 ? view.getUint16(2) : short === 127 ? Number(view.getBigUint64(2)) : short;
    const opcode = first & 0x0f;
    if (length > (opcode >= OPCODE.close ? MOST_CONTROL_BYTES : MOST_BYTES)) throw new Error("too large");
    if (this.#length < size + length) return undefined;
    const data = this.#take(size + length).subarray(size);
    return { fin: (first & 0x80) !== 0, opcode, data };
  }

  #whole({ fin, opcode, data }: { fin: boolean; opcode: number; data: Uint8Array }): Message | undefined {
    if (opcode >= OPCODE.close) {
      if (!fin) throw new Error("a control frame in pieces");
      return { opcode, data };
    }
    if ((opcode === OPCODE.continuation) !== (this.#begun !== undefined)) throw new Error("out of order");
    const begun = this.#begun ?? { opcode, parts: [], bytes: 0 };
    begun.parts.push(data);
    begun.bytes += data.length;
    if (begun.bytes > MOST_BYTES) throw new Error("too large");
    this.#begun = fin ? undefined : begun;
    if (!fin) return undefined;
    return { opcode: begun.opcode, data: begun.parts.length === 1 ? data : joined(begun.parts) };
  }

  /** The first bytes, which stay. */
  #peek(count: number): Uint8Array {
    const [first] = this.#pending;
    if (!first || first.length < count) {
      this.#pending = [joined(this.#pending)];
    }
    return (this.#pending[0] ?? new Uint8Array()).subarray(0, count);
  }

  #take(count: number): Uint8Array {
    const [first = new Uint8Array(), ...rest] = this.#pending;
    this.#length -= count;
    if (first.length >= count) {
      this.#pending = first.length === count ? rest : [first.subarray(count), ...rest];
      return first.subarray(0, count);
    }
    const all = joined(this.#pending);
    this.#pending = all.length === count ? [] : [all.subarray(count)];
    return all.subarray(0, count);
  }
}

/** A whole message in one frame, masked as a client must (5.3). */
export function maskedFrame(opcode: number, data: Uint8Array): Uint8Array {
  const { length } = data;
  const size = length < 126 ? 2 : length < 65_536 ? 4 : 10;
  const frame = new Uint8Array(size + 4 + length);
  const view = new DataView(frame.buffer);
  frame[0] = 0x80 | opcode;
  frame[1] = 0x80 | (size === 2 ? length : size === 4 ? 126 : 127);
  if (size === 4) view.setUint16(2, length);
  if (size === 10) view.setBigUint64(2, BigInt(length));
  const mask = crypto.getRandomValues(new Uint8Array(4));
  frame.set(mask, size);
  for (let at = 0; at < length; at++) frame[size + 4 + at] = (data[at] ?? 0) ^ (mask[at & 3] ?? 0);
  return frame;
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
