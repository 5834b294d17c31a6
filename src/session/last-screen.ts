// The screen of a session whose daemon died before it could keep one: drawn again from its output.
import { blankPicture } from "../vt/picture.ts";
import { settingsLeft } from "../vt/settings-left.ts";
import type { KeptEvent } from "./event.ts";
import type { Ledger, LedgerReader } from "./ports/ledger.ts";
import type { Screen, ScreenHost, ScreenImage } from "./ports/screen.ts";
import { DEFAULT_SIZE, type Size } from "./session.ts";

// Enough for any screen with its scrollback, and drawn in a fraction of a second.
const MOST_BYTES = 2 * 1024 * 1024;
const MOST_EVENTS = 20_000;
/** Before that, only what it set is looked for: in the beginning, where programs set most, and in so much after it. */
const HEAD_BYTES = 1024 * 1024;
const BETWEEN_BYTES = 2 * 1024 * 1024;

/** Draws the last screen from the ledger and keeps it, at the sizes its terminal had; `size` is the one it had without any event. */
export function redrawLastScreen(ledger: Ledger, screens: ScreenHost, id: string, size: Size): ScreenImage {
  const asOfSeq = ledger.lastSeq(id);
  const { screen } = redrawn(ledger, screens, { id, size, scrollback: 1_000 });
  try {
    const image = { asOfSeq, ...screen.image() };
    ledger.saveScreen(id, image);
    return image;
  } finally {
    screen.close();
  }
}

/**
 * A screen with the end of a session's output on it, at the sizes its terminal had (`size` without any event), and with what was set before; the size it has
 * now, and what the program said last of what it does. Nothing is answered. The caller closes it.
 */
export function redrawn(
  ledger: LedgerReader,
  screens: ScreenHost,
  {
    id,
    size = DEFAULT_SIZE,
    scrollback,
  }: { readonly id: string; readonly size?: Size; readonly scrollback: number },
): { readonly screen: Screen; readonly size: Size; readonly activity: string | null } {
  const events = lastEvents(ledger, id);
  const first = events[0]?.seq ?? 0;
  const before = ledger.lastOf(id, "resize", first);
  const known: unknown = before && JSON.parse(before.payload_json);
  let now = isSize(known) ? known : size;
  let activity: string | null = null;
  const screen = screens.open({
    ...now,
    scrollback,
    answer: () => {},
    sign(sign) {
      if (sign.source === "osc7501" && sign.id === "") activity = sign.word === "clear" ? null : sign.word;
    },
  });
  screen.write(setBefore(ledger, id, first));
  for (const { kind, payload } of events) {
    if (typeof payload !== "string") screen.write(payload);
    else if (kind === "resize") {
      const to: unknown = JSON.parse(payload);
      if (!isSize(to)) continue;
      now = { cols: to.cols, rows: to.rows };
      screen.resize(now.cols, now.rows);
    }
  }
  return { screen, size: now, activity };
}

/** A screen on which nothing was ever drawn. */
export function blankScreen(asOfSeq: number, size: Size): ScreenImage {
  const { cols, rows } = size;
  const picture = blankPicture(cols, rows);
  return { asOfSeq, ...size, cursor: { x: 0, y: 0 }, title: "", alternate: false, lines: [], picture };
}

/** Oldest first. */
function lastEvents(ledger: LedgerReader, id: string): KeptEvent[] {
  const events: KeptEvent[] = [];
  let bytes = 0;
  for (const event of ledger.kept({ sessionId: id, beforeSeq: ledger.lastSeq(id) + 1, limit: MOST_EVENTS })) {
    events.push(event);
    bytes += event.payload.length;
    if (bytes > MOST_BYTES) break;
  }
  return events.reverse();
}

/** What the output before a seq has left set; of a long one only its beginning and its end are looked at. */
function setBefore(ledger: LedgerReader, id: string, seq: number): Uint8Array {
  const settings = settingsLeft();
  const between: Uint8Array[] = [];
  let bytes = 0;
  for (const { payload, seq: at } of ledger.kept({ sessionId: id, beforeSeq: seq, limit: MOST_EVENTS })) {
    if (typeof payload === "string") continue;
    between.push(payload);
    bytes += payload.length;
    if (bytes <= BETWEEN_BYTES) continue;
    head(ledger, id, at, (data) => settings.write(data));
    break;
  }
  for (const data of between.reverse()) settings.write(data);
  return settings.sequences();
}

/** The beginning of the output, as far as it lies before a seq. */
function head(ledger: LedgerReader, id: string, before: number, see: (data: Uint8Array) => void): void {
  let bytes = 0;
  for (const { payload } of ledger.kept({
    sessionId: id,
    afterSeq: 0,
    beforeSeq: before,
    limit: MOST_EVENTS,
  })) {
    if (typeof payload === "string") continue;
    see(payload);
    bytes += payload.length;
    if (bytes > HEAD_BYTES) return;
  }
}

function isSize(payload: unknown): payload is Size {
  if (typeof payload !== "object" || payload === null || !("cols" in payload) || !("rows" in payload))
    return false;
  return typeof payload.cols === "number" && typeof payload.rows === "number";
}
