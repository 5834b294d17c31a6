// Owns the writing of cells as terminal output: text, colours and links, with nothing sent twice.

import type { Core, Extended, Line, Page } from "./emulator.ts";
import { colourOf, hasExtended, isErased, isProtected, sgrOf } from "./style.ts";

/** Ends nothing and prints nothing, and keeps two characters from joining into one cluster. */
const APART = "\x1b\\";

/** Bits of a cell's content (buffer/Constants.ts of xterm.js 6.0.0): the width of a narrow character, and whether there is any. */
const NARROW = 1 << 22;
const CONTENT = 0x3fffff;

/** Remembers what attributes the terminal at the other end has by now. */
export interface Brush {
  /** All lines of a page from its first line of scrollback; the cursor is somewhere on the last one then. */
  page(page: Page): string;
  /** One cell where the cursor stands. */
  cell(line: Line, x: number): string;
  /** Sets these attributes; the link too when there is one. */
  attributes(fg: number, bg: number, extended: Extended | undefined): string;
}

export function brush(core: Core): Brush {
  const plain = core.unicodeService.charProperties(0x20, 0);
  /** The attributes last set, packed, so that a run of equal cells costs a comparison each. */
  let [lastFg, lastBg, lastExtended]: [number, number, Extended | undefined] = [0, 0, undefined];
  let sgr = "0";
  let protection = false;
  let link = 0;
  let joins = 0;
  /** What the few attributes of a screen come to, by foreground and background. */
  const known = new Map<number, Map<number, string>>();
  const letters = Buffer.alloc(core.cols);

  function sgrFor(fg: number, bg: number, extended: Extended | undefined): string {
    if (extended) return sgrOf(fg, bg, extended);
    const found = known.get(fg)?.get(bg);
    if (found !== undefined) return found;
    const made = sgrOf(fg, bg, undefined);
    known.set(fg, (known.get(fg) ?? new Map()).set(bg, made));
    return made;
  }

  function attributes(fg: number, bg: number, extended: Extended | undefined): string {
    if (fg === lastFg && bg === lastBg && extended === lastExtended) return "";
    [lastFg, lastBg, lastExtended] = [fg, bg, extended];
    let out = "";
    const wanted = sgrFor(fg, bg, extended);
    if (wanted !== sgr || protection !== isProtected(bg)) {
      // In xterm.js SGR 0 also takes the protection away; elsewhere it doesn't.
      out += `\x1b[${wanted}m`;
      if (protection || isProtected(bg)) out += `\x1b[${isProtected(bg) ? 1 : 0}"q`;
      [sgr, protection] = [wanted, isProtected(bg)];
    }
    const urlId = extended?.urlId ?? 0;
    if (urlId !== link) {
      const data = urlId === 0 ? undefined : core._oscLinkService.getLinkData(urlId);
      out += data ? `\x1b]8;${data.id ? `id=${data.id}` : ""};${data.uri}\x1b\\` : "\x1b]8;;\x1b\\";
      link = urlId;
    }
    if (out !== "") joins = 0;
    return out;
  }

  function attributesOf(line: Line, x: number): string {
    const bg = line.getBg(x);
    return attributes(line.getFg(x), bg, hasExtended(bg) ? line._extendedAttrs[x] : undefined);
  }

  function text(characters: string): string {
    if (characters.length === 1 && joins >> 3 === 0 && characters >= " " && characters < "\x7f") {
      joins = plain;
      return characters;
    }
    let out = "";
    for (const character of characters) {
      const code = character.codePointAt(0) ?? 0;
      let state = core.unicodeService.charProperties(code, joins);
      if ((state & 1) !== 0 && out === "") {
        out = APART;
        state = core.unicodeService.charProperties(code, 0);
      }
      joins = state;
      out += character;
    }
    return out;
  }

  function cell(line: Line, x: number): string {
    return attributesOf(line, x) + text(line.getString(x) || " ");
  }

  /** A run of ASCII with the same attributes, which is most of any screen: from `x` to the column returned, as `letters`. */
  function runFrom(line: Line, x: number): number {
    const { _data: data } = line;
    const { cols } = core;
    const [fg, bg] = [data[x * 3 + 1], data[x * 3 + 2] ?? 0];
    if (hasExtended(bg)) return x;
    let end = x;
    for (let i = x * 3; end < cols && data[i + 1] === fg && data[i + 2] === bg; i += 3) {
      const content = (data[i] ?? 0) ^ NARROW;
      if (content < 0x20 || content > 0x7e) break;
      letters[end] = content;
      end += 1;
    }
    return end;
  }

  /** A run of erased cells of one background; `skip` when the cells at the other end are like that already. */
  function erased(line: Line, x: number, count: number, skip: boolean, last: boolean): string {
    if (skip && last) return "";
    const move = last ? "" : `\x1b[${count}C`;
    joins = 0;
    return skip ? move : `${attributesOf(line, x)}\x1b[${count}X${move}`;
  }

  function row(line: Line, next: Line | undefined, wrapped: boolean): string {
    const { cols } = core;
    const full = next?.isWrapped === true;
    // A line that a wrap scrolled in has the background that was set then.
    let fresh = true;
    let out = "";
    let x = 0;
    if (wrapped && cols > 0) {
      out += attributesOf(line, 0);
      fresh = colourOf(line.getBg(0)) === 0;
      if (!line.hasContent(0)) {
        out += text(" ");
        x = 1;
      }
    }
    while (x < cols) {
      const ascii = runFrom(line, x);
      if (ascii > x) {
        out += cell(line, x);
        if (ascii > x + 1) out += letters.toString("latin1", x + 1, ascii);
        x = ascii;
        continue;
      }
      if (line.hasContent(x)) {
        const width = Math.max(1, line.getWidth(x));
        // On the alternate screen a narrower window keeps its lines, and may end in the middle of a character.
        out += x + width > cols ? attributesOf(line, x) + text(" ") : cell(line, x);
        x += width;
        continue;
      }
      const { _data: data } = line;
      const [fg, bg] = [line.getFg(x), line.getBg(x)];
      let end = x + 1;
      for (let i = end * 3; end < cols && data[i + 1] === fg && data[i + 2] === bg; i += 3) {
        if (((data[i] ?? 0) & CONTENT) !== 0) break;
        end += 1;
      }
      if (!isErased(fg, bg) || (full && end === cols)) {
        if (full && end === cols && x === cols - 1 && wrapsBy(line, next)) break;
        out += cell(line, x);
        out += text(" ".repeat(end - x - 1));
      } else {
        out += erased(line, x, end - x, fresh && bg === 0, end === cols);
      }
      x = end;
    }
    return out;
  }

  /** True when the blank at the end of `line` is there because a wide character did not fit, with its attributes. */
  function wrapsBy(line: Line, next: Line): boolean {
    const last = core.cols - 1;
    return next.getWidth(0) === 2 && next.getFg(0) === line.getFg(last) && next.getBg(0) === line.getBg(last);
  }

  function page(page: Page): string {
    const { lines } = page;
    const rows: string[] = [];
    let end = lines.length;
    // Blank lines at the end need to be sent only to push others into the scrollback.
    while (page.ybase === 0 && end > 1 && isBlank(lines.get(end - 1))) end -= 1;
    let wrapped = false;
    for (let y = 0; y < end; y += 1) {
      const line = lines.get(y);
      const next = y + 1 < end ? lines.get(y + 1) : undefined;
      if (!line) continue;
      let out = row(line, next, wrapped);
      wrapped = next?.isWrapped === true;
      if (next && !wrapped) {
        // A line scrolled in takes the background that is set.
        out += `${attributes(0, 0, undefined)}\r\n`;
        joins = 0;
      }
      rows.push(out);
    }
    rows.push(attributes(0, 0, undefined));
    return rows.join("");
  }

  return { page, cell, attributes };
}

function isBlank(line: Line | undefined): boolean {
  if (!line) return true;
  if (line.isWrapped) return false;
  for (let x = 0; x < line.length; x += 1) {
    if (line.hasContent(x) || line.getFg(x) !== 0 || line.getBg(x) !== 0) return false;
  }
  return true;
}
