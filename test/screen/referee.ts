// Owns the comparison of two terminals: cell by cell, cursor, modes and what lies beneath.
import { type Core, openEmulator, type Screenful } from "../../src/screen/emulator.ts";

/** A second @xterm/headless, opened as the daemon's own is (width rules, repairs, link table) and fed as a viewer's terminal is. */
export interface Viewer {
  readonly core: Core;
  /** Whole characters only, or text. */
  feed(bytes: Uint8Array | string): void;
  resize(cols: number, rows: number): void;
}

export function viewer(cols: number, rows: number, scrollback: number): Viewer {
  const emulator = openEmulator(cols, rows, scrollback);
  return {
    core: emulator.core,
    feed: (bytes) => emulator.parse(typeof bytes === "string" ? Buffer.from(bytes) : bytes),
    resize: emulator.resize,
  };
}

/** Packed attributes without what xterm.js leaves behind in them: bits of an older RGB colour, the extended flag. */
function look(packed: number, flags: number): number {
  const mode = packed & 0x3000000;
  return (
    ((packed & flags & 0xfc000000) |
      mode |
      (packed & (mode === 0x3000000 ? 0xffffff : mode === 0 ? 0 : 0xff))) >>>
    0
  );
}
const fgLook = (packed: number): number => look(packed, 0xfc000000);
const bgLook = (packed: number): number => look(packed, ~0x10000000);

/** A cell as one line of text. A cell never written and a blank of the same colours look the same and count as such. */
function cells(core: Core, page: Screenful, y: number): string[] {
  const line = page.lines.get(y);
  if (!line) return [];
  const out: string[] = [];
  for (let x = 0; x < core.cols; x += 1) {
    const bg = line.getBg(x);
    // The second half of a wide character shows nothing of its own; one without its first half is a blank.
    if (line.getWidth(x) === 0 && x > 0 && line.getWidth(x - 1) === 2) {
      out.push("half");
      continue;
    }
    const extended = (bg & 0x10000000) !== 0 ? line._extendedAttrs[x] : undefined;
    const underlined = (line.getFg(x) & 0x10000000) !== 0;
    const link = extended?.urlId ? core._oscLinkService.getLinkData(extended.urlId)?.uri : "";
    // Without the underline flag, and with style 0 beside it, the style says nothing.
    const style = underlined ? ((extended?._ext ?? 0) >> 26) & 7 || 1 : 0;
    const colour = extended ? look(extended._ext, 0) : 0;
    const shown = [fgLook(line.getFg(x)), bgLook(bg), style, underlined ? colour : 0, link ?? ""];
    const cutOff = x + line.getWidth(x) > core.cols;
    out.push(
      `${cutOff ? "_" : line.getString(x).replace(/^ ?$/, "_")}|${cutOff ? 1 : line.getWidth(x) || 1}|${shown.join(",")}`,
    );
  }
  return out;
}

/** Everything of a terminal that a program or a person could tell, as named lines of text. */
export function describe(core: Core): string[] {
  const out: string[] = [];
  const { active, normal, alt } = core.buffers;
  const screens: [string, Screenful][] =
    active === normal
      ? [["normal", normal]]
      : [
          ["normal", normal],
          ["alt", alt],
        ];
  for (const [name, page] of screens) {
    // Blank lines at the very end of a short page are there in every terminal.
    out.push(
      `${name} lines ${page.lines.length} base ${page.ybase} margins ${page.scrollTop} ${page.scrollBottom}`,
    );
    for (let y = 0; y < page.lines.length; y += 1) {
      const row = cells(core, page, y);
      out.push(`${name} ${y} wrapped ${y > 0 && page.lines.get(y)?.isWrapped} ${row.join(" ")}`);
    }
    const { fg, bg } = page.savedCurAttrData;
    out.push(
      `${name} saved ${Math.min(page.savedX, core.cols - 1)} ${Math.min(Math.max(page.savedY - page.ybase, 0), core.rows - 1)} ${fgLook(fg)} ${bgLook(bg)}`,
    );
    const stops = Array.from({ length: core.cols }, (_, x) => x).filter((x) => x > 0 && page.tabs[x]);
    out.push(`${name} tabs ${stops.join(" ")}`);
  }
  out.push(`cursor ${active.x} ${active.y} alternate ${active !== normal}`);
  const { fg, bg, extended } = core._inputHandler._curAttrData;
  const underline = fg & 0x10000000 ? (extended._ext >> 26) & 7 || 1 : 0;
  const link = extended.urlId ? core._oscLinkService.getLinkData(extended.urlId)?.uri : "";
  out.push(`attributes ${fgLook(fg)} ${bgLook(bg)} ${underline} ${look(extended._ext, 0)} ${link ?? ""}`);
  const { synchronizedOutput: _frozen, ...modes } = core.coreService.decPrivateModes;
  out.push(`modes ${JSON.stringify({ ...modes, cursorStyle: undefined, cursorBlink: undefined })}`);
  out.push(`insert ${core.coreService.modes.insertMode} hidden ${core.coreService.isCursorHidden}`);
  out.push(`newline ${core.options.convertEol}`);
  out.push(`mouse ${core.coreMouseService.activeProtocol} ${core.coreMouseService.activeEncoding}`);
  const sets = core._charsetService;
  out.push(`charset ${sets.glevel} ${JSON.stringify(sets.charset ?? null)?.slice(0, 40)}`);
  return out;
}

/** The first lines in which two terminals differ, to be compared with []. */
export function differences(one: Core, other: Core): string[] {
  const [left, right] = [describe(one), describe(other)];
  const out: string[] = [];
  for (let i = 0; i < Math.max(left.length, right.length) && out.length < 4; i += 1) {
    if (left[i] !== right[i]) out.push(`- ${left[i]}`, `+ ${right[i]}`);
  }
  return out;
}
