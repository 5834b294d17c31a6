// Owns what the terminal says when a program asks: one reply for each question, or a reasoned silence.

import { answerMode } from "./answer-mode.ts";
import type { Csi } from "./csi.ts";
import type { Core } from "./emulator.ts";
import type { StringKind } from "./strings.ts";
import { sgrOf } from "./style.ts";
import type { Tracker } from "./tracker.ts";

/** A terminal without pixels still has to name a cell size; this is a common one, in pixels. */
const CELL = { width: 10, height: 20 };

/** What XTVERSION says. Not "xterm.js": programs take that for an editor's terminal and change how they scroll. */
const NAME = "coven";

/** DA1 and DA2 as xterm.js sends them, which is what programs meet in every editor: VT100 with AVO; xterm patch 276. */
const DA1 = "\x1b[?1;2c";
const DA2 = "\x1b[>0;276;0c";

/** DSR questions of DEC kind (vt100.net, DSR): nothing of the kind is there, or it is ready. */
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

export interface Answers {
  csi(csi: Csi): string;
  /** DECID. */
  identify(): string;
  /** `payload` undefined when it was longer than anybody's question. */
  string(kind: StringKind, payload: string | undefined, bell: boolean): string;
}

export function answers(core: Core, tracked: Tracker): Answers {
  function position(dec: boolean): string {
    const { active } = core.buffers;
    const top = core.coreService.decPrivateModes.origin ? active.scrollTop : 0;
    return `\x1b[${dec ? "?" : ""}${active.y - top + 1};${Math.min(active.x, core.cols - 1) + 1}R`;
  }

  function status(dec: boolean, what: number): string {
    if (what === 6) return position(dec);
    if (!dec) return what === 5 ? "\x1b[0n" : "";
    if (what === 63) return "\x1bP1!~0000\x1b\\";
    const device = DEVICES[what];
    return device === undefined ? "" : `\x1b[${device}${device.endsWith("{") ? "" : "n"}`;
  }

  function window(what: number): string {
    const { rows, cols } = core;
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
    const { active } = core.buffers;
    const attributes = core._inputHandler._curAttrData;
    switch (what) {
      case "m":
        return `\x1bP1$r${sgrOf(attributes.fg, attributes.bg, attributes.extended)}m\x1b\\`;
      case "r":
        return `\x1bP1$r${active.scrollTop + 1};${active.scrollBottom + 1}r\x1b\\`;
      case " q":
        return `\x1bP1$r${tracked.cursorStyle} q\x1b\\`;
      case '"p':
        return '\x1bP1$r61;1"p\x1b\\';
      case '"q':
        return `\x1bP1$r${attributes.bg & 0x20000000 ? 1 : 0}"q\x1b\\`;
      case "t":
        return `\x1bP1$r${core.rows}t\x1b\\`;
      default:
        return "\x1bP0$r\x1b\\";
    }
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

  function colour(number: number, values: readonly string[], end: string): string {
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

  function osc(payload: string, end: string): string {
    const [first = "", ...values] = payload.split(";");
    switch (first) {
      case "7501":
        // The same bytes say "understood"; claude then reports its status (seen with 2.1.329).
        return `\x1b]${payload}${end}`;
      case "52":
        // Whoever watches keeps the clipboard to themselves: it is empty.
        return `\x1b]52;${/^[a-z0-9]{0,16}$/.test(values[0] ?? "") ? values[0] : "c"};${end}`;
      case "1337":
        return values[0] === "ReportCellSize"
          ? `\x1b]1337;ReportCellSize=${CELL.height}.0;${CELL.width}.0;1.0${end}`
          : "";
      default:
        return colour(Number(first), values, end);
    }
  }

  return {
    identify: () => DA1,
    csi({ prefix, params, intermediates, final }) {
      const first = params[0] ?? 0;
      switch (prefix + intermediates + final) {
        case "c":
          return first === 0 ? DA1 : "";
        case ">c":
          return first === 0 ? DA2 : "";
        case "=c":
          return first === 0 ? "\x1bP!|00000000\x1b\\" : "";
        case "n":
          return status(false, first);
        case "?n":
          return status(true, first);
        case "$p":
        case "?$p":
          return answerMode(core, tracked, prefix, first);
        case ">q":
          return first === 0 ? `\x1bP>|${NAME}\x1b\\` : "";
        case "?u":
          return `\x1b[?${tracked.keyboard.flags(tracked.alternate !== 0)}u`;
        case "t":
          return window(first);
        case "x":
          return first < 2 ? `\x1b[${first + 2};1;1;128;128;1;0x` : "";
        case "?m":
          return `\x1b[>${first};${tracked.modifier(first)}m`;
        case "?S":
          return `\x1b[?${first};3;0S`; // no graphics
        default:
          return ""; // reports nobody waits for: a terminal without them is silent too
      }
    },
    string(kind, payload, bell) {
      const end = bell ? "\x07" : "\x1b\\";
      if (kind === "osc") return payload === undefined ? "" : osc(payload, end);
      // The kitty graphics query stays unanswered: any answer, an error too, says that we speak the protocol, and
      // its silence is what programs wait for with the DA1 they send behind it (kitty, graphics protocol).
      if (kind !== "dcs") return "";
      const at = payload?.indexOf("q") ?? -1;
      const what = payload?.slice(at + 1) ?? "";
      if (payload?.[at - 1] === "$") return setting(what);
      return payload === undefined ? "\x1bP0+r\x1b\\" : what.split(";").map(capability).join("");
    },
  };
}
