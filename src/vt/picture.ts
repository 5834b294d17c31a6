// A picture of a terminal: everything it shows and everything that was set on it, as data; and what draws it again.

/** How cells look. The first of a picture's styles is the plain one. */
export interface Style {
  /** Parameters of the SGR sequence that sets exactly these attributes on any others: `0;1;38;5;9`. */
  readonly sgr: string;
  /** The background is not the default one. */
  readonly background?: true;
  /** DECSCA: selective erase leaves it. */
  readonly protected?: true;
  readonly link?: { readonly uri: string; readonly id?: string };
}

/**
 * Cells side by side with one style (an index into `styles`): their text, or how many erased ones. Two runs of text with the
 * same style must not join into one character where they meet.
 */
export type Run = readonly [content: string | number, style: number];

/** One of the two screens. */
export interface Page {
  /** From the first line of scrollback on. What is erased at the end of a line, and blank lines at the end, may be left out. */
  readonly lines: readonly (readonly Run[])[];
  /** So many of the lines are scrollback. */
  readonly above: number;
  /** The lines that go on what the line before began, by their index. */
  readonly wrapped: readonly number[];
  /** DECSTBM, from 0, both included; null for the whole screen. */
  readonly margins: readonly [top: number, bottom: number] | null;
  /** Columns, where they are not every eighth. */
  readonly tabs: readonly number[] | null;
  /** What DECSC kept. */
  readonly saved: {
    readonly x: number;
    readonly y: number;
    readonly style: number;
    readonly charset: string | null;
  };
  /** The kitty keyboard flags, last pushed last; the first is what counts with nothing pushed. */
  readonly keyboard: readonly number[];
}

export interface Picture {
  readonly cols: number;
  readonly rows: number;
  readonly styles: readonly Style[];
  readonly primary: Page;
  /** While it is shown; `mode` is the private mode that chose it. */
  readonly alternate: (Page & { readonly mode: number }) | null;
  readonly cursor: {
    readonly x: number;
    readonly y: number;
    /** DECSCUSR; 0 is the terminal's own. */
    readonly shape: number;
    /**
     * The character before the cursor, which is printed once more: a wrap that is still to come, and what a mark may still join,
     * exist only right behind it. `room`: columns that insert mode pushes on with it; `joins`: written with the style to come.
     */
    readonly last: {
      readonly x: number;
      readonly text: string;
      readonly style: number;
      readonly room: number;
      readonly joins: boolean;
    } | null;
  };
  /** What is printed next is printed so. */
  readonly pen: {
    readonly style: number;
    /** G0 to G3 by their final byte, null for ASCII. */
    readonly charsets: readonly (string | null)[];
    /** Which of them is in use. */
    readonly shift: number;
  };
  /** Modes that are not as in a fresh terminal, in the order to set them; 66 is the keypad. */
  readonly modes: {
    readonly private: readonly (readonly [mode: number, on: boolean])[];
    readonly ansi: readonly number[];
  };
  readonly title: string;
  /** Titles that were pushed, last pushed last. */
  readonly titles: readonly string[];
  /** `4;1` or `11` to the colour as the program wrote it. */
  readonly colours: readonly (readonly [what: string, colour: string])[];
  /** XTMODKEYS. */
  readonly modifiers: readonly (readonly [resource: number, value: number])[];
}

/** Whether a private mode that a fresh terminal has off is on. */
export function isSet(picture: Picture, mode: number): boolean {
  return picture.modes.private.some(([number, on]) => number === mode && on);
}

/** A terminal with nothing on it. */
export function blankPicture(cols: number, rows: number): Picture {
  const saved = { x: 0, y: 0, style: 0, charset: null };
  return {
    cols,
    rows,
    styles: [{ sgr: "0" }],
    primary: { lines: [[]], above: 0, wrapped: [], margins: null, tabs: null, saved, keyboard: [0] },
    alternate: null,
    cursor: { x: 0, y: 0, shape: 0, last: null },
    pen: { style: 0, charsets: [null, null, null, null], shift: 0 },
    modes: { private: [], ansi: [] },
    title: "",
    titles: [],
    colours: [],
    modifiers: [],
  };
}

/** Which part of a picture is drawn, and where the cursor then goes. */
export interface Drawing {
  /** Without: the primary screen stays as it is, and only what was set on it is set. */
  readonly primary?: boolean;
  /** By default to its place; `here`: nowhere; a number: so many rows down (up when negative) from the last line drawn. */
  readonly cursor?: "place" | "here" | number;
}

/** What draws a picture; `state` is all of it but the lines. */
export interface Drawn {
  readonly text: string;
  readonly state: string;
}

/** For a fresh terminal of the picture's size. Synchronised output (2026) is never in it: a viewer must not stay frozen. */
export function draw(picture: Picture, { primary = true, cursor = "place" }: Drawing = {}): Drawn {
  const { alternate } = picture;
  const pen = penFor(picture.styles);
  const parts: { text: string; lines: boolean }[] = [];
  const state = (text: string) => void parts.push({ text, lines: false });
  const lines = (page: Page) => void parts.push({ text: linesOf(page, picture.styles, pen), lines: true });
  if (primary) lines(picture.primary);
  const { margins } = picture.primary;
  if (primary) state(tabs(picture.primary) + marginsOf(picture.primary));
  state(keyboard(picture.primary.keyboard));
  if (alternate) {
    // 1049 saves the cursor itself, and what it saved comes back when the program leaves.
    const enter = `\x1b[?${alternate.mode}h`;
    const saves = alternate.mode === 1049;
    if (primary) state(saved(picture.primary, picture.styles, pen, saves ? enter : "\x1b7"));
    if (!primary || !saves) state(pen.set(0) + enter);
    const coloured = primary && picture.styles[picture.primary.saved.style]?.background;
    state(`${pen.set(0)}${coloured ? "\x1b[2J" : ""}${margins && primary ? "\x1b[r" : ""}\x1b[H`);
    lines(alternate);
    state(tabs(alternate) + marginsOf(alternate) + keyboard(alternate.keyboard));
  }
  if (cursor === "place") state(saved(alternate ?? picture.primary, picture.styles, pen, "\x1b7"));
  state(settings(picture) + place(picture, pen, cursor));
  return {
    text: parts.map((part) => part.text).join(""),
    state: parts.map((part) => (part.lines ? "" : part.text)).join(""),
  };
}

/** The lines of the screens one below the other, without anything that stays set; for a terminal that shows something else. */
export function drawLines(picture: Picture): string {
  const pages = [picture.primary, ...(picture.alternate ? [picture.alternate] : [])];
  const shown = pages.filter((page) => hasText(page) || page === picture.alternate);
  return shown
    .map((page) => {
      const last = page.lines.findLastIndex((line) => line.some(([content]) => typeof content === "string"));
      return linesOf(
        { ...page, lines: page.lines.slice(0, last + 1) },
        picture.styles,
        penFor(picture.styles),
      );
    })
    .join("\r\n");
}

/** Anything was printed on it. */
export function hasText(page: Page): boolean {
  return page.lines.some((line) => line.some(([content]) => typeof content === "string"));
}

interface Pen {
  /** The sequences that lead to this style, from the one before. */
  set(style: number): string;
}

function penFor(styles: readonly Style[]): Pen {
  let now: Style = styles[0] ?? { sgr: "0" };
  return {
    set(index) {
      const wanted = styles[index] ?? now;
      if (wanted === now) return "";
      let out = "";
      if (wanted.sgr !== now.sgr || wanted.protected !== now.protected) {
        // In xterm.js SGR 0 also takes the protection away; elsewhere it doesn't.
        out += `\x1b[${wanted.sgr}m`;
        if (wanted.protected || now.protected) out += `\x1b[${wanted.protected ? 1 : 0}"q`;
      }
      const { link } = wanted;
      const before = now.link;
      if (link?.uri !== before?.uri || link?.id !== before?.id) {
        out += link ? `\x1b]8;${link.id ? `id=${link.id}` : ""};${link.uri}\x1b\\` : "\x1b]8;;\x1b\\";
      }
      now = wanted;
      return out;
    },
  };
}

/** Ends nothing and prints nothing, and keeps two characters from joining into one. */
const APART = "\x1b\\";

function linesOf(page: Page, styles: readonly Style[], pen: Pen): string {
  const wrapped = new Set(page.wrapped);
  let out = "";
  /** The last thing written was text, with this style. */
  let open: number | undefined;
  const write = (text: string, style: number) => {
    const change = pen.set(style);
    out += change;
    if (change === "" && open === style && text > "\x7f") out += APART;
    out += text;
    open = style;
  };
  for (const [y, runs] of page.lines.entries()) {
    const [full, goesOn] = [wrapped.has(y + 1), wrapped.has(y)];
    // A line that a wrap scrolls in gets the background that is set then.
    const fresh = !goesOn || !styles[runs[0]?.[1] ?? 0]?.background;
    let left = runs.length;
    for (const run of runs) {
      // By index, not taken apart: a screen full of colours has ten thousand of them.
      const content = run[0];
      const style = run[1];
      left -= 1;
      const ends = left === 0;
      if (typeof content === "string") {
        write(content, style);
        continue;
      }
      // Only what is printed wraps.
      const printed = full && ends ? content : goesOn && run === runs[0] ? 1 : 0;
      if (printed > 0) write(" ".repeat(printed), style);
      const count = content - printed;
      if (count === 0) continue;
      open = undefined;
      const move = ends ? "" : `\x1b[${count}C`;
      out += fresh && style === 0 ? move : `${pen.set(style)}\x1b[${count}X${move}`;
    }
    if (full || y === page.lines.length - 1) continue;
    // A line scrolled in takes the background that is set.
    out += `${pen.set(0)}\r\n`;
    open = undefined;
  }
  return out + pen.set(0);
}

function at(y: number, x: number): string {
  return `\x1b[${y + 1};${x + 1}H`;
}

function tabs(page: Page): string {
  return page.tabs ? `\x1b[3g${page.tabs.map((x) => `${at(0, x)}\x1bH`).join("")}` : "";
}

function marginsOf({ margins }: Page): string {
  return margins ? `\x1b[${margins[0] + 1};${margins[1] + 1}r` : "";
}

function keyboard([base = 0, ...pushed]: readonly number[]): string {
  return (base === 0 ? "" : `\x1b[=${base};1u`) + pushed.map((flags) => `\x1b[>${flags}u`).join("");
}

/** Puts the cursor where DECSC left it, with its attributes and character set, and saves it there by `save`. */
function saved(
  { saved: { x, y, style, charset } }: Page,
  styles: readonly Style[],
  pen: Pen,
  save: string,
): string {
  if (
    save === "\x1b7" &&
    x === 0 &&
    y === 0 &&
    charset === null &&
    styles[style]?.sgr === "0" &&
    !styles[style].protected
  )
    return "";
  const there = at(y, x) + pen.set(style);
  return charset ? `${there}\x1b(${charset}${save}\x1b(B` : there + save;
}

/** Everything that was set and is no cell; what moves the cursor (origin mode) comes last. */
function settings({ title, titles, colours, modes, modifiers, cursor: { shape } }: Picture): string {
  const stack = titles.map((one) => `\x1b]2;${one}\x1b\\\x1b[22;2t`).join("");
  const named = title === "" && titles.length === 0 ? "" : `\x1b]2;${title}\x1b\\`;
  const dec = modes.private.map(([mode, on]) => {
    if (mode === 66) return on ? "\x1b=" : "\x1b>";
    return `\x1b[?${mode}${on ? "h" : "l"}`;
  });
  return [
    stack,
    named,
    ...colours.map(([what, colour]) => `\x1b]${what};${colour}\x1b\\`),
    ...modifiers.map(([resource, value]) => `\x1b[>${resource};${value}m`),
    shape === 0 ? "" : `\x1b[${shape} q`,
    ...modes.ansi.map((mode) => `\x1b[${mode}h`),
    ...dec,
  ].join("");
}

const DESIGNATE = ["(", ")", "*", "+"];
const SHIFT = ["", "\x0e", "\x1bn", "\x1bo"];

/** Puts the cursor where it is, and sets what is printed with. */
function place(picture: Picture, pen: Pen, how: "place" | "here" | number): string {
  const { x, y, last } = picture.cursor;
  const { style, charsets, shift } = picture.pen;
  const sets = charsets.map((name, slot) => (name ? `\x1b${DESIGNATE[slot] ?? "("}${name}` : "")).join("");
  const finish = () => sets + (SHIFT[shift] ?? "") + pen.set(style);
  if (how === "here") return finish();
  const top = isSet(picture, 6) ? ((picture.alternate ?? picture.primary).margins?.[0] ?? 0) : 0;
  const to = (column: number) =>
    how === "place"
      ? at(y - top, column)
      : `${how < 0 ? `\x1b[${-how}A` : "\n".repeat(how)}\x1b[${column + 1}G`;
  if (!last) return to(Math.min(x, picture.cols - 1)) + finish();
  const begin = to(last.x) + (last.room > 0 ? `\x1b[${last.room}P` : "");
  // A cell's character set has been applied already, but to one that is still to be joined.
  return last.joins ? begin + finish() + last.text : begin + pen.set(last.style) + last.text + finish();
}
