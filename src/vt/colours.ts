// The colours of the terminal: the defaults it answers with, and those the program has changed.
import { MODES_LIMIT } from "./limits.ts";

/** Dark, as the theme we report; nobody asks a viewer's terminal, because there may be none, or several. */
const FOREGROUND = "rgb:d8d8/d8d8/d8d8";
const BACKGROUND = "rgb:1414/1414/1414";

/** The sixteen colours of xterm. */
const BASE = (
  "000000 cd0000 00cd00 cdcd00 0000ee cd00cd 00cdcd e5e5e5 " +
  "7f7f7f ff0000 00ff00 ffff00 5c5cff ff00ff 00ffff ffffff"
).split(" ");

function wide(channels: readonly string[]): string {
  return `rgb:${channels.map((channel) => channel + channel).join("/")}`;
}

function palette(index: number): string {
  const hex = (value: number): string => value.toString(16).padStart(2, "0");
  if (index < 16) return wide((BASE[index] ?? "000000").match(/../g) ?? []);
  if (index >= 232) return wide(Array(3).fill(hex(8 + (index - 232) * 10)));
  const level = (value: number): string => hex(value === 0 ? 0 : 55 + value * 40);
  const cube = index - 16;
  return wide([level(Math.floor(cube / 36)), level(Math.floor(cube / 6) % 6), level(cube % 6)]);
}

/** A colour as reports write it; undefined for names and forms we don't read (XParseColor). */
function report(spec: string): string | undefined {
  const hex = /^#((?:[0-9a-f]{3}){1,4})$/i.exec(spec)?.[1];
  const parts = hex
    ? [0, 1, 2].map((i) => hex.slice((i * hex.length) / 3, ((i + 1) * hex.length) / 3))
    : /^rgb:([0-9a-f]{1,4})\/([0-9a-f]{1,4})\/([0-9a-f]{1,4})$/i.exec(spec)?.slice(1);
  // Short forms are scaled with rgb: and shifted with #; the repeat is right for the first and close for the other.
  return parts && `rgb:${parts.map((part) => part.repeat(4).slice(0, 4).toLowerCase()).join("/")}`;
}

/** The colours in force, and which of them the program has changed. */
export interface Colours {
  /** Follows OSC 4, 5, 10..19, 104, 105, 110..119: payload split at `;`, its number first. Questions are skipped. */
  follow(number: number, values: readonly string[]): void;
  /** The report for a question: OSC 4 with an index, OSC 10..19 without; undefined when there is no such colour. */
  report(number: number, index?: number): string | undefined;
  /** Those that the program has changed: `4;1` or `11` to the colour as it wrote it. */
  changed(): (readonly [what: string, colour: string])[];
  reset(): void;
}

/** Of a fresh terminal. */
export function colours(): Colours {
  /** `4;1` or `10` to the colour as the program wrote it. */
  const changed = new Map<string, string>();

  function set(key: string, spec: string | undefined): void {
    // Only what is a colour by its letters is ever sent on again.
    if (spec === undefined || spec === "?" || !/^[\w#:/., -]{1,64}$/.test(spec)) return;
    if (changed.size < MODES_LIMIT || changed.has(key)) changed.set(key, spec);
  }

  function forget(kind: string, indexes: readonly string[]): void {
    if (indexes.length > 0 && indexes[0] !== "")
      for (const index of indexes) changed.delete(`${kind};${Number(index)}`);
    else for (const key of changed.keys()) if (key.startsWith(`${kind};`)) changed.delete(key);
  }

  return {
    follow(number, values) {
      if (number === 4 || number === 5) {
        for (let i = 0; i + 1 < values.length; i += 2) {
          const index = Number(values[i]);
          if (Number.isInteger(index) && index >= 0 && index < 256) set(`${number};${index}`, values[i + 1]);
        }
      } else if (number >= 10 && number <= 19) {
        values.forEach((spec, i) => {
          if (number + i <= 19) set(String(number + i), spec);
        });
      } else if (number === 104 || number === 105) {
        forget(String(number - 100), values);
      } else if (number >= 110 && number <= 119) {
        changed.delete(String(number - 100));
      }
    },
    report(number, index) {
      if (number === 4) {
        if (index === undefined || !(index >= 0 && index < 256)) return undefined;
        return report(changed.get(`4;${index}`) ?? "") ?? palette(index);
      }
      if (number < 10 || number > 19) return undefined;
      // Odd ones out: 11 text background, 14 pointer background, 16 Tektronix background, 17 selection background.
      const standard = [11, 14, 16, 17].includes(number) ? BACKGROUND : FOREGROUND;
      return report(changed.get(String(number)) ?? "") ?? standard;
    },
    changed: () => Array.from(changed),
    reset: () => changed.clear(),
  };
}
