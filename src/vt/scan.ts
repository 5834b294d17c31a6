// A terminal stream cut into text, control sequences and strings, at any chunk border, in bounded memory.
import { BEL, C1_LEAD, ESC, latin1, NOTHING } from "./bytes.ts";

import { type Finals, readCsi } from "./csi.ts";

import { Hold } from "./hold.ts";
import { SEQUENCE_LIMIT, STRING_LIMIT } from "./limits.ts";
import { Outlet } from "./outlet.ts";
import {
  csiQuery,
  finals,
  QUERIES,
  STRING_KINDS,
  type StringKind,
  TMUX,
  type Verdict,
  weigh,
} from "./queries.ts";
import { endsWell, nextEnder, nextIntroducer, reachOf } from "./reach.ts";
import type { Sink } from "./sink.ts";
import { unfinishedTail } from "./utf8.ts";

const CSI = 0x5b;
const QUERY_FINALS = finals();

/**
 * A VT500 parser (vt100.net/emu/dec_ansi_parser) that keeps bytes instead of meaning. C1 controls count when they
 * are written in UTF-8 (C2 80..9F), as in xterm; a raw byte 80..9F is broken UTF-8 and never a control.
 */
export class Scanner {
  private readonly out: Outlet;
  /** Behind the last sequence in `bytes`. */
  private text = 0;
  /** Bytes of something undecided at the end of a chunk; scanned again with the next. */
  private pending: Uint8Array = NOTHING;
  /** The open string; its introducer and payload are in `hold`. */
  private open: { kind: StringKind; asked: Verdict; doubled: boolean; lost: boolean } | undefined;
  private readonly hold: Hold;
  /** Inside a sequence longer than the limit. */
  private dropping = false;
  /** `pending` is the ESC that ended a question; the backslash after it goes too. */
  private askedEnd = false;
  /** Of `bytes`: so many are from chunks before; where the sequence in hand begins. */
  private before = 0;
  private begun = 0;
  /** The last bytes of text, at most 3. */
  private tail: Uint8Array = NOTHING;

  /**
   * `keep`: the most bytes of an open string to remember for `unfinished`; no less than a payload that is read. `read`: the
   * CSI sequences that the sink wants to see.
   */
  constructor(
    private readonly sink: Sink,
    keep = STRING_LIMIT + 2,
    private readonly read: Finals = QUERY_FINALS,
  ) {
    this.out = new Outlet(sink);
    this.hold = new Hold(keep + 1);
  }

  /** The bytes of the sequence or character that has begun and not ended; more than `keep` when some are lost. */
  unfinished(): Uint8Array {
    if (this.open) return Buffer.concat([this.hold.view(), this.pending]);
    // Whoever goes on from here has to drop it too.
    if (this.dropping) return Buffer.from(`\x1b[${"0".repeat(SEQUENCE_LIMIT)}`);
    return this.pending.length > 0
      ? this.pending.slice()
      : this.tail.slice(this.tail.length - unfinishedTail(this.tail));
  }

  /** Nothing has begun that is not over, but a character perhaps. */
  get rests(): boolean {
    return this.pending.length === 0 && !this.open && !this.dropping && !this.askedEnd;
  }

  /** What ends a stream here, after everything that has passed: the end of a string that passed without one. */
  end(): Uint8Array {
    if (this.open) return Buffer.from(this.open.asked === "plain" ? "\x1b\\" : "");
    // Half a C1 control, or half a character.
    return this.pending.length === 1 && this.pending[0] === C1_LEAD ? this.pending : NOTHING;
  }

  /** The start of the open string is lost, so its rest is taken out. */
  dropOpenString(): void {
    if (this.open) this.open = { ...this.open, asked: "overlong", lost: true };
  }

  /** Where the sequence that is being reported begins in the chunk that is being written; 0 when it did in one before. */
  get at(): number {
    return Math.max(0, this.begun - this.before);
  }

  write(chunk: Uint8Array): void {
    this.before = this.pending.length;
    const had = this.before > 0;
    const bytes = had ? Buffer.concat([this.pending, chunk]) : chunk;
    this.out.take(bytes);
    this.pending = NOTHING;
    this.text = 0;
    let i = 0;
    while (i < bytes.length) {
      if (this.askedEnd) i = this.afterQuestion();
      else if (this.dropping) i = this.drop(i);
      else if (this.open) i = this.string(i);
      else {
        const at = nextIntroducer(bytes, i);
        i = at === bytes.length ? at : this.sequence(at);
      }
    }
    this.out.flush(bytes.length);
    const last = bytes.subarray(Math.max(this.text, bytes.length - 3));
    this.tail = this.text === 0 && !had ? Buffer.concat([this.tail, last]).subarray(-3) : last.slice();
    this.out.take(NOTHING);
  }

  /** Keeps everything from here for the next chunk; the scan of this one is over. */
  private wait(at: number): number {
    this.out.flush(at);
    this.pending = this.out.bytes.slice(at);
    this.out.start = this.out.bytes.length;
    return this.resume(this.out.start);
  }

  /** What follows from here is text again, until the next sequence. */
  private resume(at: number): number {
    this.text = at;
    return at;
  }

  /** The sequence at `at`, with what its ESC may have cut off before it; returns where scanning goes on. */
  private sequence(at: number): number {
    const { bytes } = this.out;
    let [from, begin, controls] = [at, at, false];
    this.begun = at;
    for (;;) {
      const second = bytes[begin + 1];
      if (second === undefined) return this.wait(from);
      const introducer = bytes[begin] === ESC ? second : second - 0x40;
      const kind = STRING_KINDS.get(introducer);
      if (kind) return this.begin(from, begin, kind, controls);
      if (bytes[begin] !== ESC && introducer !== CSI) {
        this.escape(from, begin + 2, introducer);
        return this.resume(begin + 2);
      }
      const csi = introducer === CSI;
      const reach = reachOf(bytes, begin + (csi ? 2 : 1), csi);
      controls ||= reach.controls;
      if (reach.end === -1) {
        if (bytes.length - begin <= SEQUENCE_LIMIT) return this.wait(from);
        this.out.cut(from, bytes.length);
        this.dropping = true;
        return this.resume(bytes.length);
      }
      this.text = reach.end;
      const long = reach.end - begin > SEQUENCE_LIMIT;
      if (!long && reach.by === "cut") {
        // Cut off: it shares the fate of the one that cut it off, so that no half sequence is left before a gap.
        begin = reach.end;
        if (begin - from > SEQUENCE_LIMIT) {
          this.out.cut(from, begin);
          from = begin;
        }
      } else {
        if (long) this.out.cut(from, reach.end);
        else if (reach.by === "whole") this.control(from, begin, reach.end, csi, controls);
        return reach.end;
      }
    }
  }

  /** Shows a complete sequence to the sink, and takes it out if that is wanted. */
  private control(from: number, begin: number, end: number, csi: boolean, controls: boolean): void {
    const { sink } = this;
    const { bytes } = this.out;
    if (!csi) {
      if (end - begin === 2) this.escape(from, end, bytes[end - 1] ?? 0);
      return;
    }
    const parsed = readCsi(bytes, begin + 2, end, this.read);
    if (!parsed) return;
    this.out.flush(from);
    const asked = csiQuery(parsed);
    // The controls inside a question have already been executed when it is answered.
    const early = controls && asked !== undefined;
    if (early) this.out.controls(from, end);
    if (!sink.csi(parsed, asked)) return;
    this.out.cut(from, end);
    if (controls && !early) this.out.controls(from, end);
  }

  /** `final` is the byte behind ESC, also of the C1 control that is short for both. */
  private escape(from: number, end: number, final: number): void {
    const letter = String.fromCharCode(final);
    const asked = letter === QUERIES.DECID.esc ? "DECID" : undefined;
    if (asked) this.out.flush(from);
    if (this.sink.esc(letter, asked)) this.out.cut(from, end);
  }

  /** A string introduced at `begin`: opens it once its first bytes say what it is. */
  private begin(from: number, begin: number, kind: StringKind, controls: boolean): number {
    const { bytes } = this.out;
    const head = begin + 2;
    const end = nextEnder(bytes, head, kind);
    // Half a C1 control may be the end, and is not yet part of the payload.
    const more = end === bytes.length || (end === bytes.length - 1 && bytes[end] === C1_LEAD);
    const verdict = weigh(kind, bytes.subarray(head, end), !more, !more && endsWell(bytes, end));
    if (verdict === "undecided") return this.wait(from);
    if (verdict !== "plain") {
      this.out.cut(from, head);
      if (controls) this.out.controls(from, begin);
    } else {
      this.out.string(begin, head);
    }
    this.hold.clear();
    this.hold.push(bytes.subarray(begin, head));
    const doubled = kind === "dcs" && latin1(bytes.subarray(head, head + TMUX.length)) === TMUX;
    this.open = { kind, asked: verdict, doubled, lost: false };
    return this.string(head);
  }

  /** Follows the open string from `from`; returns where scanning goes on. */
  private string(from: number): number {
    const { open } = this;
    const { bytes } = this.out;
    if (!open) return from;
    let at = nextEnder(bytes, from, open.kind);
    for (; at < bytes.length; at = nextEnder(bytes, at + 1, open.kind)) {
      const last = at + 1 === bytes.length;
      if (last && (bytes[at] === C1_LEAD || (bytes[at] === ESC && open.doubled))) {
        this.payload(from, at);
        return this.wait(at);
      }
      if (bytes[at] !== ESC || !open.doubled || bytes[at + 1] === 0x5c) break;
      at += 1;
    }
    this.payload(from, at);
    return this.resume(at === bytes.length ? at : this.close(at));
  }

  private payload(from: number, to: number): void {
    this.hold.push(this.out.bytes.subarray(from, to));
    if (this.open?.asked !== "plain") this.out.start = to;
    else this.out.string(from, to);
  }

  /** The open string ends with the byte here; returns where scanning goes on. */
  private close(at: number): number {
    const { open } = this;
    const { bytes } = this.out;
    this.open = undefined;
    if (!open) return at;
    const byte = bytes[at];
    const size = byte === C1_LEAD ? 2 : byte === ESC ? 0 : 1;
    const well = endsWell(bytes, at);
    const payload = this.hold.length - 2 > STRING_LIMIT ? undefined : latin1(this.hold.view().subarray(2));
    // Any other C1 control breaks the string off and stands for itself.
    const end = byte === C1_LEAD && !well ? at : at + size;
    const plain = open.asked === "plain";
    if (plain) this.out.string(at, end);
    else this.out.start = end;
    this.out.unclosed = plain && end === at;
    if (well && !open.lost) this.sink.string(open.kind, payload, byte === BEL, open.asked);
    this.hold.clear();
    if (!plain && byte === ESC) {
      if (at + 1 === bytes.length) {
        this.askedEnd = true;
        return this.wait(at);
      }
      if (bytes[at + 1] === 0x5c) this.out.start = at + 2;
    }
    return this.out.start;
  }

  /** The ESC that ended a question came last in its chunk: with a backslash it was the string terminator. */
  private afterQuestion(): number {
    if (this.out.bytes.length === 1) return this.wait(0);
    this.askedEnd = false;
    if (this.out.bytes[1] === 0x5c) this.out.start = 2;
    return this.resume(this.out.start);
  }

  /** Takes out the rest of a sequence that is too long. */
  private drop(from: number): number {
    const { bytes } = this.out;
    const reach = reachOf(bytes, from, true);
    this.dropping = reach.end === -1;
    // The first half of what may be a C1 control has to wait for the second.
    const half = this.dropping && bytes[bytes.length - 1] === C1_LEAD ? 1 : 0;
    this.out.start = this.dropping ? bytes.length - half : reach.end;
    return half === 1 ? this.wait(this.out.start) : this.resume(this.out.start);
  }
}
