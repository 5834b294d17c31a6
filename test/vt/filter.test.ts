// Viewers get the stream without its queries, exactly, however it is cut.
import { expect, test } from "bun:test";
import { screenHost } from "../../src/screen/host.ts";
import { queryFilter } from "../../src/vt/filter.ts";
import { OPEN_LIMIT } from "../../src/vt/limits.ts";
import { LOOK_ALIKES } from "./forms.ts";
import { noise, piece, QUERIES, random, WORDS } from "./stream.ts";

const NONE = new Uint8Array(0);

function filtered(chunks: readonly Uint8Array[], unfinished: Uint8Array = NONE): Buffer {
  const filter = queryFilter(unfinished);
  return Buffer.concat(chunks.map((chunk) => Buffer.from(filter.pass(chunk))));
}

function bytes(text: string): Buffer {
  return Buffer.from(text);
}

const PLAIN = [...WORDS, ...LOOK_ALIKES];

test("questions go and nothing else does, with the stream cut in two at every byte", () => {
  const parts: string[] = [];
  const kept: string[] = [];
  for (let i = 0; i < Math.max(PLAIN.length, QUERIES.length); i += 1) {
    const plain = PLAIN[i % PLAIN.length] ?? "";
    parts.push(plain, QUERIES[i % QUERIES.length] ?? "");
    kept.push(plain);
  }
  const stream = bytes(parts.join(""));
  const wanted = kept.join("");
  expect(filtered([stream]).toString()).toBe(wanted);
  for (let cut = 0; cut <= stream.length; cut += 1) {
    const out = filtered([stream.subarray(0, cut), stream.subarray(cut)]).toString();
    if (out !== wanted) expect({ cut, out }).toEqual({ cut, out: wanted });
  }
  expect(filtered(Array.from(stream, (byte) => Uint8Array.of(byte))).toString()).toBe(wanted);
});

test("a filter that begins in the middle goes on as one that saw everything", () => {
  const stream = bytes(`a\x1b]0;title\x07b${QUERIES.join("x")}\x1b]11;?\x07\x1b[31mend 👩‍👩‍👧`);
  const wanted = filtered([stream]).toString();
  // The image ends, and `unfinished` begins, where a sequence or a character begins: here at every ESC.
  for (let cut = 1; cut < stream.length; cut += 1) {
    const from = stream.lastIndexOf(0x1b, cut - 1);
    if (from === -1 || stream.subarray(from, cut).some((byte) => byte < 0x20 && byte !== 0x1b)) continue;
    const before = filtered([stream.subarray(0, from)]).toString();
    const after = filtered([stream.subarray(cut)], stream.subarray(from, cut)).toString();
    // Behind a whole sequence it is not needed, and does no harm; only the ST after a question may be left.
    expect((before + after).replaceAll("\x1b\\", "")).toBe(wanted.replaceAll("\x1b\\", ""));
  }
});

test("noise comes out the same whatever the chunks, and nothing but questions is ever held for long", () => {
  for (let seed = 1; seed <= 300; seed += 1) {
    const pick = random(seed);
    const stream = Buffer.concat(
      Array.from({ length: 60 }, () => (pick(2) === 0 ? noise(pick) : bytes(piece(pick)))),
    );
    const whole = filtered([stream]);
    const chunks: Uint8Array[] = [];
    for (let at = 0; at < stream.length; ) {
      const size = 1 + pick(9);
      chunks.push(stream.subarray(at, at + size));
      at += size;
    }
    const cut = filtered(chunks);
    if (!cut.equals(whole))
      expect({ seed, out: cut.toString("latin1") }).toEqual({ seed, out: whole.toString("latin1") });
  }
});

test("bytes that are no UTF-8 pass as they are, 8-bit controls among them", () => {
  const all = Uint8Array.from({ length: 512 }, (_, i) => i % 256).filter(
    // Those that begin a sequence or ask.
    (byte) => byte !== 0x1b && byte !== 0x05,
  );
  expect(filtered([all])).toEqual(Buffer.from(all));
  expect(filtered([Uint8Array.of(0x9b, 0x36, 0x6e)])).toEqual(Buffer.of(0x9b, 0x36, 0x6e));
});

test("a colour question that also sets passes what it sets", () => {
  expect(filtered([bytes("\x1b]4;1;red;2;?;3;blue\x07")]).toString()).toBe(
    "\x1b]4;1;red\x1b\\\x1b]4;3;blue\x1b\\",
  );
  expect(filtered([bytes("\x1b]10;?;#112233\x07")]).toString()).toBe("\x1b]11;#112233\x1b\\");
  expect(filtered([bytes("\x1b]21;foreground=red;1=?\x07")]).toString()).toBe("\x1b]21;foreground=red\x1b\\");
});

test("a question taken out leaves nothing half open before it", () => {
  // A sequence cut off by the ESC of a question would swallow the text that follows the gap.
  expect(filtered([bytes("\x1b[6\x1b[6nhello")]).toString()).toBe("hello");
  expect(filtered([bytes("\x1b[6\x1b[31mhello")]).toString()).toBe("\x1b[6\x1b[31mhello");
  // So would a title ended by the ESC of a question and nothing else.
  expect(filtered([bytes("\x1b]0;title\x1b[6nhello")]).toString()).toBe("\x1b]0;title\x1b\\hello");
  // Controls inside a question are executed by every terminal, so they stay.
  expect(filtered([bytes("a\x1b[6\r\nnb")]).toString()).toBe("a\r\nb");
});

test("long strings that ask nothing pass at once, and are not held", () => {
  for (const start of [
    "\x1b]0;",
    "\x1bPq",
    "\x1b_Ga=T;",
    "\x1b]52;c;",
    "\x1b]1337;File=:",
    "\x1bX",
    "\x1b^",
  ]) {
    const filter = queryFilter(NONE);
    const head = bytes(`${start}AAAAAAAAAAAAAAAAAAAAAAAAAAAAAA`);
    expect(Buffer.from(filter.pass(head)).equals(head)).toBe(true);
    const body = Buffer.alloc(100_000, 0x41);
    expect(filter.pass(body).length).toBe(body.length);
    expect(Buffer.from(filter.pass(bytes("\x1b\\x\x1b[6ny"))).toString()).toBe("\x1b\\xy");
  }
});

test("what never becomes a question is held up to its limit and then dropped, in any chunks", () => {
  const digits = "1;".repeat(5000);
  const colours = "\x1b]4;".concat("1;red;".repeat(5000), "\x07");
  for (const [stream, wanted] of [
    [`a\x1b[${digits}mb`, "ab"],
    [`a\x1b[${digits}nb`, "ab"],
    [`a${colours}b`, "ab"],
    [`a\x1b${" ".repeat(9000)}Fb`, "ab"],
    [`a\x1bP+q${"41".repeat(20_000)}\x1b\\b`, "ab"],
  ] as const) {
    const all = bytes(stream);
    expect(filtered([all]).toString()).toBe(wanted);
    const chunks = Array.from({ length: Math.ceil(all.length / 7) }, (_, i) =>
      all.subarray(i * 7, i * 7 + 7),
    );
    expect(filtered(chunks).toString()).toBe(wanted);
  }
});

test("of a string whose start is lost the rest is left out", () => {
  const lost = Buffer.concat([bytes("\x1bPq"), Buffer.alloc(OPEN_LIMIT, 0x7e)]);
  expect(filtered([bytes("~~~~\x1b\\text\x1b[31m")], lost).toString()).toBe("text\x1b[31m");
  const kept = lost.subarray(0, 1000);
  expect(filtered([bytes("~\x1b\\text")], kept).toString()).toBe(`${kept.toString()}~\x1b\\text`);
});

test("a viewer who comes in the middle of a sequence too long for anybody sees nothing of its rest", () => {
  const screen = screenHost().open({ cols: 80, rows: 24, scrollback: 10, answer: () => {} });
  screen.write(bytes(`text\x1b[${"1;".repeat(5000)}`));
  expect(filtered([bytes("1;1mafter")], screen.unfinished()).toString()).toBe("after");
  screen.close();
});
