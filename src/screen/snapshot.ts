// Owns the output that brings a fresh terminal of the same size to the state of another: both screens, cursor and modes.

import type { Tracker } from "../vt/modes.ts";
import { type Brush, brush } from "./brush.ts";
import { designate, restoreCharsets } from "./charsets.ts";
import type { Core, Page } from "./emulator.ts";
import { colourOf } from "./style.ts";

function at(y: number, x: number): string {
  return `\x1b[${y + 1};${x + 1}H`;
}

/** Tab stops, where they are not at every eighth column. */
function tabs(page: Page, cols: number): string {
  const standard = Array.from({ length: cols }, (_, x) => (page.tabs[x] === true) === (x % 8 === 0));
  // Column 0 can never be reached by a tab.
  if (standard.slice(1).every(Boolean)) return "";
  let out = "\x1b[3g";
  for (let x = 0; x < cols; x += 1) if (page.tabs[x]) out += `${at(0, x)}\x1bH`;
  return out;
}

function margins(page: Page, rows: number): string {
  const whole = page.scrollTop === 0 && page.scrollBottom === rows - 1;
  return whole ? "" : `\x1b[${page.scrollTop + 1};${page.scrollBottom + 1}r`;
}

/** Puts the cursor where DECSC left it, with its attributes and character set, and saves it there by `save`. */
function saved(page: Page, { cols, rows }: Core, ink: Brush, save: string): string {
  const y = Math.min(Math.max(page.savedY - page.ybase, 0), rows - 1);
  const x = Math.min(page.savedX, cols - 1);
  const { fg, bg } = page.savedCurAttrData;
  if (save === "" || (save === "\x1b7" && y === 0 && x === 0 && fg === 0 && bg === 0 && !page.savedCharset))
    return "";
  const place = at(y, x) + ink.attributes(fg, bg, undefined);
  return page.savedCharset ? `${place}${designate(0, page.savedCharset)}${save}\x1b(B` : place + save;
}

/** The modes the emulator keeps; those that move the cursor come before it is placed. */
function modes({ coreService, options }: Core): string {
  const set = coreService.decPrivateModes;
  let out = "";
  if (set.applicationCursorKeys) out += "\x1b[?1h";
  if (set.applicationKeypad) out += "\x1b=";
  if (set.bracketedPasteMode) out += "\x1b[?2004h";
  if (set.sendFocus) out += "\x1b[?1004h";
  if (set.reverseWraparound) out += "\x1b[?45h";
  if (!set.wraparound) out += "\x1b[?7l";
  if (coreService.modes.insertMode) out += "\x1b[4h";
  if (options.convertEol) out += "\x1b[20h";
  if (coreService.isCursorHidden) out += "\x1b[?25l";
  if (set.origin) out += "\x1b[?6h";
  return out;
}

/**
 * Places the cursor. A wrap that is still to come, and a character that a mark or a repeat may still follow, exist
 * only right after that character was printed: so it is printed once more, last of all.
 */
function cursor(core: Core, ink: Brush): string {
  const { active } = core.buffers;
  const { _curAttrData: current, _parser: parser } = core._inputHandler;
  const { coreService } = core;
  const top = coreService.decPrivateModes.origin ? active.scrollTop : 0;
  const finish = (): string =>
    restoreCharsets(core) + ink.attributes(current.fg, current.bg, current.extended);
  const line = active.lines.get(active.ybase + active.y);
  const pending = active.x >= core.cols;
  const joining = parser.precedingJoinState !== 0 && active.x > 0;
  let x = active.x - 1;
  if (line && x > 0 && line.getWidth(x) === 0) x -= 1;
  if (!line || x < 0 || !(pending || (joining && line.hasContent(x)))) {
    return at(active.y - top, Math.min(active.x, core.cols - 1)) + finish();
  }
  const place = at(active.y - top, x);
  // Inserting pushes the rest of the line along, by the width of the first character; what joins it overwrites.
  const first = core.unicodeService.charProperties(line.getString(x).codePointAt(0) ?? 0, 0);
  const room = coreService.modes.insertMode && !pending ? `\x1b[${(first >> 1) & 3}P` : "";
  if (joining && line.hasContent(x)) return place + room + finish() + line.getString(x);
  return place + room + ink.cell(line, x) + finish();
}

/** The whole image. Synchronised output (2026) is left off: a viewer must never stay frozen. */
export function snapshot(core: Core, tracked: Tracker): string {
  const { normal, active } = core.buffers;
  const ink = brush(core);
  const out = [
    ink.page(normal),
    tabs(normal, core.cols),
    margins(normal, core.rows),
    tracked.keyboard.restore(false),
  ];
  if (active !== normal) {
    const mode = tracked.alternate || 1049;
    // 1049 saves the cursor itself, and what it saved comes back when the program leaves.
    const enter = `\x1b[?${mode}h`;
    out.push(saved(normal, core, ink, mode === 1049 ? enter : "\x1b7"));
    if (mode !== 1049) out.push(ink.attributes(0, 0, undefined), enter);
    const blank = colourOf(normal.savedCurAttrData.bg) === 0 ? "" : "\x1b[2J";
    out.push(
      ink.attributes(0, 0, undefined),
      blank,
      margins(normal, core.rows) === "" ? "" : "\x1b[r",
      "\x1b[H",
    );
    out.push(
      ink.page(active),
      tabs(active, core.cols),
      margins(active, core.rows),
      tracked.keyboard.restore(true),
    );
  }
  out.push(saved(active, core, ink, "\x1b7"), tracked.restore(), modes(core), cursor(core, ink));
  return out.join("");
}
