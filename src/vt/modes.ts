// The modes that a stream sets and the emulator does not keep: title, mouse, cursor shape, keyboard, colours.
import { type Colours, colours } from "./colours.ts";
import type { Csi } from "./csi.ts";
import { type Keyboard, keyboard } from "./keyboard.ts";
import { MODES_LIMIT, STACK_LIMIT, TITLE_LIMIT } from "./limits.ts";
import type { Picture } from "./picture.ts";

/** Private modes that the emulator keeps, or that do something once instead of lasting. */
const ELSEWHERE = new Set([1, 2, 3, 6, 7, 25, 45, 47, 66, 1004, 1047, 1048, 1049, 2004, 2026]);
const ALTERNATE = new Set([47, 1047, 1049]);

/** Only one of each group is in force: the last set; resetting any of them ends them all. */
const GROUPS: readonly (readonly number[])[] = [
  [9, 1000, 1001, 1002, 1003],
  [1005, 1006, 1015, 1016],
];

export interface Tracker {
  readonly keyboard: Keyboard;
  readonly colours: Colours;
  /** Every CSI sequence the scanner shows. */
  csi(csi: Csi): void;
  /** An OSC string's payload, latin1. */
  osc(payload: string): void;
  /** RIS: everything as at the start, the title apart. */
  reset(): void;
  /** DECSTR. */
  softReset(): void;
  readonly title: string;
  /** The alternate screen is shown; the mode that chose it, else 0. */
  readonly alternate: number;
  /** The DECSCUSR parameter, 0 when not set. */
  readonly cursorStyle: number;
  /** Whether a private mode is set, as far as the program said; undefined when it never did. */
  mode(number: number): boolean | undefined;
  /** The value of an xterm key modifier resource (CSI > Pp ; Pv m), 0 when not set. */
  modifier(resource: number): number;
  /** All that a fresh terminal lacks, as in a picture. */
  state(): Pick<Picture, "title" | "titles" | "colours" | "modifiers"> & {
    readonly private: Picture["modes"]["private"];
    readonly cursorStyle: number;
  };
}

/** UTF-8 that was read as latin1, as text without control characters. */
function textOf(latin1: string): string {
  return Buffer.from(latin1, "latin1")
    .toString("utf8")
    .replace(/[\x00-\x1f\x7f-\x9f]/g, "")
    .slice(0, TITLE_LIMIT);
}

export function tracker(): Tracker {
  const keys = keyboard();
  const palette = colours();
  const modes = new Map<number, boolean>();
  const modifiers = new Map<number, number>();
  let titles: string[] = [];
  let title = "";
  let alternate = 0;
  let cursorStyle = 0;

  function setMode(number: number, on: boolean): void {
    if (ALTERNATE.has(number)) {
      // The stack of the alternate screen lives as long as that screen.
      if (!on) keys.reset(true);
      alternate = on ? alternate || number : 0;
    }
    if (ELSEWHERE.has(number)) return;
    const group = GROUPS.find((one) => one.includes(number));
    if (group) {
      for (const other of group) modes.delete(other);
      if (!on) return;
    }
    modes.delete(number);
    if (modes.size < MODES_LIMIT) modes.set(number, on);
  }

  function setModifier(params: readonly number[]): void {
    if (params.length === 0) modifiers.clear();
    const resource = params[0] ?? 0;
    if (resource > 7) return;
    if (params.length > 1) modifiers.set(resource, Math.min(params[1] ?? 0, 9));
    else modifiers.delete(resource);
  }

  return {
    keyboard: keys,
    colours: palette,
    csi(csi) {
      const { prefix, params, intermediates, final } = csi;
      switch (prefix + intermediates + final) {
        case "?h":
        case "?l":
          for (const number of params) setMode(number, final === "h");
          break;
        case ">m":
          setModifier(params);
          break;
        case ">u":
        case "<u":
        case "=u":
          keys.follow(csi, alternate !== 0);
          break;
        case " q":
          cursorStyle = Math.min(params[0] ?? 0, 6);
          break;
        case "t":
          if (params[0] === 22 && params[1] !== 1) titles = [...titles, title].slice(-STACK_LIMIT);
          else if (params[0] === 23 && params[1] !== 1) title = titles.pop() ?? title;
          break;
      }
    },
    osc(payload) {
      const at = payload.indexOf(";");
      const number = at === -1 ? payload : payload.slice(0, at);
      const rest = at === -1 ? "" : payload.slice(at + 1);
      if (number === "0" || number === "2") title = textOf(rest);
      else if (/^\d{1,3}$/.test(number)) palette.follow(Number(number), at === -1 ? [] : rest.split(";"));
    },
    reset() {
      keys.reset();
      palette.reset();
      modes.clear();
      modifiers.clear();
      titles = [];
      alternate = 0;
      cursorStyle = 0;
    },
    softReset() {
      cursorStyle = 0;
    },
    get title() {
      return title;
    },
    get alternate() {
      return alternate;
    },
    get cursorStyle() {
      return cursorStyle;
    },
    mode: (number) => modes.get(number),
    modifier: (resource) => modifiers.get(resource) ?? 0,
    state: () => ({
      title,
      titles,
      colours: palette.changed(),
      modifiers: Array.from(modifiers),
      private: Array.from(modes),
      cursorStyle,
    }),
  };
}
