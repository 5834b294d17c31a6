// What a session printed, as text to scroll in.
import type { CovenClient } from "../../../../api/client.ts";
import type { Session } from "../../../../session/session.ts";
import { stateText } from "../../../client/describe.ts";
import { out } from "../../../ui/colour.ts";
import type { Size } from "../../../ui/full-screen.ts";
import { glyphs } from "../../../ui/glyphs.ts";
import type { Key } from "../../../ui/key-input.ts";
import { harmless } from "../../../ui/text.ts";
import { cut, fold, widthOf } from "../../../ui/width.ts";

/** How many of the last lines are kept. */
const MOST_LINES = 200_000;
/** The heading, the rule below it, and the hints. */
const AROUND = 3;

/** An open log. */
export interface LogView {
  lines(size: Size, now: number): string[];
  /** False when the key means to go back. */
  handleKey(key: Key, size: Size): boolean;
  /** Ends the reading, if it is still going on. */
  close(): void;
}

/** Begins to read, and calls `changed` whenever there is more to show. */
export function logView(client: CovenClient, session: Session, changed: () => void): LogView {
  let text: string[] = [];
  let open = "";
  let reading = true;
  let closed = false;
  let failed: string | undefined;
  /** How many lines are below what is shown: 0 is the end, and stays there while more comes. */
  let below = 0;
  let wrapped: { readonly cols: number; readonly of: number; readonly lines: readonly string[] } | undefined;

  void (async () => {
    try {
      const { recordingOf } = await import("../../export/recording.ts");
      const { textOf } = await import("../../export/text.ts");
      for await (const piece of textOf(await recordingOf(client, session))) {
        if (closed) return;
        const lines = (open + piece).split("\n");
        open = lines.pop() ?? "";
        text = [...text, ...lines].slice(-MOST_LINES);
        wrapped = undefined;
        changed();
      }
    } catch (error) {
      failed = error instanceof Error ? error.message : String(error);
    }
    reading = false;
    changed();
  })();

  const linesFor = (cols: number): readonly string[] => {
    if (wrapped?.cols !== cols || wrapped.of !== text.length) {
      const all = open === "" ? text : [...text, open];
      wrapped = { cols, of: text.length, lines: all.flatMap((line) => fold(harmless(line), cols)) };
    }
    return wrapped.lines;
  };

  return {
    lines({ cols, rows }, now) {
      const page = Math.max(1, rows - AROUND);
      const lines = linesFor(cols);
      below = Math.min(below, Math.max(0, lines.length - page));
      const end = lines.length - below;
      const shown = lines.slice(Math.max(0, end - page), end);
      const facts = cut(` ${glyphs.dot} ${stateText(session, now)}`, Math.max(0, Math.floor(cols / 2)));
      const title = cut(harmless(session.title), cols - 1 - widthOf(facts));
      const state = failed !== undefined ? harmless(failed) : reading ? "Reading …" : nothing(lines);
      const where = lines.length > page ? `${end} of ${lines.length} lines  ${glyphs.dot}  ` : "";
      return [
        ` ${out.bold(title)}${out.dim(facts)}`,
        out.dim(glyphs.rule.repeat(cols)),
        ...(shown.length > 0 ? shown : [out.dim(cut(` ${state}`, cols))]),
        ...Array.from({ length: Math.max(0, page - Math.max(1, shown.length)) }, () => ""),
        out.dim(cut(` Esc back  ${glyphs.dot}  ${where}${glyphs.upDown} PgUp PgDn Home End`, cols)),
      ];
    },
    handleKey(key, { cols, rows }) {
      const page = Math.max(1, rows - AROUND);
      const move = (lines: number) => {
        below = Math.max(0, Math.min(below + lines, linesFor(cols).length - page));
        return true;
      };
      switch (key.name) {
        case "escape":
        case "enter":
        case "left":
          return false;
        case "text":
          if (key.text === " ") return move(-page);
          return key.text.toLowerCase() !== "q";
        case "up":
          return move(1);
        case "down":
          return move(-1);
        case "pageup":
          return move(page);
        case "pagedown":
          return move(-page);
        case "home":
          return move(Number.MAX_SAFE_INTEGER);
        case "end":
          return move(-Number.MAX_SAFE_INTEGER);
        default:
          return true;
      }
    },
    close() {
      closed = true;
    },
  };
}

function nothing(lines: readonly string[]): string {
  return lines.length === 0 ? "It printed nothing." : "";
}
