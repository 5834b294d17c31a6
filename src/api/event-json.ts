// The JSON of events as bytes: output goes from the ledger's UTF-8 into JSON within JSON in one pass, without a string.
import { isUtf8 } from "node:buffer";
import type { KeptEvent } from "../session/event.ts";

/** The most that one byte becomes: `\\u001b` has seven. */
const MOST = 7;
/** Room for what stands beside a payload, more than it needs. */
const BESIDE = 1_024;
const FIRST = 64 * 1024;
/** A page and what may still be tried on it; a buffer that had to grow beyond is let go. */
const MOST_HELD = 2 * 1024 * 1024;

/** What `JSON.stringify` twice over makes of a byte, in eight places for each, and how many of them it takes. */
const ESCAPES = new Uint8Array(256 * 8);
const LENGTHS = new Uint8Array(256).fill(1);
for (let byte = 0; byte < 0x80; byte++) {
  const escaped = Buffer.from(within(within(String.fromCharCode(byte))));
  ESCAPES.set(escaped, byte * 8);
  LENGTHS[byte] = escaped.length;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** Bytes that grow at their end. One writer may serve many pages: its buffer stays. */
export class EventWriter {
  #bytes = Buffer.allocUnsafe(FIRST);
  #at = 0;

  /** How many bytes there are. */
  get length(): number {
    return this.#at;
  }

  /** Forgets what was written after so many bytes. */
  cut(length: number): void {
    if (length === 0 && this.#bytes.length > MOST_HELD) this.#bytes = Buffer.allocUnsafe(FIRST);
    this.#at = length;
  }

  /** The bytes from one place to another, valid until the next write. */
  part(from: number, to: number): Uint8Array<ArrayBuffer> {
    return this.#bytes.subarray(from, to);
  }

  text(text: string): void {
    this.#reserve(text.length * 3);
    this.#at += this.#bytes.write(text, this.#at);
  }

  /** As `JSON.stringify` would write an `Event`; bytes that are no UTF-8 become U+FFFD. */
  event({ seq, id, session_id, kind, payload, created_at }: KeptEvent): void {
    this.text(`{"seq":${seq},"id":"${id}","session_id":"${session_id}","kind":"${kind}","payload_json":`);
    if (typeof payload === "string") this.text(JSON.stringify(payload));
    else {
      this.text('"{\\"data\\":\\"');
      this.#output(isUtf8(payload) ? payload : encoder.encode(decoder.decode(payload)));
      this.text('\\"}"');
    }
    this.text(`,"created_at":"${created_at}"}`);
  }

  #output(data: Uint8Array): void {
    this.#reserve(data.length * MOST);
    const bytes = this.#bytes;
    let at = this.#at;
    for (let i = 0; i < data.length; i++) {
      const byte = data[i] ?? 0;
      const length = LENGTHS[byte] ?? 1;
      bytes[at] = byte;
      if (length > 1) for (let k = 0; k < length; k++) bytes[at + k] = ESCAPES[byte * 8 + k] ?? 0;
      at += length;
    }
    this.#at = at;
  }

  #reserve(more: number): void {
    const least = this.#at + more + BESIDE;
    if (least <= this.#bytes.length) return;
    const grown = Buffer.allocUnsafe(Math.max(least, this.#bytes.length * 2));
    grown.set(this.#bytes.subarray(0, this.#at));
    this.#bytes = grown;
  }
}

/**
 * The one that pages and streams use; what it holds is good until somebody writes the next. A new one of a megabyte for each
 * would cost more than the JSON in it.
 */
export const writer = new EventWriter();

/** What stands between the quotes of a JSON string. */
function within(text: string): string {
  return JSON.stringify(text).slice(1, -1);
}
