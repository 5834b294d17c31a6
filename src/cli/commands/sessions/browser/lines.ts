// The lines of the browser for a state and a size, none wider than the terminal. Pure.
import { isSettled, type Session } from "../../../../session/session.ts";
import {
  ageOf,
  isWaiting,
  painted,
  projectOf,
  signOf,
  stateText,
  stateWord,
} from "../../../client/describe.ts";
import { modeWord } from "../../../client/launch-mode.ts";
import { shortId } from "../../../client/session-id.ts";
import { out } from "../../../ui/colour.ts";
import type { Size } from "../../../ui/full-screen.ts";
import { glyphs } from "../../../ui/glyphs.ts";
import { counted, harmless } from "../../../ui/text.ts";
import { cut, padded, widthOf } from "../../../ui/width.ts";
import { actionsOf } from "./actions.ts";
import { type ActionForMany, type BrowserState, SACRIFICE, selectedOf } from "./state.ts";

/** Lines above the list (heading, filter, blank, column heads) and below it (blank, hints). */
const AROUND = 6;

/** How many sessions the list shows at this size. */
export function pageOf(state: BrowserState, { rows }: Size): number {
  return Math.max(1, rows - AROUND - panelHeight(state));
}

function panelHeight(state: BrowserState): number {
  if (state.panel.kind === "none") return state.notice ? 1 : 0;
  if (state.panel.kind === "several") return 2;
  if (state.panel.kind === "kill") return 4;
  return state.panel.kind === "sacrifice" ? 5 : 6;
}

/** The whole screen. */
export function browserLines(state: BrowserState, size: Size, now: number): string[] {
  const { cols, rows } = size;
  const page = pageOf(state, size);
  const widths = widthsOf(state, cols);
  // The pointer stays in the middle once there is more than a page.
  const top = Math.max(0, Math.min(state.at - Math.floor(page / 2), state.shown.length - page));
  const visible = state.shown.slice(top, top + page);
  const list =
    visible.length > 0
      ? visible.map((one) =>
          row(
            one,
            widths,
            { selected: one.id === selectedOf(state)?.id, marked: state.marked.includes(one.id) },
            now,
          ),
        )
      : nothing(state).map((line) => `  ${cut(line, cols - 2)}`);
  const middle = [
    heading(state, cols),
    filterLine(state, cols),
    "",
    visible.length > 0 ? out.dim(`  ${headings(widths)}`) : "",
    ...list.slice(0, page),
    ...Array.from({ length: Math.max(0, page - list.length) }, () => ""),
  ];
  const below = ["", ...panelLines(state, cols, now), hints(state, cols)];
  return [...middle, ...below].slice(0, rows);
}

function heading(state: BrowserState, cols: number): string {
  const { listing, shown } = state;
  const running = listing.sessions.filter((one) => !isSettled(one.status)).length;
  const waiting = listing.sessions.filter(isWaiting).length;
  const title = state.includeArchived ? "All sessions" : "Sessions";
  const all = state.filter === "" ? `${shown.length}` : `${shown.length} of ${listing.sessions.length}`;
  const facts = [
    `${all}${listing.complete ? "" : "…"}`,
    ...(running > 0 ? [`${running} live`] : []),
    ...(waiting > 0 ? [`${waiting} waiting for you`] : []),
    ...(state.marked.length > 0 ? [`${state.marked.length} marked`] : []),
    ...(listing.error === undefined ? [] : ["not up to date: the daemon does not answer"]),
  ];
  const text = ` ${glyphs.dot} ${facts.join(` ${glyphs.dot} `)}`;
  const shownText = cut(text, cols - title.length - 1);
  return ` ${out.bold(title)}${waiting > 0 ? out.yellow(shownText) : out.dim(shownText)}`;
}

function filterLine(state: BrowserState, cols: number): string {
  const word = " Filter ";
  if (state.filter === "") return out.dim(cut(`${word}(type to filter)`, cols));
  const room = cols - word.length - 1;
  // The end is shown: that is where one types.
  const text = harmless(state.filter);
  const end =
    widthOf(text) <= room
      ? text
      : Array.from(text)
          .slice(-Math.max(1, Math.floor(room / 2)))
          .join("");
  return `${out.dim(word)}${end}${out.dim(glyphs.caret)}`;
}

/** The lines that say why the list is empty. */
function nothing(state: BrowserState): string[] {
  if (state.listing.error !== undefined) return ["The daemon does not answer.", "Try: coven doctor"];
  if (!state.listing.complete) return ["Reading …"];
  if (state.filter !== "") return ["No session matches.", "Esc shows all of them again."];
  const none = state.includeArchived
    ? "No sessions yet."
    : "No sessions, or all are archived (Tab shows those).";
  return [none, "Start one:  coven run demo 'say hello'"];
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
  const project = cols < 72 ? 0 : most((one) => projectOf(one), 7, cols < 120 ? 16 : 32);
  const id = cols < 100 ? 0 : 8;
  const others = [word, harness, age, project, id].filter((width) => width > 0);
  const room = Math.max(4, cols - 3 - others.reduce((sum, width) => sum + width + 2, 0));
  const title = most((one) => one.title, Math.min(room, 24), room);
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

function cells(widths: Widths, texts: Readonly<Record<keyof Widths, string>>): string {
  return (["state", "harness", "age", "title", "project", "id"] as const)
    .filter((name) => widths[name] > 0)
    .map((name) => padded(cut(texts[name], widths[name]), widths[name]))
    .join("  ")
    .trimEnd();
}

function row(
  session: Session,
  widths: Widths,
  { selected, marked }: { readonly selected: boolean; readonly marked: boolean },
  now: number,
): string {
  const word = stateWord(session);
  const sign = signOf(session);
  const rest = cells(
    { ...widths, state: 0 },
    {
      state: "",
      harness: harmless(session.harness),
      age: ageOf(session, now),
      title: harmless(session.title),
      project: harmless(projectOf(session)),
      id: shortId(session.id),
    },
  );
  const state = painted(session, padded(`${sign} ${word}`, widths.state));
  const mark = marked ? out.cyan("+") : " ";
  return selected
    ? `${out.cyan(glyphs.pointer)}${mark}${state}  ${out.bold(rest)}`
    : ` ${mark}${state}  ${isSettled(session.status) ? out.dim(rest) : rest}`;
}

const ASKS: Readonly<Record<ActionForMany, string>> = {
  kill: "End # and everything started there?",
  archive: "Archive #?",
  summon: "Bring # back into the list?",
};

function panelLines(state: BrowserState, cols: number, now: number): string[] {
  const { panel, notice } = state;
  if (panel.kind === "none") {
    if (!notice) return [];
    const text = ` ${cut(harmless(notice.text), cols - 1)}`;
    return [notice.bad ? out.red(text) : out.green(text)];
  }
  const rule = out.dim(glyphs.rule.repeat(cols));
  if (panel.kind === "several") {
    const asks = ASKS[panel.action].replace("#", counted(panel.ids.length, "session"));
    return [rule, cut(` ${asks} y or n`, cols)];
  }
  const session = state.shown.find((one) => one.id === panel.id);
  if (!session) return [];
  const what = ` ${out.bold(cut(harmless(session.title), cols - 2))}`;
  const facts = out.dim(
    cut(
      ` ${shortId(session.id)} ${glyphs.dot} ${harmless(session.harness)}, ${modeWord(session)} ${glyphs.dot} ${stateText(session, now)}`,
      cols,
    ),
  );
  if (panel.kind === "kill") {
    return [rule, what, facts, cut(" End it and everything it started? y or n", cols)];
  }
  if (panel.kind === "sacrifice") {
    const asks = panel.wrong
      ? out.red(cut(` That is not the word. Type ${SACRIFICE}, or Esc.`, cols))
      : cut(` Type ${SACRIFICE} to delete it for good:`, cols);
    return [rule, what, facts, asks, ` ${cut(harmless(panel.typed), cols - 3)}${glyphs.caret}`];
  }
  const menu = actionsOf(session).map((action, place) => {
    const chosen = place === Math.min(panel.at, actionsOf(session).length - 1);
    const label = padded(action.label, 10);
    const does = out.dim(cut(action.does, Math.max(0, cols - 16)));
    return chosen ? ` ${out.cyan(glyphs.pointer)} ${out.bold(label)} ${does}` : `   ${label} ${does}`;
  });
  return [rule, what, facts, ...menu];
}

function hints(state: BrowserState, cols: number): string {
  const texts: Readonly<Record<BrowserState["panel"]["kind"], readonly string[]>> = {
    none: [
      state.marked.length > 0 ? `Enter all ${state.marked.length} marked` : "Enter actions",
      `Esc ${state.marked.length > 0 ? "unmark" : state.filter === "" ? "leave" : "clear filter"}`,
      state.includeArchived ? "Tab hide archived" : "Tab archived too",
      `${glyphs.upDown} move`,
      "Space mark",
    ],
    actions: ["Enter choose", "Esc back", `${glyphs.upDown} move`],
    several: ["y do it", "Esc back"],
    kill: ["y end it", "Esc keep it"],
    sacrifice: ["Enter delete", "Esc keep it"],
  };
  let line = "";
  for (const text of texts[state.panel.kind]) {
    const longer = line === "" ? ` ${text}` : `${line}  ${glyphs.dot}  ${text}`;
    if (widthOf(longer) > cols) break;
    line = longer;
  }
  return out.dim(line);
}
