// The lines of the browser for a state and a size, none wider than the terminal. Pure.
import { isSettled, type Session } from "../../../../session/session.ts";
import { asksForLeave, isWaiting, matesOf, wants } from "../../../client/attention.ts";
import { ageOf, calledOf, painted, projectOf, signOf, stateText } from "../../../client/describe.ts";
import { modeWord } from "../../../client/launch-mode.ts";
import { shortId } from "../../../client/session-id.ts";
import { out } from "../../../ui/colour.ts";
import type { Size } from "../../../ui/full-screen.ts";
import { glyphs } from "../../../ui/glyphs.ts";
import { counted, harmless } from "../../../ui/text.ts";
import { cut, padded, widthOf } from "../../../ui/width.ts";
import { actionsOf } from "./actions.ts";
import { type Screen, screenRows } from "./preview.ts";
import {
  type BrowserState,
  inScope,
  type Panel,
  rowText,
  SACRIFICE,
  selectedOf,
  sessionsOf,
  type Target,
} from "./state.ts";

/** Lines above the list (heading, filter, blank, column heads) and below it (blank, hints). */
const AROUND = 6;

/** From so many columns on the screen of the selected session stands beside the list, from so many rows and columns below it. */
const BESIDE_COLS = 110;
const BELOW = { cols: 60, rows: 24 };
/** Where there is no room for a screen one row says more of the selected session, from so many rows for the list. */
const DETAIL_ROOM = 5;
/** Columns of the list with a screen beside it: its share, within bounds. */
const LIST_SHARE = 0.42;
const LIST_COLS = { least: 56, most: 100 };

/** What stands where. */
interface Layout {
  /** Columns of the list. */
  readonly cols: number;
  /** Sessions that the list shows. */
  readonly page: number;
  /** The selected session's screen with what is said of it, if there is room. */
  readonly preview: (Size & { readonly where: "beside" | "below" }) | undefined;
}

function layoutOf(state: BrowserState, { cols, rows }: Size): Layout {
  const panel = panelHeight(state);
  const room = rows - AROUND;
  if (cols >= BESIDE_COLS) {
    const list = Math.max(LIST_COLS.least, Math.min(LIST_COLS.most, Math.floor(cols * LIST_SHARE)));
    const preview = { where: "beside", cols: cols - list - 2, rows: rows - 3 } as const;
    return { cols: list, page: Math.max(1, room - panel), preview };
  }
  // A panel takes its rows from what is below first, so that the list stays where it is.
  const half = cols >= BELOW.cols && rows >= BELOW.rows ? Math.floor(room / 2) : room > DETAIL_ROOM ? 1 : 0;
  const left = half - panel;
  const preview = left > 0 ? ({ where: "below", cols, rows: left } as const) : undefined;
  return { cols, page: Math.max(1, room - Math.max(half, panel)), preview };
}

/** How many sessions the list shows at this size. */
export function pageOf(state: BrowserState, size: Size): number {
  return layoutOf(state, size).page;
}

/** Whether there is room for the selected session's screen. */
export function hasPreview(state: BrowserState, size: Size): boolean {
  return (layoutOf(state, size).preview?.rows ?? 0) > 1;
}

function panelHeight(state: BrowserState): number {
  switch (state.panel.kind) {
    case "none":
      return state.notice ? 1 : 0;
    case "keys":
      return KEYS.length + 1;
    case "confirm":
      return 4;
    case "sacrifice":
      return 5;
    case "actions":
      return 3 + actionsOf(...sessionsOf(state, state.panel.ids)).length;
  }
}

/** Stands behind the status of those that work in one checkout. */
const COLLIDES = "!";

/** What `?` says; the first of a pair is as wide as the widest. */
const KEYS = [
  ["Enter", "attach; the log of an old one"],
  ["Tab", "what else can be done"],
  [glyphs.upDown, "move; PgUp PgDn, j k, g G"],
  ["/", "filter as you type"],
  ["p", "this project, or all of them"],
  ["n", "the next that waits for you"],
  ["a d", "approve or deny what it asks"],
  [".", "archived ones too, or not"],
  ["Space", "mark; Tab acts on all marked"],
  ["l", "its log"],
  [COLLIDES, "shares its checkout"],
  ["q", "leave; sessions go on"],
] as const;

/** The first row of the list on the screen. */
const LIST = 4;

/** The index of the session that stands in the first row of the list: the pointer stays in the middle once there is more than a page. */
function topOf(state: BrowserState, page: number): number {
  return Math.max(0, Math.min(state.at - Math.floor(page / 2), state.shown.length - page));
}

/** What stands in this row of the screen. */
export function targetAt(state: BrowserState, size: Size, x: number, y: number): Target | undefined {
  const { cols, page, preview } = layoutOf(state, size);
  // A click on the screen beside the list is none on the list.
  if (x >= cols) return undefined;
  const row = y - LIST;
  if (row >= 0 && row < page) {
    const at = topOf(state, page) + row;
    return at < state.shown.length ? { kind: "row", at } : undefined;
  }
  // Below the list a blank row, perhaps a screen, and in the panel a rule and two lines before the menu.
  const action = row - page - 4 - (preview?.where === "below" ? preview.rows : 0);
  const { panel } = state;
  return panel.kind === "actions" && action >= 0 && action < actionsOf(...sessionsOf(state, panel.ids)).length
    ? { kind: "action", at: action }
    : undefined;
}

/** The whole screen; `screen`: what the selected session shows, as far as it is known. */
export function browserLines(state: BrowserState, size: Size, now: number, screen?: Screen): string[] {
  const { rows } = size;
  const { cols, page, preview } = layoutOf(state, size);
  const shown = preview ? previewLines(state, screen, preview, now) : [];
  const widths = widthsOf(state, cols);
  const top = topOf(state, page);
  const visible = state.shown.slice(top, top + page);
  const list =
    visible.length > 0
      ? visible.map((one) =>
          row(
            one,
            widths,
            {
              selected: one.id === selectedOf(state)?.id,
              marked: state.marked.includes(one.id),
              collides: matesOf(state.listing.sessions, one).length > 0,
              hits: state.hits.get(one.id),
            },
            now,
          ),
        )
      : nothing(state).map((line) => `  ${cut(line, cols - 2)}`);
  const middle = [
    heading(state, size.cols),
    filterLine(state, size.cols),
    "",
    visible.length > 0 ? out.dim(`  ${headings(widths)}`) : "",
    ...list.slice(0, page),
    ...Array.from({ length: Math.max(0, page - list.length) }, () => ""),
  ];
  const between = preview?.where === "below" ? shown : [];
  const left = [...middle, "", ...between, ...panelLines(state, cols, now)].slice(0, rows - 1);
  const last = hints(state, size.cols);
  if (preview?.where !== "beside") return [...left, last];
  // To its column by number: where a terminal draws a character wider than we count, the line between stays straight.
  const joined = left.map((line, y) =>
    y < 2 ? line : `${padded(line, cols)}\u001b[${cols + 1}G${out.dim(glyphs.guide)} ${shown[y - 2] ?? ""}`,
  );
  return [...joined, last];
}

/** What is said of the selected session, and its screen. */
function previewLines(
  state: BrowserState,
  screen: Screen | undefined,
  { where, cols, rows }: NonNullable<Layout["preview"]>,
  now: number,
): string[] {
  const session = selectedOf(state);
  const filled = (lines: readonly string[]) => Array.from({ length: rows }, (_, y) => lines[y] ?? "");
  if (!session) return filled([]);
  const title = harmless(session.title);
  const facts = `${shortId(session.id)} ${glyphs.dot} ${harmless(session.harness)}, ${modeWord(session)} ${glyphs.dot} ${stateText(session, now)}`;
  const mates = matesOf(state.listing.sessions, session);
  const { continues, group } = session;
  const tied = [
    ...(continues === null ? [] : [`goes on with ${shortId(continues)}`]),
    ...(group === null ? [] : [`started with others: group ${harmless(group)}`]),
  ].join(` ${glyphs.dot} `);
  const notes = [
    ...(wants(session) === "" ? [] : [out.yellow(cut(` waiting ${harmless(wants(session))}`, cols))]),
    ...(mates.length > 0
      ? [
          out.yellow(
            cut(
              ` ${COLLIDES} in one checkout with ${mates.map((one) => `${shortId(one.id)} ${harmless(one.title)}`).join(", ")}`,
              cols,
            ),
          ),
        ]
      : []),
    ...(tied === "" ? [] : [out.dim(cut(` ${tied}`, cols))]),
  ];
  if (rows === 1) return [notes[0] ?? out.dim(cut(` ${facts}`, cols))];
  const head =
    where === "beside"
      ? [out.bold(cut(title, cols)), out.dim(cut(facts, cols)), ...notes, out.dim(glyphs.rule.repeat(cols))]
      : [ruleWith(`${title} ${glyphs.dot} ${facts}`, cols), ...notes];
  const picture = screen?.id === session.id ? screen.picture : undefined;
  return filled([...head, ...(picture ? screenRows(picture, { cols, rows: rows - head.length }) : [])]);
}

function ruleWith(text: string, cols: number): string {
  const shown = cut(text, Math.max(1, cols - 6));
  const rest = Math.max(0, cols - widthOf(shown) - 4);
  return out.dim(`${glyphs.rule.repeat(2)} ${shown} ${glyphs.rule.repeat(rest)}`);
}

function heading(state: BrowserState, cols: number): string {
  const { listing, shown, project, everywhere } = state;
  const here = inScope(state);
  const running = here.filter((one) => !isSettled(one.status)).length;
  const waiting = here.filter(isWaiting).length;
  const elsewhere = everywhere ? 0 : listing.sessions.filter(isWaiting).length - waiting;
  const collisions = new Set(
    here.filter((one) => matesOf(listing.sessions, one).length > 0).map((one) => one.project_root),
  ).size;
  const title = "Sessions";
  const all = state.filter === "" ? `${shown.length}` : `${shown.length} of ${here.length}`;
  const place = everywhere || project === undefined ? "of all projects" : `in ${project.name}`;
  const facts = [
    `${all}${listing.complete ? "" : "…"}`,
    ...(running > 0 ? [`${running} live`] : []),
    ...(waiting > 0 ? [`${waiting} waiting for you`] : []),
    ...(elsewhere > 0 ? [`${elsewhere} waiting in other projects`] : []),
    ...(collisions > 0 ? [counted(collisions, "shared checkout")] : []),
    ...(state.approvals > 0 ? [`${counted(state.approvals, "approval")} asked for (coven approvals)`] : []),
    ...(state.includeArchived ? ["archived too"] : []),
    ...(state.marked.length > 0 ? [`${state.marked.length} marked`] : []),
    ...(listing.error === undefined ? [] : ["not up to date: the daemon does not answer"]),
  ];
  const text = ` ${glyphs.dot} ${facts.join(` ${glyphs.dot} `)}`;
  const room = Math.max(1, cols - title.length - 2);
  const name = ` ${cut(harmless(place), Math.min(room, Math.max(15, room - widthOf(text))))}`;
  const shownText = cut(text, cols - title.length - widthOf(name) - 1);
  return ` ${out.bold(title)}${name}${waiting + elsewhere + state.approvals > 0 ? out.yellow(shownText) : out.dim(shownText)}`;
}

function filterLine(state: BrowserState, cols: number): string {
  const word = " Filter ";
  const caret = state.typing ? glyphs.caret : "";
  if (state.filter === "" && !state.typing) return out.dim(cut(`${word}(/ and type)`, cols));
  const room = cols - word.length - 1;
  // The end is shown: that is where one types.
  const text = harmless(state.filter);
  const end =
    widthOf(text) <= room
      ? text
      : Array.from(text)
          .slice(-Math.max(1, Math.floor(room / 2)))
          .join("");
  return `${out.dim(word)}${end}${out.dim(caret)}`;
}

/** The lines that say why the list is empty. */
function nothing(state: BrowserState): string[] {
  if (state.filter !== "" && inScope(state).length > 0)
    return ["No session matches.", "Esc shows all of them again."];
  if (state.listing.error !== undefined) return ["The daemon does not answer.", "Try: coven doctor"];
  if (!state.listing.complete) return ["Reading …"];
  const elsewhere = state.everywhere ? 0 : inScope({ ...state, everywhere: true }).length;
  const archived = state.includeArchived ? 0 : state.listing.sessions.length - elsewhere;
  const hint = [
    ...(elsewhere > 0 ? [`p shows those of other projects: ${elsewhere}.`] : []),
    ...(state.includeArchived ? [] : [". shows archived ones."]),
  ];
  const none =
    elsewhere > 0 ? "No sessions in this project." : archived > 0 ? "All are archived." : "No sessions yet.";
  return [none, ...hint, "Start one:  coven run demo 'say hello'"];
}

interface Widths {
  readonly state: number;
  /** 0: not shown. */
  readonly harness: number;
  readonly age: number;
  readonly title: number;
  readonly project: number;
  readonly id: number;
}

function widthsOf(state: BrowserState, cols: number): Widths {
  // Measured over what is loaded, so that columns keep their places while one scrolls; long names are cut.
  const most = (text: (one: Session) => string, least: number, limit: number) =>
    state.listing.sessions
      .slice(0, 500)
      .reduce((width, one) => Math.max(width, Math.min(limit, widthOf(harmless(text(one))))), least);
  const age = cols < 32 ? 0 : 4;
  const word = 11;
  const harness = cols < 56 ? 0 : most((one) => one.harness, 7, 12);
  const isOne = new Set(inScope(state).map(projectOf)).size < 2 && !state.everywhere;
  const project = cols < 72 || isOne ? 0 : most((one) => projectOf(one), 7, cols < 120 ? 16 : 32);
  const id = cols < 100 ? 0 : 8;
  const others = [word, harness, age, project, id].filter((width) => width > 0);
  const room = Math.max(4, cols - 3 - others.reduce((sum, width) => sum + width + 2, 0));
  const title = most(
    (one) => `${calledOf(one)}${isWaiting(one) ? `   ${wants(one)}` : ""}`,
    Math.min(room, 24),
    room,
  );
  return { state: word, harness, age, title, project, id };
}

function headings(widths: Widths): string {
  return cells(widths, {
    state: "STATUS",
    harness: "HARNESS",
    age: "AGE",
    title: "TITLE",
    project: "PROJECT",
    id: "SESSION",
  });
}

/** The text with what it was found by in colour; a character that is made of several is so as a whole. */
function lit(text: string, hits: ReadonlySet<number> | undefined): string {
  if (!hits || hits.size === 0) return text;
  let at = 0;
  let line = "";
  for (const { segment } of new Intl.Segmenter().segment(text)) {
    let isHit = false;
    for (const end = at + segment.length; at < end; at++) isHit ||= hits.has(at);
    // The sign for what was cut off stands for nothing that was found.
    line += isHit && segment !== "…" ? out.cyan(segment) : segment;
  }
  return line;
}

/** What of which cell the filter has found. */
function hitsOf(
  session: Session,
  hits: ReadonlySet<number> | undefined,
): Partial<Record<keyof Widths, Set<number>>> {
  if (!hits || hits.size === 0) return {};
  let begin = 0;
  const [title, state, harness, project] = rowText(session).map((word) => {
    const own = new Set(Array.from(hits, (at) => at - begin).filter((at) => at >= 0 && at < word.length));
    begin += word.length + 1;
    return own;
  });
  return {
    ...(title && { title }),
    ...(state && { state }),
    ...(harness && { harness }),
    ...(project && { project }),
  };
}

function cells(
  widths: Widths,
  texts: Readonly<Record<keyof Widths, string>>,
  hits: Partial<Record<keyof Widths, ReadonlySet<number>>> = {},
): string {
  return (["state", "harness", "age", "title", "project", "id"] as const)
    .filter((name) => widths[name] > 0)
    .map((name) => padded(lit(cut(texts[name], widths[name]), hits[name]), widths[name]))
    .join("  ")
    .trimEnd();
}

function row(
  session: Session,
  widths: Widths,
  {
    selected,
    marked,
    collides,
    hits,
  }: {
    readonly selected: boolean;
    readonly marked: boolean;
    readonly collides: boolean;
    readonly hits: ReadonlySet<number> | undefined;
  },
  now: number,
): string {
  const [title, word, harness, project] = rowText(session);
  const sign = signOf(session);
  const rest = cells(
    { ...widths, state: 0 },
    {
      state: "",
      harness,
      age: ageOf(session, now),
      title: titleCell(session, title, widths.title),
      project,
      id: shortId(session.id),
    },
    hitsOf(session, hits),
  );
  const state = painted(session, padded(`${sign} ${word}`, widths.state));
  const mark = marked ? out.cyan("+") : " ";
  const beside = collides ? out.yellow(COLLIDES) : " ";
  return selected
    ? `${out.cyan(glyphs.pointer)}${mark}${state}${beside} ${out.bold(rest)}`
    : ` ${mark}${state}${beside} ${isSettled(session.status) ? out.dim(rest) : rest}`;
}

/** A narrower title stands alone: what it waits for is said of the selected session. */
const WANTS_COLS = 24;

/** The title, and what it waits for, which has at most half of the room if that is not enough for both. */
function titleCell(session: Session, title: string, cells: number): string {
  const wanted = harmless(wants(session));
  if (wanted === "" || cells < WANTS_COLS) return title;
  const text = ` ${glyphs.dot} ${wanted}`;
  const room = Math.max(Math.ceil(cells / 2), cells - widthOf(text));
  return cut(title, room) + text;
}

const ASKS: Readonly<Record<(Panel & { kind: "confirm" })["action"], readonly [one: string, many: string]>> =
  {
    kill: ["End it and everything it started?", "End # and everything started there?"],
    archive: ["Archive it?", "Archive #?"],
    summon: ["Bring it back into the list?", "Bring # back into the list?"],
  };

function panelLines(state: BrowserState, cols: number, now: number): string[] {
  const { panel, notice } = state;
  if (panel.kind === "none") {
    if (!notice) return [];
    const text = ` ${cut(harmless(notice.text), cols - 1)}`;
    return [notice.bad ? out.red(text) : out.green(text)];
  }
  const rule = out.dim(glyphs.rule.repeat(cols));
  if (panel.kind === "keys") {
    const widest = Math.max(...KEYS.map(([key]) => widthOf(key)));
    return [rule, ...KEYS.map(([key, does]) => cut(` ${padded(key, widest)}  ${does}`, cols))];
  }
  const sessions = sessionsOf(state, panel.ids);
  const [session] = sessions;
  if (!session) return [];
  const count = counted(sessions.length, "session");
  const isOne = sessions.length === 1;
  const titles = sessions.map((one) => harmless(one.title)).join(", ");
  const what = ` ${out.bold(cut(titles, cols - 2))}`;
  const its = `${shortId(session.id)} ${glyphs.dot} ${harmless(session.harness)}, ${modeWord(session)} ${glyphs.dot} ${stateText(session, now)}`;
  const facts = out.dim(cut(` ${isOne ? its : count}`, cols));
  if (panel.kind === "confirm") {
    const [one, many] = ASKS[panel.action];
    return [rule, what, facts, cut(` ${isOne ? one : many.replace("#", count)} y or n`, cols)];
  }
  if (panel.kind === "sacrifice") {
    const asks = panel.wrong
      ? out.red(cut(` That is not the word. Type ${SACRIFICE}, or Esc.`, cols))
      : cut(` Type ${SACRIFICE} to delete ${isOne ? "it" : count} for good:`, cols);
    return [rule, what, facts, asks, ` ${cut(harmless(panel.typed), cols - 3)}${glyphs.caret}`];
  }
  const actions = actionsOf(...sessions);
  const menu = actions.map((action, place) => {
    const chosen = place === Math.min(panel.at, actions.length - 1);
    const label = padded(action.label, 10);
    const does = out.dim(cut(action.does, Math.max(0, cols - 16)));
    return chosen ? ` ${out.cyan(glyphs.pointer)} ${out.bold(label)} ${does}` : `   ${label} ${does}`;
  });
  return [rule, what, facts, ...menu];
}

/** From so few columns on nothing but blanks stands between the hints. */
const NARROW_COLS = 60;

function hints(state: BrowserState, cols: number): string {
  const first = selectedOf(state);
  const texts: Readonly<Record<BrowserState["panel"]["kind"], readonly string[]>> = {
    none: state.typing
      ? ["Enter open", "Esc clear filter", `${glyphs.upDown} move`, "Tab actions"]
      : [
          ...(state.marked.length > 0
            ? [`Tab all ${state.marked.length} marked`]
            : first
              ? [
                  `Enter ${actionsOf(first)[0]?.id === "rejoin" ? "attach" : "log"}`,
                  ...(asksForLeave(first) ? ["a approve", "d deny"] : []),
                  "? keys",
                  "Tab actions",
                ]
              : []),
          `Esc ${state.marked.length > 0 ? "unmark" : state.filter === "" ? "leave" : "clear filter"}`,
          ...(first && state.marked.length === 0 ? [] : ["? keys"]),
          "/ filter",
          state.everywhere ? "p this project" : "p all projects",
          state.includeArchived ? ". hide archived" : ". archived too",
          "Space mark",
        ],
    keys: ["any key goes back"],
    actions: ["Enter choose", "Esc back", `${glyphs.upDown} move`],
    confirm: ["y do it", "Esc back"],
    sacrifice: ["Enter delete", "Esc keep it"],
  };
  let line = "";
  const between = cols < NARROW_COLS ? "  " : `  ${glyphs.dot}  `;
  for (const text of texts[state.panel.kind]) {
    const longer = line === "" ? ` ${text}` : `${line}${between}${text}`;
    if (widthOf(longer) > cols) break;
    line = longer;
  }
  return out.dim(line);
}
