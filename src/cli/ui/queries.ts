// Owns keeping a harness's questions from the person's terminal: its answers would be typed into whatever reads the keyboard.

/** Takes questions out of a byte stream, chunk by chunk. */
export interface QueryFilter {
  convert(chunk: Uint8Array): Uint8Array;
  /** What closes a string the stream left open; a sequence that never ended is dropped. */
  end(): Uint8Array;
}

/** The longest sequence that is looked at whole, in bytes. What is longer is decided by its beginning. */
const MOST_HELD = 1024;

const [BEL, CAN, SUB, ESC, C1_LEAD] = [0x07, 0x18, 0x1a, 0x1b, 0xc2];
/** ENQ: a terminal answers with its answerback text. */
const ENQ = 0x05;

/**
 * CSI sequences a terminal answers (xterm's ctlseqs, kitty's keyboard protocol): DA1-3, DSR, kitty's flags, DECRQM, window
 * reports, XTVERSION, DECREQTPARM, XTSMGRAPHICS, XTQMODKEYS, DECRQPSR and DECRQTSR, DECRQUPSS, DECRQCRA, XTREPORTCOLORS.
 */
const CSI_QUERY =
  /^(?:[>=]?[\d;:]*c|\??[\d;:]*n|\?[\d;:]*u|\??[\d;:]*\$p|0*(?:1[1345689]|2[01])(?:[;:][\d;:]*)?t|>[\d;:]*q|[\d;:]*x|\?[\d;:]*[Sm]|[\d;:]*\$[wu]|[\d;:]*&u|[\d;:]*\*y|[\d;:]*#R)$/;
/** DECRQSS and XTGETTCAP. */
const DCS_QUERY = /^[\d;:]*[$+][qQ]/;
/** Titles, directories, links, notes and prompts: their text may well hold a question mark. */
const OSC_TEXT = /^0*(?:0|1|2|7|8|9|133|777)(?:;|$)/;
/** Colours, the clipboard, fonts; iTerm2's reports. */
const OSC_QUERY = /[;=]\?(?:;|$)|^1337;(?:Report|Request)/;
/** What is too long to be looked at whole and is no question all the same: text, a clipboard or a picture being set. */
const OSC_LONG = /^(?:52;[^;]*;[^?]|1337;(?:File|MultipartFile|FilePart)=)/;

type Kind = "csi" | "osc" | "dcs" | "apc" | "other";
const OPENS: Readonly<Record<number, Kind>> = {
  91: "csi",
  93: "osc",
  80: "dcs",
  95: "apc",
  88: "other",
  94: "other",
};

/** A fresh filter; one per stream. Both forms of C1 are understood, `ESC [` and U+009B in UTF-8. */
export function queryFilter(): QueryFilter {
  /** What we are in; undefined between sequences. */
  let kind: Kind | "escape" | undefined;
  /** Of a sequence under way: held back, already let through, or thrown away. */
  let fate: "hold" | "pass" | "drop" = "hold";
  let introducer: number[] = [];
  let body: number[] = [];
  let stringEscape = false;
  let lead = false;
  let out: number[] = [];

  const text = () => String.fromCharCode(...body);
  const close = () => {
    kind = undefined;
    fate = "hold";
    introducer = [];
    body = [];
    stringEscape = false;
  };
  const open = (as: Kind | "escape", ...bytes: number[]) => {
    close();
    kind = as;
    introducer = bytes;
  };
  const release = (...end: number[]) => out.push(...introducer, ...body, ...end);

  function show(byte: number): void {
    if (byte !== ENQ) out.push(byte);
  }

  /** A string's end came, as these bytes. */
  function finish(...end: number[]): void {
    if (fate === "pass") out.push(...end);
    else if (fate === "hold" && !asks(kind, text())) release(...end);
    close();
  }

  /** Something else begins in its middle: the terminal drops what it had, so what it already got is closed. */
  function abandon(): void {
    if (fate === "pass") out.push(ESC, 0x5c);
    close();
  }

  function keep(byte: number): void {
    if (fate === "pass") out.push(byte);
    if (fate !== "hold") return;
    body.push(byte);
    if (body.length < MOST_HELD) return;
    fate = kind !== "csi" && mayPassLong(kind, text()) ? "pass" : "drop";
    if (fate === "pass") release();
  }

  function afterEscape(byte: number): void {
    const opened = OPENS[byte];
    close();
    if (opened) open(opened, ESC, byte);
    // DECID asks as DA1 does.
    else if (byte !== 0x5a) out.push(ESC, byte);
  }

  function csi(byte: number): void {
    if (byte < 0x40 || byte > 0x7e) {
      if (byte !== 0x7f) keep(byte);
      return;
    }
    if (fate === "hold" && !CSI_QUERY.test(text() + String.fromCharCode(byte))) release(byte);
    close();
  }

  /** One byte that is no part of a C1 control. */
  function take(byte: number): void {
    if (stringEscape) {
      stringEscape = false;
      if (byte === 0x5c) {
        finish(ESC, byte);
        return;
      }
      abandon();
      open("escape", ESC);
    }
    const inString = kind !== undefined && kind !== "csi" && kind !== "escape";
    if (byte === CAN || byte === SUB) {
      abandon();
      out.push(byte);
    } else if (inString) {
      if (byte === ESC) stringEscape = true;
      else if (byte === BEL && kind === "osc") finish(BEL);
      else keep(byte);
    } else if (byte === ESC) open("escape", ESC);
    // Controls act at once, and a sequence goes on around them.
    else if (kind === undefined || byte < 0x20) show(byte);
    else if (kind === "csi") csi(byte);
    else afterEscape(byte);
  }

  /** A C1 control in UTF-8, by its second byte. True when it was one that matters here. */
  function control(byte: number): boolean {
    const opened = OPENS[byte - 0x40];
    const inString = kind !== undefined && kind !== "csi" && kind !== "escape";
    if (byte === 0x9c && inString) finish(C1_LEAD, byte);
    else if (byte === 0x9a) abandon();
    else if (opened) {
      abandon();
      open(opened, C1_LEAD, byte);
    } else return false;
    return true;
  }

  return {
    convert(chunk) {
      const plain = kind === undefined && !lead;
      if (plain && [ESC, C1_LEAD, ENQ].every((byte) => !chunk.includes(byte))) return chunk;
      out = [];
      for (const byte of chunk) {
        if (lead) {
          lead = false;
          if (control(byte)) continue;
          take(C1_LEAD);
        }
        if (byte === C1_LEAD) lead = true;
        else take(byte);
      }
      return Uint8Array.from(out);
    },
    end() {
      out = lead && kind === undefined ? [C1_LEAD] : [];
      lead = false;
      abandon();
      return Uint8Array.from(out);
    },
  };
}

/** Whether a terminal answers this string. Every kitty picture (`APC G`) is answered unless it says otherwise. */
function asks(kind: string | undefined, body: string): boolean {
  if (kind === "dcs") return DCS_QUERY.test(body);
  if (kind === "apc") return body.startsWith("G");
  return kind === "osc" && !OSC_TEXT.test(body) && OSC_QUERY.test(body);
}

function mayPassLong(kind: string | undefined, beginning: string): boolean {
  if (kind === "osc") return OSC_TEXT.test(beginning) || OSC_LONG.test(beginning);
  return !asks(kind, beginning);
}
