// The state of the browser and what each key does to it. Pure: a new state comes out, and perhaps an intent to carry out.
import { isArchived, type Session } from "../../../../session/session.ts";
import { projectOf, stateWord } from "../../../client/describe.ts";
import type { Listing } from "../../../client/session-list.ts";
import type { Key } from "../../../ui/key-input.ts";
import { type ActionId, actionsOf } from "./actions.ts";

/** What lies over the list: nothing, the menu of a session, or the question before it is ended or deleted. */
export type Panel =
  | { readonly kind: "none" }
  | { readonly kind: "actions"; readonly id: string; readonly at: number }
  | { readonly kind: "kill"; readonly id: string }
  /** The question before something is done with all that are marked. */
  | { readonly kind: "several"; readonly action: ActionForMany; readonly ids: readonly string[] }
  | { readonly kind: "sacrifice"; readonly id: string; readonly typed: string; readonly wrong: boolean };

/** What can be done with several at once: deleting is asked of each. */
export type ActionForMany = "kill" | "archive" | "summon";

/** Everything the browser shows. */
export interface BrowserState {
  readonly listing: Listing;
  readonly includeArchived: boolean;
  readonly filter: string;
  /** The sessions that match the filter. */
  readonly shown: readonly Session[];
  /** The id under the pointer; it stays when the list changes around it. */
  readonly selected: string | undefined;
  /** Its index in `shown`. When it goes, the session that takes its place is selected. */
  readonly at: number;
  readonly panel: Panel;
  /** Ids of the marked sessions, in the order they were marked. */
  readonly marked: readonly string[];
  /** The last key typed into the filter: a space is then part of it, and else marks. */
  readonly typing: boolean;
  /** How the last action went. */
  readonly notice: { readonly text: string; readonly bad: boolean } | undefined;
}

/** What the browser has to carry out. */
export type Intent =
  | { readonly kind: "leave" }
  | { readonly kind: "refresh" }
  | { readonly kind: "act"; readonly action: ActionId; readonly session: Session }
  | { readonly kind: "act on all"; readonly action: ActionForMany; readonly sessions: readonly Session[] };

/** The word that a deletion needs, typed exactly. */
export const SACRIFICE = "sacrifice";

/** What `?` says. */
const KEYS = "Type: filter  Enter: actions  Space: mark  Tab: archived  PgUp PgDn Home End  Esc: back";

/** An empty browser. */
export function initialState(includeArchived: boolean): BrowserState {
  return {
    listing: { sessions: [], complete: false, error: undefined },
    includeArchived,
    filter: "",
    shown: [],
    selected: undefined,
    at: 0,
    panel: { kind: "none" },
    marked: [],
    typing: false,
    notice: undefined,
  };
}

/** The state with a newer list. The selected session stays selected; if it is gone, its neighbour is. */
export function withListing(state: BrowserState, listing: Listing): BrowserState {
  const shown = matching(listing.sessions, state.filter, state.includeArchived);
  const found = shown.findIndex((one) => one.id === state.selected);
  const at = found >= 0 ? found : Math.max(0, Math.min(state.at, shown.length - 1));
  const isShown = (id: string) => shown.some((one) => one.id === id);
  const { panel: open } = state;
  const ids = open.kind === "none" ? [] : open.kind === "several" ? open.ids : [open.id];
  const panel: Panel = ids.every(isShown) ? open : { kind: "none" };
  // What is not seen any more is not acted upon.
  const marked = state.marked.filter(isShown);
  return { ...state, listing, shown, at, selected: shown[at]?.id, panel, marked };
}

/** The sessions of which, for every word of the filter, the row contains it or the id begins with it. */
function matching(
  sessions: readonly Session[],
  filter: string,
  includeArchived: boolean,
): readonly Session[] {
  const there = includeArchived ? sessions : sessions.filter((one) => !isArchived(one));
  const words = filter.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return there;
  return there.filter((one) => {
    const row = `${one.title} ${stateWord(one)} ${one.harness} ${projectOf(one)}`.toLowerCase();
    return words.every((word) => row.includes(word) || one.id.startsWith(word));
  });
}

/** The session under the pointer. */
export function selectedOf(state: BrowserState): Session | undefined {
  return state.shown[state.at];
}

/** The state after a key, and perhaps an intent. `page` is how many rows the list shows. */
export function afterKey(
  state: BrowserState,
  key: Key,
  page: number,
): { readonly state: BrowserState; readonly intent?: Intent } {
  if (key.name === "interrupt") return { state, intent: { kind: "leave" } };
  const { panel } = state;
  if (panel.kind === "actions") return inMenu({ ...state, notice: undefined }, panel, key);
  if (panel.kind === "several") return beforeAll(state, panel, key);
  if (panel.kind === "kill") return beforeKill(state, panel, key);
  if (panel.kind === "sacrifice") return inQuestion(state, panel, key);
  return inList({ ...state, notice: undefined }, key, page);
}

function inList(state: BrowserState, key: Key, page: number): { state: BrowserState; intent?: Intent } {
  const move = (steps: number, from = state) => {
    const at = Math.max(0, Math.min(from.at + steps, from.shown.length - 1));
    return { state: { ...from, at, selected: from.shown[at]?.id, typing: false } };
  };
  switch (key.name) {
    case "up":
      return move(-1);
    case "down":
      return move(1);
    case "pageup":
      return move(-page);
    case "pagedown":
      return move(page);
    case "home":
      return move(Number.NEGATIVE_INFINITY);
    case "end":
      return move(Number.POSITIVE_INFINITY);
    case "enter": {
      if (state.marked.length > 0) return { state: withQuestion(state) };
      const session = selectedOf(state);
      if (!session) return { state };
      return { state: { ...state, panel: { kind: "actions", id: session.id, at: 0 } } };
    }
    case "tab":
      return {
        state: withListing({ ...state, includeArchived: !state.includeArchived }, state.listing),
        intent: { kind: "refresh" },
      };
    case "escape":
      if (state.marked.length > 0) return { state: { ...state, marked: [], typing: false } };
      return state.filter === "" ? { state, intent: { kind: "leave" } } : { state: withFilter(state, "") };
    case "clear":
      return { state: withFilter(state, "") };
    case "backspace":
      return { state: withFilter(state, withoutLast(state.filter)) };
    case "text":
    case "paste":
      if (key.name === "text" && key.text === "?" && !state.typing) {
        return { state: { ...state, notice: { text: KEYS, bad: false } } };
      }
      // Pressed twice in a row they come as one.
      if (key.name === "text" && /^ +$/.test(key.text) && !state.typing) {
        let next = { state };
        for (const _ of key.text) next = move(1, withMark(next.state));
        return next;
      }
      return { state: withFilter(state, state.filter + key.text) };
    default:
      return { state };
  }
}

// A new filter selects the first match.
function withFilter(state: BrowserState, filter: string): BrowserState {
  if (filter === state.filter) return state;
  return withListing({ ...state, filter, typing: filter !== "", selected: undefined, at: 0 }, state.listing);
}

function withoutLast(text: string): string {
  return Array.from(new Intl.Segmenter().segment(text), ({ segment }) => segment)
    .slice(0, -1)
    .join("");
}

function inMenu(
  state: BrowserState,
  panel: Panel & { kind: "actions" },
  key: Key,
): { state: BrowserState; intent?: Intent } {
  const closed: BrowserState = { ...state, panel: { kind: "none" } };
  const session = state.shown.find((one) => one.id === panel.id);
  if (!session) return { state: closed };
  const actions = actionsOf(session);
  const choose = (place: number): { state: BrowserState; intent?: Intent } => {
    const action = actions[place];
    if (!action) return { state };
    if (action.id === "sacrifice") {
      return { state: { ...state, panel: { kind: "sacrifice", id: session.id, typed: "", wrong: false } } };
    }
    if (action.id === "kill") return { state: { ...state, panel: { kind: "kill", id: session.id } } };
    return { state: closed, intent: { kind: "act", action: action.id, session } };
  };
  switch (key.name) {
    case "up":
    case "down": {
      const at = (Math.min(panel.at, actions.length - 1) + (key.name === "up" ? -1 : 1)) % actions.length;
      return { state: { ...state, panel: { ...panel, at: (at + actions.length) % actions.length } } };
    }
    case "enter":
      return choose(Math.min(panel.at, actions.length - 1));
    case "escape":
    case "left":
      return { state: closed };
    case "text": {
      // The first letter of an action chooses it: no two share one.
      const letter = key.text.toLowerCase();
      return choose(actions.findIndex((one) => one.label.toLowerCase().startsWith(letter)));
    }
    default:
      return { state };
  }
}

/** The session under the pointer marked, or no longer. */
function withMark(state: BrowserState): BrowserState {
  const id = selectedOf(state)?.id;
  if (id === undefined) return state;
  const others = state.marked.filter((one) => one !== id);
  return { ...state, marked: others.length < state.marked.length ? others : [...others, id] };
}

function markedOf(state: BrowserState, ids: readonly string[]): readonly Session[] {
  return ids.flatMap((id) => state.shown.find((one) => one.id === id) ?? []);
}

/** The one thing that all marked sessions allow, asked about with their number. */
function withQuestion(state: BrowserState): BrowserState {
  const sessions = markedOf(state, state.marked);
  const action = (["kill", "archive", "summon"] as const).find((id) =>
    sessions.every((one) => actionsOf(one).some((can) => can.id === id)),
  );
  if (action) return { ...state, panel: { kind: "several", action, ids: state.marked } };
  const text =
    "Mark only live ones (to kill), only finished ones (to archive) or only archived ones (to summon).";
  return { ...state, notice: { text, bad: true } };
}

function beforeAll(
  state: BrowserState,
  panel: Panel & { kind: "several" },
  key: Key,
): { state: BrowserState; intent?: Intent } {
  const closed: BrowserState = { ...state, panel: { kind: "none" } };
  const typed = key.name === "text" ? key.text.toLowerCase() : key.name;
  if (typed === "y") {
    const sessions = markedOf(state, panel.ids);
    return {
      state: { ...closed, marked: [] },
      intent: { kind: "act on all", action: panel.action, sessions },
    };
  }
  if (typed !== "n" && typed !== "escape" && typed !== "left") return { state };
  return { state: { ...closed, notice: { text: "Nothing was done.", bad: false } } };
}

/** Only a y ends it: Enter has just chosen Kill, and may come twice. */
function beforeKill(
  state: BrowserState,
  panel: Panel & { kind: "kill" },
  key: Key,
): { state: BrowserState; intent?: Intent } {
  const closed: BrowserState = { ...state, panel: { kind: "none" } };
  const session = state.shown.find((one) => one.id === panel.id);
  if (!session) return { state: closed };
  const typed = key.name === "text" ? key.text.toLowerCase() : key.name;
  if (typed === "y") return { state: closed, intent: { kind: "act", action: "kill", session } };
  if (typed !== "n" && typed !== "escape" && typed !== "left") return { state };
  return { state: { ...closed, notice: { text: "It goes on.", bad: false } } };
}

function inQuestion(
  state: BrowserState,
  panel: Panel & { kind: "sacrifice" },
  key: Key,
): { state: BrowserState; intent?: Intent } {
  const closed: BrowserState = { ...state, panel: { kind: "none" } };
  const typing = (typed: string) => ({ state: { ...state, panel: { ...panel, typed, wrong: false } } });
  switch (key.name) {
    case "text":
    case "paste":
      return typing(panel.typed + key.text);
    case "backspace":
      return typing(withoutLast(panel.typed));
    case "clear":
      return typing("");
    case "escape":
      return { state: { ...closed, notice: { text: "Nothing was deleted.", bad: false } } };
    case "enter": {
      if (panel.typed === "")
        return { state: { ...closed, notice: { text: "Nothing was deleted.", bad: false } } };
      const session = state.shown.find((one) => one.id === panel.id);
      if (panel.typed !== SACRIFICE || !session)
        return { state: { ...state, panel: { ...panel, wrong: true } } };
      return { state: closed, intent: { kind: "act", action: "sacrifice", session } };
    }
    default:
      return { state };
  }
}
