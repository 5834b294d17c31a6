// Holds the reading of keys: everything goes through byte for byte but the one that leaves, however it is encoded or cut.
import { expect, test } from "bun:test";
import { behindDetachKey, keyReader } from "../../src/cli/terminal/detach-key.ts";

const CTRL = 0x1d;
const ESC = "\x1b";

function bytes(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, "latin1"));
}

/** What the program gets of these reads, and whether the last one left. */
function after(reads: readonly string[], encoded = false): { keys: string; left: boolean } {
  const reader = keyReader([CTRL]);
  let keys = "";
  for (const read of reads) {
    const typed = reader.read(bytes(read), encoded);
    keys += Buffer.from(typed.keys).toString("latin1");
    if (typed.left) return { keys, left: true };
  }
  return { keys: keys + Buffer.from(reader.flush()).toString("latin1"), left: false };
}

const LEAVES: readonly [name: string, sequence: string][] = [
  ["the control byte", "\x1d"],
  ["kitty", `${ESC}[93;5u`],
  ["kitty, pressed", `${ESC}[93;5:1u`],
  ["kitty, held down", `${ESC}[93;5:2u`],
  ["kitty with alternate keys", `${ESC}[93:125;5u`],
  ["kitty with text", `${ESC}[93;5;29u`],
  ["kitty under Caps Lock and Num Lock", `${ESC}[93;197u`],
  ["modifyOtherKeys", `${ESC}[27;5;93~`],
];

for (const [name, sequence] of LEAVES) {
  test(`leaves: ${name}, whole and cut at every place`, () => {
    expect(after([`abc${sequence}def`])).toEqual({ keys: "abc", left: true });
    for (let cut = 1; cut < sequence.length; cut++) {
      // A lone ESC at the end of a read waits only where the program has asked for such sequences.
      expect(after([`abc${sequence.slice(0, cut)}`, sequence.slice(cut)], true)).toEqual({
        keys: "abc",
        left: true,
      });
    }
    expect(after(sequence.split(""), true)).toEqual({ keys: "", left: true });
  });
}

const STAYS: readonly [name: string, sequence: string][] = [
  ["kitty, released", `${ESC}[93;5:3u`],
  ["with Shift", `${ESC}[93;6u`],
  ["with Alt", `${ESC}[27;7;93~`],
  ["another key", `${ESC}[91;5u`],
  ["the bracket alone", `${ESC}[93u`],
  ["a mouse report", `${ESC}[<0;93;5M`],
  ["a cursor position", `${ESC}[93;5R`],
  ["Ctrl-C", "\x03"],
  ["bytes that are no UTF-8", "\xff\xfe\x80\xc3"],
  ["Escape and then a letter", `${ESC}x`],
  ["a sequence that never ends", `${ESC}[${"9;".repeat(200)}`],
  ["a paste with the key and its encodings in it", `${ESC}[200~a\x1db${ESC}[93;5uc${ESC}[201~`],
];

for (const [name, sequence] of STAYS) {
  test(`goes through: ${name}, whole and cut at every place`, () => {
    expect(after([sequence])).toEqual({ keys: sequence, left: false });
    for (let cut = 1; cut < Math.min(sequence.length, 60); cut++) {
      for (const encoded of [true, false]) {
        expect(after([sequence.slice(0, cut), sequence.slice(cut)], encoded)).toEqual({
          keys: sequence,
          left: false,
        });
      }
    }
    expect(after(sequence.split(""), true)).toEqual({ keys: sequence, left: false });
  });
}

test("after a paste the key leaves again, also in the same read and when the end marker was cut", () => {
  const paste = `${ESC}[200~x\x1dy${ESC}[201~`;
  expect(after([`${paste}\x1d`])).toEqual({ keys: paste, left: true });
  for (let cut = 1; cut < paste.length; cut++) {
    expect(after([paste.slice(0, cut), `${paste.slice(cut)}\x1d`])).toEqual({ keys: paste, left: true });
  }
});

test("a paste of a megabyte in small reads goes through whole", () => {
  const paste = `${ESC}[200~${"\x1d[201~ \xe4\xb8\x96\r".repeat(70_000)}${ESC}[201~`;
  const reads = paste.match(/[\s\S]{1,997}/g) ?? [];
  expect(after([...reads, "\x1d"])).toEqual({ keys: paste, left: true });
});

// Without this a terminal that died in the middle of a paste would have locked its person in for good.
test("a paste that lost its end does not keep the key from leaving", () => {
  let now = 0;
  const reader = keyReader([CTRL], () => now);
  expect(reader.read(bytes(`${ESC}[200~abc`), false).left).toBe(false);
  now += 1_000;
  expect(reader.read(bytes("\x1d"), false).left).toBe(false);
  now += 6_000;
  expect(reader.read(bytes("\x1d"), false).left).toBe(true);
});

test("Escape is not kept waiting unless the program asked for encoded keys", () => {
  const reader = keyReader([CTRL]);
  expect([Buffer.from(reader.read(bytes(ESC), false).keys).toString("latin1"), reader.held]).toEqual([
    ESC,
    false,
  ]);
  expect([reader.read(bytes(ESC), true).keys.length, reader.held]).toEqual([0, true]);
  expect(Buffer.from(reader.flush()).toString("latin1")).toBe(ESC);
});

test.each([
  ["", "none", ""],
  [`${ESC}[93;5:3u`, "none", ""],
  ["r", "redraw", ""],
  ["R", "redraw", ""],
  ["rest", "redraw", "est"],
  [`${ESC}[114u`, "redraw", ""],
  [`${ESC}[114;1:1ux`, "redraw", "x"],
  [`${ESC}[93;5:3u${ESC}[114u`, "redraw", ""],
  ["n", "next", ""],
  [`${ESC}[112u`, "previous", ""],
  ["lx", "last", "x"],
  ["?", "keys", ""],
  [`${ESC}[47;2u`, "keys", ""],
  [`${ESC}[63;2u`, "keys", ""],
  ["\x1d", "again", ""],
  [`${ESC}[93;5ux`, "again", "x"],
  [`${ESC}[27;5;93~`, "again", ""],
  ["q", "other", ""],
  [`${ESC}[110;5u`, "other", ""],
  [`${ESC}[114;5u`, "other", ""],
  ["\r", "other", ""],
])("behind the detach key %j means %s", (typed, key, rest) => {
  const found = behindDetachKey(bytes(typed), CTRL);
  expect(`${found.key} ${Buffer.from(found.rest).toString("latin1")}`).toBe(`${key} ${rest}`);
});
