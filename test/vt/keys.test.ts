// Keys by name and names by bytes must be one table: what is sent for a key is read as that key.
import { expect, test } from "bun:test";
import { bytesOf, encodedKey, keyFor } from "../../src/vt/keys.ts";

test("every key is read back from what is sent for it, in both cursor modes", () => {
  const keys =
    "enter tab shift-tab space backspace up down left right home end insert delete pageup pagedown f1 f2 f3 f4 f5 f6 f7 f8 f9 f10 f11 f12";
  for (const name of keys.split(" ")) {
    for (const application of [false, true]) {
      const bytes = bytesOf(name, application);
      expect([name, application, keyFor(bytes ?? "")]).toEqual([name, application, name]);
    }
  }
  expect([bytesOf("up", false), bytesOf("up", true)]).toEqual(["\x1b[A", "\x1bOA"]);
  expect(["\x1b[1~", "\x1b[8~"].map(keyFor)).toEqual(["home", "end"]);
  expect(["\x1b[99~", "a", ""].map(keyFor)).toEqual([undefined, undefined, undefined]);
});

test("control and alt", () => {
  expect(
    ["ctrl-c", "Ctrl-]", "alt-x", "alt-X", "alt-enter", "alt-up"].map((name) => bytesOf(name, false)),
  ).toEqual(["\x03", "\x1d", "\x1bx", "\x1bX", "\x1b\r", "\x1b\x1b[A"]);
  for (const none of ["", "ctrl-", "ctrl-1", "ctrl-cc", "alt-", "alt-nothing", "toString", "f13"])
    expect([none, bytesOf(none, false)]).toEqual([none, undefined]);
});

test("keys that a program asked to get as sequences", () => {
  const ctrlBracket = { code: 93, modifiers: 4 };
  for (const sequence of ["\x1b[93;5u", "\x1b[93;5:1u", "\x1b[93:125:93;5:2;29u", "\x1b[27;5;93~"])
    expect([sequence, encodedKey(sequence)]).toEqual([sequence, ctrlBracket]);
  // A release, and what is no key.
  for (const sequence of ["\x1b[93;5:3u", "\x1b[A", "\x1b[93u", "\x1b[?1u"])
    expect([sequence, encodedKey(sequence)]).toEqual([sequence, undefined]);
});
