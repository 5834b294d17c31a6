// Holds the names of keys and which may detach.
import { expect, test } from "bun:test";
import { detachKey, keyBytes } from "../../src/cli/terminal/key-names.ts";
import { valueFor } from "../../src/config.ts";

test("keys are what an xterm sends", () => {
  const names =
    "enter tab shift-tab esc backspace pageup f1 f5 f12 ctrl-c CTRL-D ctrl-] alt-x alt-X alt-enter up home".split(
      " ",
    );
  expect(names.map((name) => keyBytes(name, false))).toEqual(
    "\r \t \x1b[Z \x1b \x7f \x1b[5~ \x1bOP \x1b[15~ \x1b[24~ \x03 \x04 \x1d \x1bx \x1bX \x1b\r \x1b[A \x1b[H".split(
      " ",
    ),
  );
  expect(["up", "down", "right", "left"].map((name) => keyBytes(name, true))).toEqual([
    "\x1bOA",
    "\x1bOB",
    "\x1bOC",
    "\x1bOD",
  ]);
  for (const wrong of ["", "ctrl-", "ctrl-1", "f13", "hyper-x", "enterr"])
    expect(() => keyBytes(wrong, false)).toThrow("There is no key");
});

test("the detach key is one the settings would take", () => {
  for (let code = 0x20; code < 0x7f; code++) {
    const name = `ctrl-${String.fromCharCode(code).toLowerCase()}`;
    let allowed = true;
    try {
      valueFor("terminal.detach_key", name);
    } catch {
      allowed = false;
    }
    expect([name, detachKey(name)?.byte]).toEqual([name, allowed ? code & 0x1f : undefined]);
  }
  expect(detachKey("ctrl-]")).toEqual({ byte: 0x1d, label: "Ctrl-]" });
  expect(detachKey("]")).toBeUndefined();
});
