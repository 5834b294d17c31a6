// What a person's keys are called: bytes from a raw terminal to names and text.
import { keyFor } from "../../vt/keys.ts";
import { pasteReader } from "./pastes.ts";
import { harmless } from "./text.ts";

/** One key, a run of typed text, or a paste. */
export type Key =
  | { readonly name: "text"; readonly text: string }
  /** What was pasted, harmless and on one line: never keys. */
  | { readonly name: "paste"; readonly text: string }
  /** What the terminal says it can do, when it was asked: `62;52`. */
  | { readonly name: "attributes"; readonly text: string }
  /** The left button, or three lines of a wheel, at a cell counted from 0. */
  | {
      readonly name: "mouse";
      readonly what: "press" | "wheel up" | "wheel down";
      readonly x: number;
      readonly y: number;
    }
  | {
      readonly name:
        | "up"
        | "down"
        | "left"
        | "right"
        | "home"
        | "end"
        | "pageup"
        | "pagedown"
        | "enter"
        | "tab"
        | "backspace"
        | "escape"
        | "interrupt"
        | "clear"
        | "other";
    };

type Named = Exclude<Key["name"], "text" | "paste" | "mouse" | "attributes">;

/** Those of the table of keys that mean something to a screen of ours. */
const NAMED: readonly Named[] = ["up", "down", "left", "right", "home", "end", "pageup", "pagedown"];

function named(sequence: string): Named {
  const key = keyFor(sequence);
  return NAMED.find((one) => one === key) ?? "other";
}

const CONTROLS: Readonly<Record<string, Named>> = {
  "\r": "enter",
  "\n": "enter",
  "\t": "tab",
  "\u007f": "backspace",
  "\b": "backspace",
  "\u0003": "interrupt",
  "\u0004": "interrupt",
  "\u0015": "clear",
  "\u000e": "down",
  "\u0010": "up",
};

/** A lone Escape and the beginning of a sequence look alike; what follows a sequence's Escape comes within this. */
const ESCAPE_MS = 40;

/** Takes the terminal's bytes and calls `key` for each key, in order. `stop` forgets what is unfinished. */
export function keyReader(key: (key: Key) => void): { take(bytes: Uint8Array): void; stop(): void } {
  let held = "";
  let timer: ReturnType<typeof setTimeout> | undefined;
  const reader = pasteReader({
    keys(text) {
      clearTimeout(timer);
      const { keys, rest } = keysOf(held + text);
      held = rest;
      for (const one of keys) key(one);
      if (held === "") return;
      timer = setTimeout(() => {
        held = "";
        key({ name: "escape" });
      }, ESCAPE_MS);
    },
    paste: (text) => key({ name: "paste", text: harmless(text.trim()) }),
  });
  return {
    take: reader.take,
    stop() {
      reader.stop();
      clearTimeout(timer);
      held = "";
    },
  };
}

/** What a mouse did, in the encoding of SGR (xterm's ctlseqs, mode 1006); undefined for what is no mouse. */
function mouseOf(sequence: string): Key | undefined {
  const [, button, x, y, end] = /^\[<(\d+);(\d+);(\d+)([Mm])$/.exec(sequence) ?? [];
  if (button === undefined) return undefined;
  // Shift, Alt and Ctrl (4, 8, 16) make no difference; a movement (32) and a release do nothing.
  const what = end === "M" ? MOUSE[Number(button) & ~28] : undefined;
  return what ? { name: "mouse", what, x: Number(x) - 1, y: Number(y) - 1 } : { name: "other" };
}

function attributesOf(sequence: string): Key | undefined {
  const text = /^\[\?([\d;]+)c$/.exec(sequence)?.[1];
  return text === undefined ? undefined : { name: "attributes", text };
}

const MOUSE: Readonly<Record<number, (Key & { name: "mouse" })["what"]>> = {
  0: "press",
  64: "wheel up",
  65: "wheel down",
};

/** The whole keys at the beginning of a text, and what may be the beginning of another. */
export function keysOf(text: string): { readonly keys: Key[]; readonly rest: string } {
  const keys: Key[] = [];
  let at = 0;
  while (at < text.length) {
    const char = text.charAt(at);
    if (char === "\u001b") {
      const sequence = /^(?:\[[0-?]*[ -/]*[@-~]|O.|[^[O])/su.exec(text.slice(at + 1))?.[0];
      if (sequence === undefined) return { keys, rest: text.slice(at) };
      // Escape twice in a row is Escape, and the second may begin something of its own.
      if (sequence.startsWith("\u001b")) {
        keys.push({ name: "escape" });
        at += 1;
        continue;
      }
      keys.push(mouseOf(sequence) ?? attributesOf(sequence) ?? { name: named(`\u001b${sequence}`) });
      at += 1 + sequence.length;
    } else if (char < " " || char === "\u007f") {
      keys.push({ name: CONTROLS[char] ?? "other" });
      at += 1;
    } else {
      const run = /^[^\u0000-\u001f\u007f]+/.exec(text.slice(at))?.[0] ?? char;
      keys.push({ name: "text", text: run });
      at += run.length;
    }
  }
  return { keys, rest: "" };
}
