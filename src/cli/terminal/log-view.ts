// What a session printed, as text to scroll, search and copy in: its scrollback, of full-screen programs too, from the ledger.
import type { CovenClient } from "../../api/client.ts";
import type { Session } from "../../session/session.ts";
import { stateText } from "../client/describe.ts";
import {
  ASK_TERMINAL,
  copied,
  copySequence,
  saysItCopies,
  type Takes,
  takesCopies,
} from "../ui/clipboard.ts";
import { out } from "../ui/colour.ts";
import type { Size } from "../ui/full-screen.ts";
import { glyphs } from "../ui/glyphs.ts";
import type { Key } from "../ui/key-input.ts";
import { harmless } from "../ui/text.ts";
import { cut, fold, widthOf } from "../ui/width.ts";

/** How many of the last lines are kept. */
const MOST_LINES = 200_000;
/** The heading, the rule below it, and the hints. */
const AROUND = 3;
/** Rows that a wheel goes at once. */
const WHEEL = 3;
/** How long a terminal has to say whether it takes copies, in milliseconds. */
const ANSWER_MS = 250;

/** An open log. */
export interface LogView {
  lines(size: Size, now: number): string[];
  /** False when the key means to go back. */
  handleKey(key: Key, size: Size): boolean;
  /** Ends the reading, if it is still going on. */
  close(): void;
}

/** What a log is made with. */
export interface LogOptions {
  readonly client: CovenClient;
  readonly session: Session;
  /** There is more, or something else, to show. */
  changed(): void;
  /** Writes to the terminal, beside what is drawn. */
  write(text: string): void;
}

/** One row of the screen: a line of the log, or a part of one that is too wide. */
interface Row {
  readonly line: number;
  readonly text: string;
}

/** Begins to read. */
export function logView({ client, session, changed, write }: LogOptions): LogView {
  let text: string[] = [];
  let open = "";
  let reading = true;
  let closed = false;
  let failed: string | undefined;
  let rows: { readonly cols: number; readonly of: number; readonly all: readonly Row[] } | undefined;
  /** The row under the pointer, and the first row shown; the end until one moves away from it. */
  let at = 0;
  let top = 0;
  let atEnd = true;
  /** The line where the selection began. */
  let from: number | undefined;
  let search = "";
  /** The search while it is typed. */
  let typed: string | undefined;
  let notice: { readonly text: string; readonly bad: boolean } | undefined;
  let takes: Takes | undefined;
  let answered: (() => void) | undefined;

  void (async () => {
    try {
      const { recordingOf } = await import("../client/recording.ts");
      const { textOf } = await import("../client/recorded-text.ts");
      for await (const piece of textOf(await recordingOf(client, session), { scrolledOff: true })) {
        if (closed) return;
        const lines = (open + piece).split("\n");
        open = lines.pop() ?? "";
        text = [...text, ...lines.map(harmless)].slice(-MOST_LINES);
        rows = undefined;
        changed();
      }
    } catch (error) {
      failed = error instanceof Error ? error.message : String(error);
    }
    reading = false;
    if (!closed) changed();
  })();

  const lineAt = (line: number): string => text[line] ?? harmless(open);

  function rowsFor(cols: number): readonly Row[] {
    if (rows?.cols !== cols || rows.of !== text.length) {
      const lines = open === "" ? text : [...text, harmless(open)];
      const all = lines.flatMap((line, n) => fold(line, cols).map((part) => ({ line: n, text: part })));
      const [was, first] = [rows?.all[at]?.line, rows?.all[top]?.line];
      const place = (line: number | undefined) =>
        Math.max(0, line === undefined ? 0 : all.findIndex((row) => row.line === line));
      rows = { cols, of: text.length, all };
      if (!atEnd) [at, top] = [place(was), place(first)];
    }
    return rows.all;
  }

  function settle(all: readonly Row[], page: number): void {
    if (atEnd) at = all.length - 1;
    at = Math.max(0, Math.min(at, all.length - 1));
    if (atEnd) top = all.length - page;
    top = Math.max(0, Math.min(top, all.length - page, at), at - page + 1);
  }

  /** Capitals count where any is typed. */
  function finds(line: string): boolean {
    if (search === "") return false;
    return search === search.toLowerCase() ? line.toLowerCase().includes(search) : line.includes(search);
  }

  function find(step: 1 | -1, size: Size): void {
    if (search === "") return;
    const all = rowsFor(size.cols);
    const lines = text.length + (open === "" ? 0 : 1);
    const begin = all[at]?.line ?? 0;
    for (let n = 1; n <= lines; n++) {
      const line = (((begin + step * n) % lines) + lines) % lines;
      if (!finds(lineAt(line))) continue;
      const around = step === 1 ? line <= begin : line >= begin;
      notice = around
        ? { text: step === 1 ? "On from the top." : "On from the end.", bad: false }
        : undefined;
      const row = all.findIndex((one) => one.line === line);
      const page = pageOf(size);
      atEnd = false;
      at = row;
      if (row < top || row >= top + page) top = row - Math.floor(page / 2);
      return;
    }
    notice = { text: `Not found: ${harmless(search)}`, bad: true };
  }

  function selection(all: readonly Row[]): readonly [first: number, last: number] {
    const here = all[at]?.line ?? 0;
    return from === undefined ? [here, here] : [Math.min(from, here), Math.max(from, here)];
  }

  async function copy(size: Size): Promise<void> {
    const all = rowsFor(size.cols);
    if (all.length === 0) return;
    const [first, last] = selection(all);
    const lines = Array.from({ length: last - first + 1 }, (_, n) => lineAt(first + n).trimEnd());
    const whole = `${lines.join("\n")}${lines.length > 1 ? "\n" : ""}`;
    from = undefined;
    takes ??= takesCopies();
    const asked = takes;
    if (asked.takes === "unknown") {
      // Asked only now, and at most once more: an answer that comes late must not reach a program as keys.
      const answer = Promise.withResolvers<void>();
      answered = answer.resolve;
      write(ASK_TERMINAL);
      await Promise.race([answer.promise, Bun.sleep(ANSWER_MS)]);
      answered = undefined;
      if (closed) return;
    }
    const said = copied(lines.length, whole, takes);
    if (!said.bad) write(copySequence(whole));
    notice = said;
    changed();
  }

  const pageOf = (size: Size) => Math.max(1, size.rows - AROUND);

  function move(steps: number, size: Size): true {
    const all = rowsFor(size.cols);
    settle(all, pageOf(size));
    at = Math.max(0, Math.min(at + steps, all.length - 1));
    // While nothing has been read yet, the beginning is where one was sent to.
    atEnd = all.length > 0 ? at >= all.length - 1 : steps > 0;
    return true;
  }

  function scroll(steps: number, size: Size): true {
    const all = rowsFor(size.cols);
    const page = pageOf(size);
    settle(all, page);
    top = Math.max(0, Math.min(top + steps, all.length - page));
    at = Math.max(top, Math.min(at + steps, top + page - 1));
    atEnd = at >= all.length - 1;
    return true;
  }

  function typing(key: Key, size: Size): true {
    const now = typed ?? "";
    if (key.name === "text" || key.name === "paste") typed = now + key.text;
    if (key.name === "clear") typed = "";
    if (key.name === "backspace") typed = now === "" ? undefined : Array.from(now).slice(0, -1).join("");
    if (key.name === "escape") typed = undefined;
    if (key.name === "enter") {
      // Nothing typed: what was searched for last, again.
      if (now !== "") search = now;
      typed = undefined;
      find(1, size);
    }
    return true;
  }

  /** False for what goes back. */
  function letter(key: string, size: Size): boolean {
    switch (key) {
      case "q":
        return false;
      case "j":
        return move(1, size);
      case "k":
        return move(-1, size);
      case " ":
      case "f":
        return scroll(pageOf(size), size);
      case "b":
        return scroll(-pageOf(size), size);
      case "g":
        return move(Number.NEGATIVE_INFINITY, size);
      case "G":
        return move(Number.POSITIVE_INFINITY, size);
      case "/":
        typed = "";
        return true;
      case "n":
        find(1, size);
        return true;
      case "N":
        find(-1, size);
        return true;
      case "v":
        from = from === undefined ? rowsFor(size.cols)[at]?.line : undefined;
        return true;
      case "y":
        void copy(size);
        return true;
      default:
        return true;
    }
  }

  function hint(cols: number): string {
    if (typed !== undefined) return cut(` /${harmless(typed)}${glyphs.caret}`, cols);
    if (notice) return (notice.bad ? out.red : out.green)(cut(` ${notice.text}`, cols));
    const count = rows?.all.length ?? 0;
    const where = count > 0 ? `${at + 1} of ${count}` : "";
    const keys = [
      "q back",
      "/ search",
      ...(search === "" ? [] : ["n N next"]),
      from === undefined ? "y copy" : "y copy selection",
      ...(from === undefined ? ["v select"] : []),
      where,
      "g G top, end",
      `${glyphs.upDown} PgUp PgDn`,
    ].filter(Boolean);
    let line = "";
    for (const key of keys) {
      const longer = line === "" ? ` ${key}` : `${line}  ${glyphs.dot}  ${key}`;
      if (widthOf(longer) > cols) break;
      line = longer;
    }
    return out.dim(line);
  }

  function painted(row: Row, n: number, [first, last]: readonly [number, number], cols: number): string {
    const isHere = n === at;
    const isSelected = from !== undefined && row.line >= first && row.line <= last;
    const line = lit(row.text, search);
    const mark = isHere || isSelected;
    if (!mark) return line;
    // Without colour the place is shown all the same, by what every terminal has.
    const reversed = line.replaceAll("\u001b[27m", "\u001b[27;7m");
    const filled =
      isSelected || row.text === ""
        ? reversed + " ".repeat(Math.max(0, Math.min(1, cols - widthOf(row.text))))
        : reversed;
    return isSelected ? `\u001b[7m${filled}\u001b[0m` : `\u001b[4m${filled}\u001b[0m`;
  }

  return {
    lines(size, now) {
      const { cols } = size;
      const page = pageOf(size);
      const all = rowsFor(cols);
      settle(all, page);
      const shown = all.slice(top, top + page);
      const facts = cut(` ${glyphs.dot} ${stateText(session, now)}`, Math.max(0, Math.floor(cols / 2)));
      const title = cut(harmless(session.title), Math.max(1, cols - 1 - widthOf(facts)));
      const state = failed !== undefined ? harmless(failed) : reading ? "Reading …" : "It printed nothing.";
      const selected = selection(all);
      return [
        ` ${out.bold(title)}${out.dim(facts)}`,
        out.dim(glyphs.rule.repeat(cols)),
        ...(shown.length > 0
          ? shown.map((row, n) => painted(row, top + n, selected, cols))
          : [out.dim(cut(` ${state}`, cols))]),
        ...Array.from({ length: Math.max(0, page - Math.max(1, shown.length)) }, () => ""),
        hint(cols),
      ];
    },
    handleKey(key, size) {
      if (key.name === "attributes") {
        takes = { takes: saysItCopies(key.text) ? "yes" : "unknown" };
        answered?.();
        return true;
      }
      notice = undefined;
      if (typed !== undefined) return typing(key, size);
      switch (key.name) {
        case "escape":
          if (from === undefined && search === "") return false;
          if (from === undefined) search = "";
          from = undefined;
          return true;
        case "enter":
          return move(1, size);
        case "left":
          return false;
        case "text":
          // Keys pressed in a row may come as one run.
          for (const [n, one] of Array.from(key.text).entries()) {
            if (!letter(one, size)) return false;
            if (typed !== undefined) {
              typed = Array.from(key.text)
                .slice(n + 1)
                .join("");
              break;
            }
          }
          return true;
        case "up":
          return move(-1, size);
        case "down":
          return move(1, size);
        case "pageup":
          return scroll(-pageOf(size), size);
        case "pagedown":
          return scroll(pageOf(size), size);
        case "home":
          return move(Number.NEGATIVE_INFINITY, size);
        case "end":
          return move(Number.POSITIVE_INFINITY, size);
        case "mouse":
          if (key.what !== "press") return scroll(key.what === "wheel up" ? -WHEEL : WHEEL, size);
          return key.y >= 2 && key.y < 2 + pageOf(size) ? move(top + key.y - 2 - at, size) : true;
        default:
          return true;
      }
    },
    close() {
      closed = true;
    },
  };
}

/** The text with every place of a search in reverse; capitals count where any was typed. */
function lit(text: string, search: string): string {
  if (search === "") return text;
  const small = search === search.toLowerCase();
  const hay = small ? text.toLowerCase() : text;
  // Lower case may be longer than what it was made of: then nothing is marked.
  if (hay.length !== text.length) return text;
  let line = "";
  let begin = 0;
  for (let found = hay.indexOf(search); found >= 0; found = hay.indexOf(search, begin)) {
    const end = found + search.length;
    line += `${text.slice(begin, found)}\u001b[7m${text.slice(found, end)}\u001b[27m`;
    begin = end;
  }
  return line + text.slice(begin);
}
