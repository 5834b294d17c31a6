// The screen of the session under the pointer: read again and again while it is live, and as rows of any size.
import type { CovenClient } from "../../../../api/client.ts";
import { isSettled, type Session } from "../../../../session/session.ts";
import type { Picture, Run } from "../../../../vt/picture.ts";
import { out } from "../../../ui/colour.ts";
import type { Size } from "../../../ui/full-screen.ts";
import { harmless } from "../../../ui/text.ts";
import { cut, widthOf } from "../../../ui/width.ts";

/** Whoever goes through a list passes by so fast, in milliseconds, that no screen is read. */
const PASSING_MS = 60;
/** Between two looks at a live screen, in milliseconds; a screen that takes long to read is read less often. */
const LOOK_MS = 250;
const LOOK_PER_MS = 10;

const NEWEST = { beforeSeq: Number.MAX_SAFE_INTEGER, limit: 1 } as const;

/** A screen as it was when it was looked at last. */
export interface Screen {
  readonly id: string;
  /** Undefined where it could not be read. */
  readonly picture: Picture | undefined;
}

/** Looks at one screen at a time. */
export interface Preview {
  /** What is known of the session that is looked at. */
  readonly now: Screen | undefined;
  /** Looks at this session from now on; at none without one. Harmless to repeat. */
  lookAt(session: Session | undefined): void;
}

/** Calls `changed` when another screen is known. */
export function preview(client: Pick<CovenClient, "screen" | "events">, changed: () => void): Preview {
  let now: Screen | undefined;
  let looked: { readonly id: string; readonly live: boolean } | undefined;
  /** The newest event there was when the screen was read. */
  let seen: number | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let hangUp = new AbortController();

  async function look(id: string, live: boolean): Promise<void> {
    const began = performance.now();
    const { signal } = hangUp;
    try {
      // A screen is large, and mostly nothing has happened.
      const newest = (await client.events(id, NEWEST, { signal })).events.at(-1)?.seq;
      if (now?.id !== id || newest !== seen) {
        const { picture } = await client.screen(id, { picture: true, signal });
        if (signal.aborted) return;
        seen = newest;
        now = { id, picture };
        changed();
      }
    } catch {
      // Gone, or the daemon is: what was seen last stays, and what went wrong the list says.
    }
    if (signal.aborted) return;
    if (live) {
      const pause = Math.max(LOOK_MS, LOOK_PER_MS * (performance.now() - began));
      timer = setTimeout(() => void look(id, live), pause);
    }
  }

  return {
    get now() {
      return now;
    },
    lookAt(session) {
      const wanted = session && { id: session.id, live: !isSettled(session.status) };
      if (wanted?.id === looked?.id && wanted?.live === looked?.live) return;
      looked = wanted;
      clearTimeout(timer);
      hangUp.abort();
      hangUp = new AbortController();
      if (wanted) timer = setTimeout(() => void look(wanted.id, wanted.live), PASSING_MS);
    },
  };
}

/**
 * What a terminal shows, as rows of at most this size, each with its colours and nothing left set. Of more rows those with the cursor, and
 * above it, are shown: there is the question.
 */
export function screenRows(picture: Picture, { cols, rows }: Size): string[] {
  const page = picture.alternate ?? picture.primary;
  const shown = page.lines.slice(page.above, page.above + picture.rows);
  const last = shown.findLastIndex((line) => line.some(([content]) => typeof content === "string"));
  const end = Math.max(last, Math.min(picture.cursor.y, shown.length - 1)) + 1;
  const top = Math.max(0, Math.min(end, shown.length) - rows);
  return shown.slice(top, top + rows).map((line) => rowOf(line, picture, cols));
}

function rowOf(line: readonly Run[], picture: Picture, cols: number): string {
  let row = "";
  let used = 0;
  let coloured = false;
  for (const [content, style] of line) {
    const text = typeof content === "string" ? harmless(content) : " ".repeat(content);
    const room = cols - used;
    const width = widthOf(text);
    const fits = width <= room ? text : cutOff(text, room);
    const sgr = out.isColorSupported ? picture.styles[style]?.sgr : undefined;
    if (sgr !== undefined && sgr !== "0") {
      row += `\u001b[${sgr}m${fits}\u001b[0m`;
      coloured = true;
    } else row += fits;
    used += Math.min(width, room);
    if (used >= cols) break;
  }
  return coloured ? row : row.trimEnd();
}

/** What fits, without a sign for what was cut off: it is a part of a screen. */
function cutOff(text: string, cells: number): string {
  const marked = cut(text, cells + 1);
  return marked.endsWith("…") ? marked.slice(0, -1) : marked;
}
