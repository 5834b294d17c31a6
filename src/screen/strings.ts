// Owns which string sequences (OSC, DCS, APC) are questions to the terminal, decided from as few bytes as possible.
import { STRING_LIMIT } from "./limits.ts";

export type StringKind = "osc" | "dcs" | "apc" | "pm" | "sos";

/** What follows ESC (or, less 0x40, C2) to begin each. */
export const STRING_KINDS: ReadonlyMap<number, StringKind> = new Map([
  [0x50, "dcs"],
  [0x58, "sos"],
  [0x5d, "osc"],
  [0x5e, "pm"],
  [0x5f, "apc"],
]);

/** `undecided`: more bytes are needed. The other two stay true whatever follows. */
export type Verdict = "plain" | "query" | "undecided";

/** How far the head of a string is looked at for those whose nature stands at the start. */
const HEAD = 512;

/** How a string begins that tmux hands on to the terminal it runs in; its inner ESC are doubled. */
export const TMUX = "tmux;";

/** OSC numbers that set and report colours: a `?` in place of a value asks (xterm ctlseqs; 21 is kitty's). */
function isColour(number: number): boolean {
  return number === 4 || number === 5 || (number >= 10 && number <= 19) || number === 21;
}

/** Requests of OSC 1337 that iTerm2 answers. */
const ITERM_REQUESTS = ["ReportCellSize", "ReportVariable=", "Capabilities"];

/** Decides on the payload so far; `complete` when nothing of it is missing. */
export function decideString(kind: StringKind, payload: Uint8Array, complete: boolean): Verdict {
  const unless = complete ? "plain" : "undecided";
  if (kind === "pm" || kind === "sos") return "plain";
  if (kind === "apc") return decideGraphics(payload, unless);
  const head = latin1(payload.subarray(0, HEAD));
  if (kind === "dcs") {
    const at = head.search(/[^ -?]/);
    if (at === -1) return head.length > 32 ? "plain" : unless;
    // The passthrough of tmux is told from DECTST and the like by its first word.
    if (head.length < TMUX.length && TMUX.startsWith(head)) return unless;
    // DECRQSS and XTGETTCAP.
    return /^[0-9;]*[$+]q$/.test(head.slice(0, at + 1)) ? "query" : "plain";
  }
  const parts = /^([0-9]{1,5});/.exec(head);
  if (!parts) return /^[0-9]{0,5}$/.test(head) ? unless : "plain";
  const number = Number(parts[1]);
  if (isColour(number)) {
    if (!complete) return "undecided";
    const asks = latin1(payload).split(";").slice(1);
    return asks.some((one) => one === "?" || (number === 21 && one.endsWith("=?"))) ? "query" : "plain";
  }
  return decideOsc(number, head.slice(parts[0].length), unless);
}

/**
 * The verdict on a string of which `payload` has arrived: `ended` when it is over, `well` when not broken off. Beyond
 * `STRING_LIMIT` nothing is undecided any more: what may still become a question is taken for one, and dropped.
 */
export function weigh(kind: StringKind, payload: Uint8Array, ended: boolean, well: boolean): Verdict {
  const long = payload.length > STRING_LIMIT;
  const verdict = decideString(kind, long ? payload.subarray(0, STRING_LIMIT) : payload, well && !long);
  if (verdict !== "undecided") return verdict;
  return long ? "query" : ended ? "plain" : "undecided";
}

function decideOsc(number: number, rest: string, unless: Verdict): Verdict {
  switch (number) {
    case 22: // kitty pointer shapes
    case 50: // font
    case 7501: // program status: `?` asks whether the terminal knows it
      return rest === "" ? unless : rest[0] === "?" ? "query" : "plain";
    case 52: {
      const at = rest.indexOf(";");
      if (at === -1) return rest.length > 32 ? "plain" : unless;
      return at > 32 ? "plain" : at + 1 === rest.length ? unless : rest[at + 1] === "?" ? "query" : "plain";
    }
    case 99: {
      // kitty notifications: metadata, then `;`.
      const at = rest.indexOf(";");
      if (at === -1 && unless === "undecided") return rest.length >= HEAD - 8 ? "plain" : "undecided";
      return /(^|:)p=\?(:|$)/.test(at === -1 ? rest : rest.slice(0, at)) ? "query" : "plain";
    }
    case 1337:
      if (ITERM_REQUESTS.some((request) => rest.startsWith(request))) return "query";
      return ITERM_REQUESTS.some((request) => request.startsWith(rest)) ? unless : "plain";
    default:
      return "plain";
  }
}

/** The kitty graphics query: `a=q` among the control data, which end at `;`. */
function decideGraphics(payload: Uint8Array, unless: Verdict): Verdict {
  if (payload.length === 0) return unless;
  if (payload[0] !== 0x47) return "plain";
  const head = latin1(payload.subarray(0, HEAD));
  const at = head.indexOf(";");
  if (at === -1) {
    if (payload.length >= HEAD) return "plain";
    if (unless === "undecided") return "undecided";
  }
  return /^G(.*,)?a=q(,|$)/.test(at === -1 ? head : head.slice(0, at)) ? "query" : "plain";
}

/**
 * What of a colour query sets something and must still reach a viewer: `OSC 4;1;red;2;?` sets one and asks one.
 * Empty for every other query.
 */
export function settingsIn(kind: StringKind, payload: string): string {
  if (kind !== "osc") return "";
  const [first = "", ...rest] = payload.split(";");
  const number = Number(first);
  if (!isColour(number)) return "";
  const kept: string[] = [];
  if (number === 4 || number === 5) {
    for (let i = 0; i + 1 < rest.length; i += 2) {
      if (rest[i + 1] !== "?") kept.push(`${number};${rest[i]};${rest[i + 1]}`);
    }
  } else if (number === 21) {
    const set = rest.filter((one) => !one.endsWith("=?") && one !== "?");
    if (set.length > 0) kept.push(`21;${set.join(";")}`);
  } else {
    rest.forEach((one, i) => {
      if (one !== "?" && number + i <= 19) kept.push(`${number + i};${one}`);
    });
  }
  return kept.map((one) => `\x1b]${one}\x1b\\`).join("");
}

/** Bytes as characters of the same number. */
export function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1");
}
