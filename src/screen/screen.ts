// One headless terminal of one live session: fed every byte, answering what is asked, shown at any moment.
import type { Screen } from "../session/ports/screen.ts";
import { BEL } from "../vt/bytes.ts";
import { OPEN_LIMIT } from "../vt/limits.ts";
import { type Tracker, tracker } from "../vt/modes.ts";
import { draw, type Picture } from "../vt/picture.ts";
import { finals, type QueryName, type StringKind, type Verdict } from "../vt/queries.ts";
import { Scanner } from "../vt/scan.ts";
import { type Sign, signOf } from "../vt/status.ts";
import { unfinishedTail } from "../vt/utf8.ts";
import { type Answers, answers, type Question } from "./answer.ts";
import { type OpenEmulator, openEmulator } from "./emulator.ts";
import { LINK_LENGTH } from "./limits.ts";

/** The emulator's parse buffer grows to what it is given at once and never shrinks. */
const SLICE = 16 * 1024;

/** What `Tracker.csi` follows, DECSTR and DECSCUSR among it. */
const FOLLOWED = finals({ prefixed: "hlmu", bare: "pqt" });

export interface ScreenOptions {
  readonly cols: number;
  readonly rows: number;
  readonly scrollback: number;
  answer(bytes: Uint8Array): void;
  sign?(sign: Sign): void;
}

/** A screen, and the emulator in it for whoever compares. */
export function openScreen(options: ScreenOptions): Screen & { readonly emulator: OpenEmulator } {
  const emulator = openEmulator(options.cols, options.rows, options.scrollback);
  const tracked: Tracker = tracker();
  const replies: Answers = answers(emulator, tracked);
  let carry: Uint8Array = new Uint8Array(0);
  let closed = false;

  /**
   * Parsed before it returns, so that a reply is right and a moment is a moment. Only whole characters: the decoder of
   * xterm.js 6.0.0 loses one that is split before a byte 0x80, which dashes, quotes and joiners all have.
   */
  function feed(bytes: Uint8Array): void {
    const all = carry.length === 0 ? bytes : Buffer.concat([carry, bytes]);
    for (let at = 0, end = 0; at < all.length; at = end) {
      const slice = all.subarray(at, at + SLICE);
      const tail = unfinishedTail(slice);
      carry = slice.slice(slice.length - tail);
      end = at + slice.length - tail;
      if (end === at) return;
      emulator.parse(tail === 0 ? slice : all.subarray(at, end));
    }
  }

  function feedText(text: string): void {
    feed(Buffer.from(text, "latin1"));
  }

  function reply(asked: QueryName, question: Question): void {
    const text = replies[asked](question);
    if (text !== "" && !closed) options.answer(Buffer.from(text, "latin1"));
  }

  function string(kind: StringKind, payload: string | undefined, bell: boolean, asked: Verdict): void {
    if (kind === "osc" && payload !== undefined) {
      tracked.osc(payload);
      // Of all strings only a link is for the emulator: the others it would keep, whatever their size.
      if (payload.startsWith("8;")) feedText(`\x1b]${payload.length > LINK_LENGTH ? "8;;" : payload}\x1b\\`);
      const sign = asked === "plain" ? signOf(payload) : undefined;
      if (sign && !closed) options.sign?.(sign);
    }
    // No other string draws here; like every sequence it keeps the characters around it from joining.
    if (asked === "plain") feedText("\x1b\\");
    else if (asked !== "overlong" && payload !== undefined) {
      reply(asked, { params: [], payload, end: bell ? "\x07" : "\x1b\\" });
    }
  }

  const scanner = new Scanner(
    {
      pass(bytes) {
        if (bytes.includes(BEL) && !closed) options.sign?.({ source: "bell" });
        feed(bytes);
      },
      passString: () => {},
      csi(csi, asked) {
        if (asked) {
          reply(asked, { params: csi.params, payload: "", end: "" });
          return true;
        }
        tracked.csi(csi);
        if (csi.intermediates === "!" && csi.final === "p") tracked.softReset();
        return false;
      },
      esc(final, asked) {
        if (final === "c") tracked.reset();
        if (asked) reply(asked, { params: [], payload: "", end: "" });
        return asked !== undefined;
      },
      string,
    },
    OPEN_LIMIT,
    FOLLOWED,
  );

  function picture(): Picture {
    const { primary, alternate, cursor, modes, ...rest } = emulator.picture();
    const { private: handedOn, cursorStyle, ...state } = tracked.state();
    const keyboard = (other: boolean) => ({ keyboard: tracked.keyboard.stack(other) });
    return {
      ...rest,
      ...state,
      primary: { ...primary, ...keyboard(false) },
      alternate: alternate && { ...alternate, ...keyboard(true), mode: tracked.alternate || 1049 },
      cursor: { ...cursor, shape: cursorStyle },
      modes: { ...modes, private: [...handedOn, ...modes.private] },
    };
  }

  return {
    emulator,
    write(bytes) {
      if (!closed) scanner.write(bytes);
    },
    resize(cols, rows) {
      if (!closed) emulator.resize(cols, rows);
    },
    image: () => ({
      cols: emulator.cols,
      rows: emulator.rows,
      cursor: emulator.cursor,
      title: tracked.title,
      alternate: emulator.alternate,
      lines: emulator.lines(),
      picture: picture(),
    }),
    unfinished: () => scanner.unfinished(),
    carry() {
      // No picture has it: a viewer must not stay frozen. The program that has begun to draw will say when it is done.
      const frozen = emulator.privateMode(2026) === true ? "\x1b[?2026h" : "";
      return { drawn: Buffer.from(frozen + draw(picture()).text), unfinished: scanner.unfinished() };
    },
    restore({ drawn, unfinished }) {
      scanner.write(drawn);
      scanner.write(unfinished);
    },
    modes: () => ({
      bracketedPaste: emulator.privateMode(2004) === true,
      applicationCursor: emulator.privateMode(1) === true,
    }),
    close() {
      closed = true;
      emulator.close();
    },
  };
}
