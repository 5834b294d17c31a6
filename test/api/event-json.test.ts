// Holds that events written as bytes are what JSON.stringify makes of them, whatever a program printed.
import { expect, test } from "bun:test";
import { EventWriter } from "../../src/api/event-json.ts";
import type { KeptEvent } from "../../src/session/event.ts";

const kept = (payload: Uint8Array | string, kind: KeptEvent["kind"] = "output"): KeptEvent => ({
  seq: 9_007_199_254_740_991,
  id: "b5a1e1c4-93a8-4b42-9f3b-94c16f97ac21",
  session_id: "0e4d7e5e-93a8-4b42-9f3b-94c16f97ac21",
  kind,
  payload,
  created_at: "2026-11-21T10:00:00.000Z",
});

/** As the wire has always had it. */
function stringified({ payload, created_at, ...event }: KeptEvent): string {
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  const payload_json =
    typeof payload === "string" ? payload : JSON.stringify({ data: decoder.decode(payload) });
  return JSON.stringify({ ...event, payload_json, created_at });
}

function written(...events: KeptEvent[]): string {
  const writer = new EventWriter();
  for (const event of events) writer.event(event);
  return Buffer.from(writer.part(0, writer.length)).toString();
}

const bytes = (...codes: number[]) => Uint8Array.from(codes);
const text = (string: string) => new TextEncoder().encode(string);

test.each<[string, Uint8Array]>([
  ["nothing", bytes()],
  ["every ASCII character", Uint8Array.from({ length: 128 }, (_, i) => i)],
  ["every byte", Uint8Array.from({ length: 256 }, (_, i) => i)],
  ["quotes and backslashes", text('say "\\" and \\"')],
  ["beyond ASCII", text("é€😀\u2028\u2029\u0080\u009f\ufeff\uffff")],
  ["a byte order mark first", text("\ufeffa")],
  ["half a character", bytes(0x61, 0xe2, 0x82)],
  ["a surrogate as bytes", bytes(0xed, 0xa0, 0x80, 0xed, 0xb0, 0x80)],
  ["an overlong form", bytes(0xc0, 0xaf)],
  ["16 KiB of what grows most", new Uint8Array(16_384).fill(0x1b)],
])("output: %s", (_, data) => {
  expect(written(kept(data))).toBe(stringified(kept(data)));
});

test("random bytes, valid and not, of all lengths", () => {
  for (let length = 0; length < 600; length++) {
    const noise = crypto.getRandomValues(new Uint8Array(length));
    const valid = text(new TextDecoder().decode(noise));
    for (const data of [noise, valid]) expect(written(kept(data))).toBe(stringified(kept(data)));
  }
});

test("the other kinds have JSON text already", () => {
  for (const payload of ["{}", '{"reason":"\\"é😀\\u001b\\ud800"}', `{"long":"${"€".repeat(400_000)}"}`]) {
    expect(written(kept(payload, "metadata"))).toBe(stringified(kept(payload, "metadata")));
  }
});

test("a writer goes on after it was cut, and grows without losing what it had", () => {
  const writer = new EventWriter();
  const row = kept(text("\u001b[1m€\r\n".repeat(2_000)));
  const one = stringified(row);
  writer.text("[");
  for (let i = 0; i < 20; i++) {
    writer.event(row);
    const had = writer.length;
    writer.event(row);
    writer.cut(had);
  }
  expect(Buffer.from(writer.part(0, writer.length)).toString()).toBe(`[${one.repeat(20)}`);
});
