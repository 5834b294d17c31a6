// The modes that a stream sets and the emulator does not keep: title, mouse, cursor shape, keyboard, colours.
import { type Colours, colours } from "./colours.ts";
import type { Csi } from "./csi.ts";
import { type Keyboard, keyboard } from "./keyboard.ts";
import { MODES_LIMIT, STACK_LIMIT, TITLE_LIMIT } from "./limits.ts";
import type { Picture } from "./picture.ts";

interface PrivateMode {
  /** The headless emulator acts on it, so that its state is the emulator's to say. */
  readonly kept?: true;
  /** On in a fresh terminal. */
  readonly on?: true;
  /** Does something once instead of lasting. */
  readonly once?: true;
  /** Chooses the alternate screen. */
  readonly alternate?: true;
  /** Only one of a group is in force: the last set; resetting any of them ends them all. */
  readonly group?: "mouse" | "mouse encoding";
  /** Only a viewer's terminal acts on it; DECRQM is answered with what the program did. */
  readonly handedOn?: true;
  /** Reset in a person's terminal whatever was seen: what is left of it there is a nuisance. */
  readonly undone?: true;
}

/** The private modes (DECSET) that somebody here has to know more of than whether they are set; xterm's ctlseqs. */
export const PRIVATE_MODES: Readonly<Record<number, PrivateMode>> = {
  1: { kept: true, undone: true }, // DECCKM, cursor keys
  2: { once: true }, // DECANM
  3: { once: true }, // DECCOLM
  5: { undone: true }, // DECSCNM, reverse video
  6: { kept: true }, // DECOM, origin
  7: { kept: true, on: true }, // DECAWM, wrapping
  9: { group: "mouse", handedOn: true, undone: true },
  12: { handedOn: true }, // blinking cursor
  25: { kept: true, on: true }, // DECTCEM, cursor
  45: { kept: true }, // reverse wrapping
  47: { alternate: true },
  66: { kept: true }, // DECNKM, keypad
  1000: { group: "mouse", handedOn: true, undone: true },
  1001: { group: "mouse", undone: true },
  1002: { group: "mouse", handedOn: true, undone: true },
  1003: { group: "mouse", handedOn: true, undone: true },
  1004: { kept: true, undone: true }, // focus
  1005: { group: "mouse encoding", handedOn: true, undone: true },
  1006: { group: "mouse encoding", handedOn: true, undone: true },
  1007: { handedOn: true }, // wheel as cursor keys on the alternate screen
  1015: { group: "mouse encoding", handedOn: true, undone: true },
  1016: { group: "mouse encoding", handedOn: true, undone: true },
  1047: { alternate: true },
  1048: { once: true }, // DECSC and DECRC
  1049: { alternate: true },
  2004: { kept: true, undone: true }, // bracketed paste
  2026: { kept: true }, // synchronised output
  2031: { handedOn: true }, // theme reports
};

export interface Tracker {
  readonly keyboard: Keyboard;
  readonly colours: Colours;
  /** Every CSI sequence the scanner shows. */
  csi(csi: Csi): void;
  /** An OSC string's payload, latin1. */
  osc(payload: string): void;
  /** HTS. */
  setTab(): void;
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
  /** All that are set. */
  set(): number[];
  /** Tab stops are not where they were. */
  readonly tabs: boolean;
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

/** Of a fresh terminal. */
export function tracker(): Tracker {
  const keys = keyboard();
  const palette = colours();
  const modes = new Map<number, boolean>();
  const modifiers = new Map<number, number>();
  let titles: string[] = [];
  let title = "";
  let alternate = 0;
  let cursorStyle = 0;
  let tabs = false;

  function setMode(number: number, on: boolean): void {
    const known = PRIVATE_MODES[number] ?? {};
    if (known.alternate) {
      // The stack of the alternate screen lives as long as that screen.
      if (!on) keys.reset(true);
      alternate = on ? alternate || number : 0;
    }
    if (known.alternate || known.once) return;
    if (known.group) {
      for (const other of modes.keys()) if (PRIVATE_MODES[other]?.group === known.group) modes.delete(other);
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
        case "g":
          tabs = true;
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
      tabs = false;
    },
    setTab() {
      tabs = true;
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
    set: () => Array.from(modes).flatMap(([number, on]) => (on ? [number] : [])),
    get tabs() {
      return tabs;
    },
    modifier: (resource) => modifiers.get(resource) ?? 0,
    state: () => ({
      title,
      titles,
      colours: palette.changed(),
      modifiers: Array.from(modifiers),
      private: Array.from(modes).filter(([number]) => !PRIVATE_MODES[number]?.kept),
      cursorStyle,
    }),
  };
}
