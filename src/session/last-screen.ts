// The last screen of a session whose daemon died before it could keep one: drawn again from the end of its output.
import { blankPicture } from "../vt/picture.ts";
import type { Event } from "./event.ts";
import type { Ledger, ScreenHost, ScreenImage } from "./ports.ts";
import type { Size } from "./viewers.ts";

// Enough for any screen with its scrollback, and drawn in a fraction of a second.
const MOST_BYTES = 2 * 1024 * 1024;
const MOST_EVENTS = 20_000;

/** Draws the last screen from the ledger and keeps it, at the sizes its terminal had; `size` is the one it had without any event. */
export function redrawLastScreen(ledger: Ledger, screens: ScreenHost, id: string, size: Size): ScreenImage {
  const asOfSeq = ledger.lastSeq(id);
  const events = lastEvents(ledger, id, asOfSeq);
  const before = ledger.lastOf(id, "resize", events[0]?.seq ?? 0);
  const first: unknown = before && JSON.parse(before.payload_json);
  const screen = screens.open({ ...(isSize(first) ? first : size), scrollback: 1_000, answer: () => {} });
  try {
    for (const event of events) {
      const payload: unknown = JSON.parse(event.payload_json);
      if (event.kind === "output" && hasText(payload)) screen.write(new TextEncoder().encode(payload.data));
      else if (event.kind === "resize" && isSize(payload)) screen.resize(payload.cols, payload.rows);
    }
    const image = { asOfSeq, ...screen.image() };
    ledger.saveScreen(id, image);
    return image;
  } finally {
    screen.close();
  }
}

/** A screen on which nothing was ever drawn. */
export function blankScreen(asOfSeq: number, size: Size): ScreenImage {
  const { cols, rows } = size;
  const picture = blankPicture(cols, rows);
  return { asOfSeq, ...size, cursor: { x: 0, y: 0 }, title: "", alternate: false, lines: [], picture };
}

/** Oldest first. */
function lastEvents(ledger: Ledger, id: string, lastSeq: number): Event[] {
  const events: Event[] = [];
  let bytes = 0;
  for (const event of ledger.events({ sessionId: id, beforeSeq: lastSeq + 1, limit: MOST_EVENTS })) {
    events.push(event);
    bytes += event.payload_json.length;
    if (bytes > MOST_BYTES) break;
  }
  return events.reverse();
}

function hasText(payload: unknown): payload is { data: string } {
  return (
    typeof payload === "object" && payload !== null && "data" in payload && typeof payload.data === "string"
  );
}

function isSize(payload: unknown): payload is Size {
  if (typeof payload !== "object" || payload === null || !("cols" in payload) || !("rows" in payload))
    return false;
  return typeof payload.cols === "number" && typeof payload.rows === "number";
}
