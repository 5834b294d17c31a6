// What the terminal says when a program asks: one reply to each query of the table, or a reasoned silence.

import type { Tracker } from "../vt/modes.ts";
import type { QueryName } from "../vt/queries.ts";
import { answerMode } from "./answer-mode.ts";
import type { Emulator } from "./emulator.ts";

/** A terminal without pixels still has to name a cell size; this is a common one, in pixels. */
const CELL = { width: 10, height: 20 };

/** What XTVERSION says. Not "xterm.js": programs take that for an editor's terminal and change how they scroll. */
const NAME = "coven";

/** DA1 and DA2 as xterm.js sends them, which is what programs meet in every editor: VT100 with AVO; xterm patch 276. */
const DA1 = "\x1b[?1;2c";

/** DSR queries of DEC kind (vt100.net, DSR): nothing of the kind is there, or it is ready. */
const DEVICES: Readonly<Record<number, string>> = {
  15: "?13", // no printer
  25: "?20", // user-defined keys unlocked
  26: "?27;1;0;0", // North American keyboard
  53: "?50", // no locator
  55: "?50",
  56: "?57;0",
  62: "0*{", // macro space
  63: "", // memory checksum
  75: "?70", // ready, no malfunction
  85: "?83", // not configured for multiple sessions
  996: "?997;1", // dark (contour-terminal.org, VT extension colour palette updates)
};

/** A query as it was written. */
export interface Question {
  /** Of a CSI sequence. */
  readonly params: readonly number[];
  /** Of a string, latin1. */
  readonly payload: string;
  /** What ends a string in answer to this one. */
  readonly end: string;
}

/** The reply to each query; empty where a terminal without the feature is silent too. */
export type Answers = Readonly<Record<QueryName, (question: Question) => string>>;

/** Answers from what the emulator shows now and what the program has set. */
export function answers(emulator: Emulator, tracked: Tracker): Answers {
  function position(dec: boolean): string {
    const { x, y } = emulator.cursor;
    const top = emulator.privateMode(6) ? emulator.margins[0] : 0;
    return `\x1b[${dec ? "?" : ""}${y - top + 1};${x + 1}R`;
  }

  function status(dec: boolean, what: number): string {
    if (what === 6) return position(dec);
    if (!dec) return what === 5 ? "\x1b[0n" : "";
    if (what === 63) return "\x1bP1!~0000\x1b\\";
    const device = DEVICES[what];
    return device === undefined ? "" : `\x1b[${device}${device.endsWith("{") ? "" : "n"}`;
  }

  function window(what: number): string {
    const { rows, cols } = emulator;
    switch (what) {
      case 11:
        return "\x1b[1t";
      case 13:
        return "\x1b[3;0;0t";
      case 14:
        return `\x1b[4;${rows * CELL.height};${cols * CELL.width}t`;
      case 15:
        return `\x1b[5;${rows * CELL.height};${cols * CELL.width}t`;
      case 16:
        return `\x1b[6;${CELL.height};${CELL.width}t`;
      case 18:
        return `\x1b[8;${rows};${cols}t`;
      case 19:
        return `\x1b[9;${rows};${cols}t`;
      case 20:
        // Never the title itself: echoed to the program's input it is a way in.
        return "\x1b]L\x1b\\";
      default:
        return "\x1b]l\x1b\\";
    }
  }

  function setting(what: string): string {
    const { pen, margins, rows } = emulator;
    const settings: Readonly<Record<string, string>> = {
      m: `${pen.sgr}m`,
      r: `${margins[0] + 1};${margins[1] + 1}r`,
      " q": `${tracked.cursorStyle} q`,
      '"p': '61;1"p',
      '"q': `${pen.protected ? 1 : 0}"q`,
      t: `${rows}t`,
    };
    return Object.hasOwn(settings, what) ? `\x1bP1$r${settings[what]}\x1b\\` : "\x1bP0$r\x1b\\";
  }

  /** XTGETTCAP: names in hex, each answered on its own as kitty and foot do; what we don't know is refused. */
  function capability(name: string): string {
    const known: Readonly<Record<string, string>> = {
      TN: "xterm-256color",
      Co: "256",
      colors: "256",
      RGB: "8/8/8",
    };
    const plain = /^(?:[0-9a-f]{2})+$/i.test(name) ? Buffer.from(name, "hex").toString("latin1") : "";
    const value = Object.hasOwn(known, plain) ? known[plain] : undefined;
    if (value === undefined) return `\x1bP0+r${/^[0-9a-f]{0,64}$/i.test(name) ? name : ""}\x1b\\`;
    return `\x1bP1+r${name}=${Buffer.from(value, "latin1").toString("hex").toUpperCase()}\x1b\\`;
  }

  function colour({ payload, end }: Question): string {
    const [first, ...values] = payload.split(";");
    const number = Number(first);
    const { colours } = tracked;
    let out = "";
    if (number === 4) {
      for (let i = 0; i + 1 < values.length; i += 2) {
        const report = values[i + 1] === "?" ? colours.report(4, Number(values[i] || Number.NaN)) : undefined;
        if (report) out += `\x1b]4;${Number(values[i])};${report}${end}`;
      }
    } else if (number >= 10 && number <= 19) {
      values.forEach((value, i) => {
        const report = value === "?" ? colours.report(number + i) : undefined;
        if (report) out += `\x1b]${number + i};${report}${end}`;
      });
    }
    return out;
  }

  /** Of what is asked with one parameter, the only value that has an answer. */
  const whenZero =
    (text: string) =>
    ({ params }: Question): string =>
      (params[0] ?? 0) === 0 ? text : "";
  const first = ({ params }: Question): number => params[0] ?? 0;
  const silence = (): string => "";

  return {
    DA1: whenZero(DA1),
    DA2: whenZero("\x1b[>0;276;0c"),
    DA3: whenZero("\x1bP!|00000000\x1b\\"),
    DECID: () => DA1,
    XTVERSION: whenZero(`\x1bP>|${NAME}\x1b\\`),
    XTGETTCAP: ({ payload }) =>
      payload
        .replace(/^[^q]*q/, "")
        .split(";")
        .map(capability)
        .join(""),
    XTGETXRES: ({ payload }) => `\x1bP0+R${/^\+Q([0-9a-f;]{0,256})$/i.exec(payload)?.[1] ?? ""}\x1b\\`,
    DSR: (question) => status(false, first(question)),
    DECDSR: (question) => status(true, first(question)),
    DECRQM: (question) => answerMode(emulator, tracked, "", first(question)),
    DECRQMprivate: (question) => answerMode(emulator, tracked, "?", first(question)),
    DECRQSS: ({ payload }) => setting(payload.replace(/^[^q]*q/, "")),
    DECREQTPARM: (question) => (first(question) < 2 ? `\x1b[${first(question) + 2};1;1;128;128;1;0x` : ""),
    DECRQDE: () => `\x1b[${emulator.rows};${emulator.cols};1;1;1"w`,
    XTSMGRAPHICS: (question) => `\x1b[?${first(question)};3;0S`, // no graphics
    XTWINOPS: (question) => window(first(question)),
    kittyKeyboard: () => `\x1b[?${tracked.keyboard.flags(tracked.alternate !== 0)}u`,
    XTQMODKEYS: (question) => `\x1b[>${first(question)};${tracked.modifier(first(question))}m`,
    colour,
    // Whoever watches keeps the clipboard to themselves: it is empty.
    clipboard: ({ payload, end }) => `\x1b]52;${/^52;([a-z0-9]{1,16});/.exec(payload)?.[1] ?? "c"};${end}`,
    // The same bytes say "understood"; claude then reports its status (seen with 2.1.329).
    programStatus: ({ payload, end }) => `\x1b]${payload}${end}`,
    iTerm: ({ payload, end }) =>
      payload.startsWith("1337;ReportCellSize")
        ? `\x1b]1337;ReportCellSize=${CELL.height}.0;${CELL.width}.0;1.0${end}`
        : "",
    // Any answer, an error too, says that we speak the protocol; its silence is what programs wait for with the DA1 they
    // send behind it (kitty, graphics protocol).
    kittyGraphics: silence,
    // Reports nobody waits for: a terminal without them is silent too.
    ENQ: silence,
    DECRQPSR: silence,
    DECRQTSR: silence,
    DECRQUPSS: silence,
    DECRQCRA: silence,
    DECRQLP: silence,
    DECRQKT: silence,
    DECRQKD: silence,
    DECRQPKFM: silence,
    XTREPORTSGR: silence,
    XTREPORTCOLORS: silence,
    XTQFMTKEYS: silence,
    kittyCursors: silence,
    kittyClipboard: silence,
    kittyFiles: silence,
    kittyRemote: silence,
    otherColour: silence,
    pointer: silence,
    font: silence,
    notifications: silence,
    features: silence,
    otherOsc: silence,
  };
}
