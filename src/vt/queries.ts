// Everything a program can ask its terminal, in one table: filters take these out, the headless terminal answers them,
// and a test runs each of them in every form. A sequence that is not here reaches viewers untouched.
import { ENQ, latin1 } from "./bytes.ts";
import type { Csi, Finals } from "./csi.ts";
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

/** Of a string whose beginning is there: a query whatever follows, none whatever follows, or still open. */
type Reading = "query" | "plain" | "undecided";

interface CsiQuery {
  /** Private prefix, intermediates and final byte. */
  readonly csi: string;
  /** Where the same sequence also does other things. */
  readonly when?: (params: readonly number[]) => boolean;
  /** Parameters as programs write them. */
  readonly forms: readonly string[];
}

interface OscQuery {
  /** The numbers it is asked under; "other" are all that stand nowhere else here. */
  readonly osc: readonly number[] | "other";
  /** What stands behind `number;`, as far as it has come; `unless` is the reading where that is not enough. */
  readonly read: (rest: string, unless: "plain" | "undecided") => Reading;
  readonly forms: readonly string[];
}

interface DcsQuery {
  /** Intermediates and final byte. */
  readonly dcs: string;
  readonly forms: readonly string[];
}

interface ApcQuery {
  readonly apc: "G";
  readonly forms: readonly string[];
}

interface EscQuery {
  readonly esc: string;
}

interface ControlQuery {
  readonly control: number;
}

/** One thing that a terminal answers. */
export type Query = CsiQuery | OscQuery | DcsQuery | ApcQuery | EscQuery | ControlQuery;

/** Reports of XTWINOPS; the other numbers move and resize the window. */
const WINDOW_REPORTS = new Set([11, 13, 14, 15, 16, 18, 19, 20, 21]);
/** iTerm2's proprietary escape codes that are answered. */
const ITERM = ["ReportCellSize", "ReportVariable=", "Capabilities", "RequestUpload="];

/**
 * Sources: xterm's ctlseqs where nothing else is said; DEC's VT510 manual (DECRQKT, DECRQKD, DECRQPKFM). What is answered, and how,
 * is `screen/answer.ts`, which has an entry for each name.
 */
export const QUERIES = {
  // Who the terminal is.
  DA1: { csi: "c", forms: ["", "0"] },
  DA2: { csi: ">c", forms: ["", "0"] },
  DA3: { csi: "=c", forms: ["", "0"] },
  DECID: { esc: "Z" },
  /** The answerback text: a name, or whatever a person has set. */
  ENQ: { control: ENQ },
  XTVERSION: { csi: ">q", forms: ["", "0"] },
  XTGETTCAP: { dcs: "+q", forms: ["+q544e", "+q544e;436f"] },
  XTGETXRES: { dcs: "+Q", forms: ["+Q7465726d4e616d65"] },
  // How it stands.
  DSR: { csi: "n", forms: ["5", "6"] },
  DECDSR: { csi: "?n", forms: ["6", "15", "25", "26", "53", "55", "56", "62", "63;1", "75", "85", "996"] },
  DECRQM: { csi: "$p", forms: ["4", "20"] },
  DECRQMprivate: { csi: "?$p", forms: ["1", "25", "1049", "2004", "2026", "2048"] },
  DECRQSS: { dcs: "$q", forms: ["$qm", "$qr", "$q q", '$q"p', '$q"q', "$qt"] },
  DECREQTPARM: { csi: "x", forms: ["", "0", "1"] },
  DECRQPSR: { csi: "$w", forms: ["1", "2"] },
  DECRQTSR: { csi: "$u", forms: ["1", "2"] },
  DECRQUPSS: { csi: "&u", forms: [""] },
  DECRQDE: { csi: '"v', forms: [""] },
  DECRQCRA: { csi: "*y", forms: ["1;1;1;1;2;2"] },
  DECRQLP: { csi: "'|", forms: ["", "1"] },
  DECRQKT: { csi: ",u", forms: ["1"] },
  DECRQKD: { csi: ",w", forms: ["1;1"] },
  DECRQPKFM: { csi: "+x", forms: [""] },
  XTREPORTSGR: { csi: "#|", forms: ["1;1;2;2"] },
  XTREPORTCOLORS: { csi: "#R", forms: [""] },
  XTSMGRAPHICS: { csi: "?S", forms: ["1;1;0", "2;4;0"] },
  XTWINOPS: {
    csi: "t",
    when: ([first = 0]) => WINDOW_REPORTS.has(first),
    forms: ["11", "13", "13;2", "14", "14;2", "15", "16", "18", "19", "20", "21"],
  },
  // How keys are encoded.
  kittyKeyboard: { csi: "?u", forms: [""] },
  XTQMODKEYS: { csi: "?m", forms: ["4"] },
  XTQFMTKEYS: { csi: "?g", forms: ["4"] },
  // kitty's "multiple cursors": without parameters which shapes there are, else which cursors and colours are set.
  kittyCursors: {
    csi: "> q",
    when: (params) =>
      params.length === 0 || (params.length === 1 && (params[0] === 100 || params[0] === 101)),
    forms: ["", "100", "101"],
  },
  // Colours: a `?` in place of a value asks, and other values beside it are set.
  colour: {
    osc: [4, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19],
    read: asksInList,
    forms: ["4;1;?", "4;1;?;2;?", "10;?", "11;?", "011;?", "12;?", "17;?", "19;?", "10;?;?"],
  },
  /** Of bold text and the like; 21 is sw.kovidgoyal.net/kitty/color-stack. */
  otherColour: {
    osc: [5, 21],
    read: asksInList,
    forms: ["5;0;?", "21;foreground=?", "21;1=?;2=?"],
  },
  // What a person has, and a program must not read through whoever watches.
  clipboard: {
    osc: [52],
    read: (rest, unless) => {
      const at = rest.indexOf(";");
      if (at === -1) return rest.length > 32 ? "plain" : unless;
      return at > 32 ? "plain" : at + 1 === rest.length ? unless : rest[at + 1] === "?" ? "query" : "plain";
    },
    forms: ["52;c;?", "52;;?", "52;pc;?"],
  },
  /** sw.kovidgoyal.net/kitty/clipboard: also a write is answered, with its status. */
  kittyClipboard: {
    osc: [5522],
    read: () => "query",
    forms: ["5522;type=read;dGV4dC9wbGFpbg==", "5522;type=write"],
  },
  /** sw.kovidgoyal.net/kitty/file-transfer-protocol: every command is answered. */
  kittyFiles: { osc: [5113], read: () => "query", forms: ["5113;ac=send;id=1"] },
  // sw.kovidgoyal.net/kitty/pointer-shapes and desktop-notifications.
  pointer: { osc: [22], read: asksAtOnce, forms: ["22;?", "22;?__current__,text"] },
  font: { osc: [50], read: asksAtOnce, forms: ["50;?", "50;?+1"] },
  notifications: {
    osc: [99],
    read: (rest, unless) => {
      const at = rest.indexOf(";");
      if (at === -1 && unless === "undecided") return rest.length >= HEAD - 8 ? "plain" : "undecided";
      return /(^|:)p=\?(:|$)/.test(at === -1 ? rest : rest.slice(0, at)) ? "query" : "plain";
    },
    forms: ["99;i=1:p=?;", "99;p=?:i=1;", "99;p=?"],
  },
  /** Whether status reports are understood; asked by claude 2.1, sent by codex 0.169. */
  programStatus: { osc: [7501], read: asksAtOnce, forms: ["7501;?"] },
  features: { osc: [60, 61], read: () => "query", forms: ["60", "61;allowColorOps"] },
  iTerm: {
    osc: [1337],
    read: (rest, unless) => {
      if (ITERM.some((request) => rest.startsWith(request))) return "query";
      return ITERM.some((request) => request.startsWith(rest)) ? unless : "plain";
    },
    forms: [
      "1337;ReportCellSize",
      "1337;ReportVariable=bmFtZQ==",
      "1337;Capabilities",
      "1337;RequestUpload=format=tgz",
    ],
  },
  // rxvt's numbers from 700 on, and whatever comes: a lone `?` asks.
  otherOsc: {
    osc: "other",
    read: (rest, unless) =>
      rest === "?" ? (unless === "plain" ? "query" : unless) : rest === "" ? unless : "plain",
    forms: ["702;?", "708;?", "39;?"],
  },
  /** sw.kovidgoyal.net/kitty/rc_protocol; a terminal that refuses says so. */
  kittyRemote: { dcs: "@", forms: ['@kitty-cmd{"cmd":"ls","version":[0,26,0]}'] },
  /** sw.kovidgoyal.net/kitty/graphics-protocol: `a=q` asks, and what has an id is answered too, unless `q=2`. */
  kittyGraphics: {
    apc: "G",
    forms: [
      "Gi=31,s=1,v=1,a=q,t=d,f=24;AAAA",
      "Ga=q,i=1;AAAA",
      "Ga=T,i=7,f=100;AAAA",
      "GI=3,a=t;AAAA",
      "Gi=1,q=1;AAAA",
    ],
  },
} as const satisfies Readonly<Record<string, Query>>;

export type QueryName = keyof typeof QUERIES;

/** Strings of text, which may well be a `?`: titles, directory, link, notifications, shell integration. */
const TEXTS = new Set([0, 1, 2, 3, 6, 7, 8, 9, 66, 133, 633, 777]);

/** How far the head of a string is looked at for those whose nature stands at the start. */
const HEAD = 512;
/** A DCS whose parameters go on for longer is none of these. */
const MOST_DCS_PARAMS = 32;

/** How a string begins that tmux hands on to the terminal it runs in; its inner ESC are doubled. */
export const TMUX = "tmux;";

function asksAtOnce(rest: string, unless: "plain" | "undecided"): Reading {
  return rest === "" ? unless : rest[0] === "?" ? "query" : "plain";
}

function asksInList(rest: string, unless: "plain" | "undecided"): Reading {
  if (unless === "undecided") return "undecided";
  return rest.split(";").some((one) => one === "?" || one.endsWith("=?")) ? "query" : "plain";
}

const byCsi = new Map<string, readonly [QueryName, CsiQuery]>();
const byDcs = new Map<string, QueryName>();
const byOsc = new Map<number, readonly [QueryName, OscQuery]>();
for (const [key, query] of Object.entries<Query>(QUERIES)) {
  // The keys of the table above.
  const name = key as QueryName;
  if ("csi" in query) byCsi.set(query.csi, [name, query]);
  else if ("dcs" in query) byDcs.set(query.dcs, name);
  else if ("osc" in query && query.osc !== "other")
    for (const number of query.osc) byOsc.set(number, [name, query]);
}

/** Which query a CSI sequence is, if it is one. */
export function csiQuery({ prefix, intermediates, final, params }: Csi): QueryName | undefined {
  const found = byCsi.get(prefix + intermediates + final);
  return found && (found[1].when?.(params) ?? true) ? found[0] : undefined;
}

/** Those of queries, and `more` of each kind. */
export function finals(more: { readonly prefixed?: string; readonly bare?: string } = {}): Finals {
  const table = (letters: string) => {
    const read = new Uint8Array(128);
    for (const letter of letters) read[letter.charCodeAt(0)] = 1;
    return read;
  };
  const kinds = Array.from(byCsi.keys(), (kind) => [/^[<-?]/.test(kind), kind.at(-1) ?? ""] as const);
  const asked = (prefixed: boolean) => kinds.map(([has, final]) => (has === prefixed ? final : "")).join("");
  return {
    prefixed: table(asked(true) + (more.prefixed ?? "")),
    bare: table(asked(false) + (more.bare ?? "")),
  };
}

/** What a string is: `overlong` may have become a query, but there is more of it than anybody looks at. */
export type Verdict = QueryName | "plain" | "overlong";

/**
 * The verdict on a string of which `payload` has arrived: `ended` when it is over, `well` when not broken off. Beyond
 * `STRING_LIMIT` nothing is undecided any more.
 */
export function weigh(
  kind: StringKind,
  payload: Uint8Array,
  ended: boolean,
  well: boolean,
): Verdict | "undecided" {
  const long = payload.length > STRING_LIMIT;
  const seen = long ? payload.subarray(0, STRING_LIMIT) : payload;
  const verdict = verdictOn(kind, seen, well && !long ? "plain" : "undecided");
  if (verdict !== "undecided") return verdict;
  return long ? "overlong" : ended ? "plain" : "undecided";
}

/** `unless`: the verdict where more bytes are needed. */
function verdictOn(
  kind: StringKind,
  payload: Uint8Array,
  unless: "plain" | "undecided",
): Verdict | "undecided" {
  if (kind === "pm" || kind === "sos") return "plain";
  if (kind === "apc") return graphics(payload, unless);
  const head = latin1(payload.subarray(0, HEAD));
  if (kind === "dcs") {
    const at = head.search(/[^ -?]/);
    if (at === -1) return head.length > MOST_DCS_PARAMS ? "plain" : unless;
    // The passthrough of tmux is told from DECTST and the like by its first word.
    if (head.length < TMUX.length && TMUX.startsWith(head)) return unless;
    return byDcs.get(head.slice(0, at + 1).replace(/^[\d;:]+/, "")) ?? "plain";
  }
  const digits = /^\d{0,5}/.exec(head)?.[0] ?? "";
  const next = head[digits.length];
  if (next === undefined && unless === "undecided") return unless;
  if (digits === "" || (next !== undefined && next !== ";")) return "plain";
  const number = Number(digits);
  if (TEXTS.has(number)) return "plain";
  const [name, { read }] = byOsc.get(number) ?? (["otherOsc", QUERIES.otherOsc] as const);
  // A list of colours may ask at its very end.
  const all = read === asksInList ? latin1(payload) : head;
  const reading = read(all.slice(digits.length + 1), unless);
  return reading === "query" ? name : reading;
}

function graphics(payload: Uint8Array, unless: "plain" | "undecided"): Verdict | "undecided" {
  if (payload.length === 0) return unless;
  if (payload[0] !== 0x47) return "plain";
  const head = latin1(payload.subarray(1, HEAD));
  const at = head.indexOf(";");
  if (at === -1) {
    if (payload.length >= HEAD) return "plain";
    if (unless === "undecided") return "undecided";
  }
  const control = new Map(
    (at === -1 ? head : head.slice(0, at)).split(",").map((one) => [one[0], one.slice(2)]),
  );
  if (control.get("a") === "q") return "kittyGraphics";
  const named = Number(control.get("i") ?? 0) > 0 || Number(control.get("I") ?? 0) > 0;
  return named && control.get("a") !== "d" && control.get("q") !== "2" ? "kittyGraphics" : "plain";
}

/**
 * What of a colour query sets something and must still reach a viewer: `OSC 4;1;red;2;?` sets one and asks one.
 * Empty for every other query.
 */
export function settingsIn(asked: Verdict, payload: string): string {
  if (asked !== "colour" && asked !== "otherColour") return "";
  const [first = "", ...rest] = payload.split(";");
  const number = Number(first);
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
