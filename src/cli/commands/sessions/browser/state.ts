// The state of the browser and what each key does to it. Pure: a new state comes out, and perhaps an intent to carry out.
import { isArchived, type Session } from "../../../../session/session.ts";
import { asksForLeave, isWaiting } from "../../../client/attention.ts";
import { calledOf, projectOf, stateWord } from "../../../client/describe.ts";
import type { Listing } from "../../../client/session-list.ts";
import { type Finder, finder } from "../../../ui/fuzzy.ts";
import type { Key } from "../../../ui/key-input.ts";
import { harmless } from "../../../ui/text.ts";
import { type ActionId, actionsOf, type ManyId } from "./actions.ts";

/** What lies over the list: nothing, the keys, the menu of one or more sessions, or the question before they are ended, hidden or deleted. */
export type Panel =
  | { readonly kind: "none" }
  | { readonly kind: "keys" }
  | { readonly kind: "actions"; readonly ids: readonly string[]; readonly at: number }
  | {
      readonly kind: "confirm";
      readonly action: "kill" | "archive" | "summon";
      readonly ids: readonly string[];
    }
  | {
      readonly kind: "sacrifice";
      readonly ids: readonly string[];
      readonly typed: string;
      readonly wrong: boolean;
    };

/** The project that the list is about. */
export interface Project {
  /** As it is called in the heading. */
  readonly name: string;
  has(session: Session): boolean;
}

/** Everything the browser shows. */
export interface BrowserState {
  readonly listing: Listing;
  readonly includeArchived: boolean;
  /** The project one stands in; undefined where that directory is gone. */
  readonly project: Project | undefined;
  /** Also those of other projects. */
  readonly everywhere: boolean;
  readonly filter: string;
  /** The sessions of the project, or of all, that match the filter. */
  readonly shown: readonly Session[];
  /** Where the filter found what it looked for: by id, indices into `rowText`, joined by spaces. */
  readonly hits: ReadonlyMap<string, ReadonlySet<number>>;
  /** The id under the pointer; it stays when the list changes around it. */
  readonly selected: string | undefined;
  /** Its index in `shown`. When it goes, the session that takes its place is selected. */
  readonly at: number;
  readonly panel: Panel;
  /** Ids of the marked sessions, in the order they were marked. */
  readonly marked: readonly string[];
  /** What is typed goes into the filter. */
  readonly typing: boolean;
  /** How many actions of other programs wait for the owner to agree. */
  readonly approvals: number;
  /** How the last action went. */
  readonly notice: { readonly text: string; readonly bad: boolean } | undefined;
}

/** What the browser has to carry out. */
export type Intent =
  | { readonly kind: "leave" }
  | { readonly kind: "refresh" }
  /** Answers what it asks leave for: the question that was shown when the key was pressed, and no later one. */
  | { readonly kind: "answer"; readonly answer: "approve" | "deny"; readonly session: Session }
  | { readonly kind: "act"; readonly action: ActionId; readonly session: Session }
  | { readonly kind: "act on all"; readonly action: ManyId; readonly sessions: readonly Session[] };

/** What comes of a key. */
export interface After {
  readonly state: BrowserState;
  readonly intent?: Intent;
}

/** The word that a deletion needs, typed exactly. */
export const SACRIFICE = "sacrifice";

/** Rows that a wheel goes at once. */
const WHEEL = 3;

/** An empty browser. Without a project it shows all of them. */
export function initialState(includeArchived: boolean, project?: Project, everywhere = false): BrowserState {
  return {
    listing: { sessions: [], complete: false, error: undefined },
    includeArchived,
    project,
    everywhere: everywhere || project === undefined,
    filter: "",
    shown: [],
    hits: new Map(),
    selected: undefined,
    at: 0,
    panel: { kind: "none" },
    marked: [],
    typing: false,
    approvals: 0,
    notice: undefined,
  };
}

/** The state with a newer list. The selected session stays selected; if it is gone, its neighbour is. */
export function withListing(state: BrowserState, listing: Listing): BrowserState {
  const { shown, hits } = matching({ ...state, listing });
  const found = shown.findIndex((one) => one.id === state.selected);
  const at = found >= 0 ? found : Math.max(0, Math.min(state.at, shown.length - 1));
  const isShown = (id: string) => shown.some((one) => one.id === id);
  const { panel: open } = state;
  const panel: Panel = "ids" in open && !open.ids.every(isShown) ? { kind: "none" } : open;
  // What is not seen any more is not acted upon.
  const marked = state.marked.filter(isShown);
  return { ...state, listing, shown, hits, at, selected: shown[at]?.id, panel, marked };
}

/** What the list was about last: each drawing asks several times. */
let lastScope:
  | {
      readonly sessions: readonly Session[];
      readonly of: string;
      readonly project: Project | undefined;
      readonly found: readonly Session[];
    }
  | undefined;

/** Those the list is about, before the filter: of the project, or of all, and with the archived ones or without. */
export function inScope({ listing, includeArchived, everywhere, project }: BrowserState): readonly Session[] {
  if (includeArchived && everywhere) return listing.sessions;
  const of = `${includeArchived} ${everywhere}`;
  if (lastScope?.sessions === listing.sessions && lastScope.of === of && lastScope.project === project) {
    return lastScope.found;
  }
  const found = listing.sessions.filter(
    (one) =>
      (includeArchived || !isArchived(one)) && (everywhere || project === undefined || project.has(one)),
  );
  lastScope = { sessions: listing.sessions, of, project, found };
  return found;
}

/** The last list that was filtered: reading five thousand rows anew for each key would be felt. */
let lastRows: { readonly sessions: readonly Session[]; readonly rows: Finder<Session> } | undefined;

/** Those that fit the filter by the rules of fzf, the best first; before them those whose id begins with it. */
function matching(state: BrowserState): Pick<BrowserState, "shown" | "hits"> {
  const { filter } = state;
  if (filter.trim() === "") return { shown: inScope(state), hits: new Map() };
  const scope = inScope(state);
  if (lastRows?.sessions !== scope) {
    lastRows = { sessions: scope, rows: finder(scope, (one) => rowText(one).join(" ")) };
  }
  const found = lastRows.rows.find(filter);
  const id = filter.trim().toLowerCase();
  const byId = /^[0-9a-f-]{4,36}$/.test(id) ? inScope(state).filter((one) => one.id.startsWith(id)) : [];
  const rest = found.map(({ item }) => item).filter((one) => !byId.includes(one));
  return { shown: [...byId, ...rest], hits: new Map(found.map(({ item, at }) => [item.id, at])) };
}

/** What of a session is filtered by, in this order, with a space between. */
export function rowText(
  one: Session,
): readonly [title: string, state: string, harness: string, project: string] {
  const words = [calledOf(one), stateWord(one), one.harness, projectOf(one)] as const;
  const [title, state, harness, project] = words.map((word) => harmless(word).normalize("NFC"));
  return [title ?? "", state ?? "", harness ?? "", project ?? ""];
}

/** The session under the pointer. */
export function selectedOf(state: BrowserState): Session | undefined {
  return state.shown[state.at];
}

/** The sessions that a panel is about. */
export function sessionsOf(state: BrowserState, ids: readonly string[]): readonly Session[] {
  return ids.flatMap((id) => state.shown.find((one) => one.id === id) ?? []);
}

/** The state after a key, and perhaps an intent. `page` is how many rows the list shows. */
export function afterKey(state: BrowserState, key: Key, page: number): After {
  if (key.name === "interrupt") return { state, intent: { kind: "leave" } };
  const { panel } = state;
  switch (panel.kind) {
    case "none":
      return inList({ ...state, notice: undefined }, key, page);
    case "keys":
      return { state: closed(state) };
    case "actions":
      return inMenu({ ...state, notice: undefined }, panel, key);
    case "confirm":
      return beforeAll(state, panel, key);
    case "sacrifice":
      return inQuestion(state, panel, key);
  }
}

function closed(state: BrowserState, notice?: string): BrowserState {
  const said = notice === undefined ? {} : { notice: { text: notice, bad: false } };
  return { ...state, panel: { kind: "none" }, ...said };
}

function moved(state: BrowserState, steps: number): BrowserState {
  const at = Math.max(0, Math.min(state.at + steps, state.shown.length - 1));
  return { ...state, at, selected: state.shown[at]?.id, typing: false };
}

function inList(state: BrowserState, key: Key, page: number): After {
  switch (key.name) {
    case "up":
      return { state: moved(state, -1) };
    case "down":
      return { state: moved(state, 1) };
    case "pageup":
      return { state: moved(state, -page) };
    case "pagedown":
      return { state: moved(state, page) };
    case "home":
      return { state: moved(state, Number.NEGATIVE_INFINITY) };
    case "end":
      return { state: moved(state, Number.POSITIVE_INFINITY) };
    case "mouse":
      // A click is looked up on the screen first (afterClick).
      return key.what === "press"
        ? { state }
        : { state: moved(state, key.what === "wheel up" ? -WHEEL : WHEEL) };
    case "enter":
      return state.marked.length > 0 ? { state: withMenu(state) } : opened(state);
    case "tab":
    case "right":
      return { state: withMenu(state) };
    case "escape":
      if (state.marked.length > 0) return { state: { ...state, marked: [], typing: false } };
      if (state.filter !== "" || state.typing) return { state: withFilter(state, "", false) };
      return { state, intent: { kind: "leave" } };
    case "clear":
      return { state: withFilter(state, "", state.typing) };
    case "backspace":
      return { state: withFilter(state, withoutLast(state.filter), state.typing || state.filter !== "") };
    case "paste":
      // A paste is text, and never keys.
      return { state: withFilter(state, state.filter + key.text, true) };
    case "text":
      return typed(state, key.text);
    default:
      return { state };
  }
}

/** Keys pressed in a row may come as one run: each is looked at for itself until one needs the world. */
function typed(state: BrowserState, text: string): After {
  if (state.typing) return { state: withFilter(state, state.filter + text, true) };
  let after: After = { state };
  // Only a key pressed for itself answers an agent: no rest of what was typed ahead, and no unmarked paste.
  if (text === "a" || text === "d") return answered(state, text === "a" ? "approve" : "deny");
  for (const [at, letter] of Array.from(text).entries()) {
    if (letter === "/") {
      return { state: withFilter(after.state, after.state.filter + text.slice(at + 1), true) };
    }
    after = letterIn(after.state, letter);
    if (after.intent || after.state.panel.kind !== "none") return after;
  }
  return after;
}

function letterIn(state: BrowserState, letter: string): After {
  switch (letter) {
    case " ":
      return { state: moved(withMark(state), 1) };
    case "j":
      return { state: moved(state, 1) };
    case "k":
      return { state: moved(state, -1) };
    case "g":
      return { state: moved(state, Number.NEGATIVE_INFINITY) };
    case "G":
      return { state: moved(state, Number.POSITIVE_INFINITY) };
    case "n":
      return { state: atNextWaiting(state) };
    case "p":
      return { state: withEverywhere(state, !state.everywhere) };
    case ".":
      return {
        state: withListing({ ...state, includeArchived: !state.includeArchived }, state.listing),
        intent: { kind: "refresh" },
      };
    case "l": {
      const session = selectedOf(state);
      return session ? { state, intent: { kind: "act", action: "log", session } } : { state };
    }
    case "q":
      return { state, intent: { kind: "leave" } };
    case "?":
      return { state: { ...state, panel: { kind: "keys" } } };
    default:
      return { state };
  }
}

/** What a click may hit: a row of the list, or of the menu, counted from 0. */
export interface Target {
  readonly kind: "row" | "action";
  readonly at: number;
}

/** The state after a click; `again`: the second one in a short time. */
export function afterClick(state: BrowserState, target: Target, again: boolean): After {
  const { panel } = state;
  if (target.kind === "action") {
    return panel.kind === "actions" ? chosen(state, panel, target.at) : { state };
  }
  // A question is answered by what it asks for, and by nothing else.
  if (panel.kind === "confirm" || panel.kind === "sacrifice") return { state };
  const session = state.shown[target.at];
  if (!session) return { state };
  const there = { ...closed(state), at: target.at, selected: session.id, typing: false, notice: undefined };
  return again ? opened(there) : { state: there };
}

function answered(state: BrowserState, answer: "approve" | "deny"): After {
  const session = selectedOf(state);
  if (!session) return { state };
  if (asksForLeave(session)) return { state, intent: { kind: "answer", answer, session } };
  const text = isWaiting(session)
    ? "It doesn't ask for leave: Enter shows what it waits for."
    : "It waits for nothing. n goes to the next that does.";
  return { state: { ...state, notice: { text, bad: true } } };
}

/** Enter: at a session that runs one is at once, of one that has ended one sees what it printed. */
function opened(state: BrowserState): After {
  const session = selectedOf(state);
  const first = session && actionsOf(session)[0];
  if (!session || !first) return { state };
  return { state: { ...state, typing: false }, intent: { kind: "act", action: first.id, session } };
}

/** The next session below the pointer that waits for a person, around the end; of all projects where none of this one does. */
function atNextWaiting(state: BrowserState): BrowserState {
  const { shown, at } = state;
  const order = [...shown.slice(at + 1), ...shown.slice(0, at + 1)];
  const next = order.find(isWaiting);
  if (next) return { ...state, at: shown.indexOf(next), selected: next.id };
  const elsewhere = state.everywhere ? undefined : state.listing.sessions.find(isWaiting);
  if (elsewhere)
    return withListing({ ...state, everywhere: true, filter: "", selected: elsewhere.id }, state.listing);
  return { ...state, notice: { text: "No session waits for you.", bad: false } };
}

function withEverywhere(state: BrowserState, everywhere: boolean): BrowserState {
  if (state.project === undefined) {
    return {
      ...state,
      notice: { text: "The directory you are in is gone: these are all projects.", bad: true },
    };
  }
  return withListing({ ...state, everywhere }, state.listing);
}

// A new filter selects the first match.
function withFilter(state: BrowserState, filter: string, typing: boolean): BrowserState {
  if (filter === state.filter) return { ...state, typing };
  return withListing({ ...state, filter, typing, selected: undefined, at: 0 }, state.listing);
}

function withoutLast(text: string): string {
  return Array.from(new Intl.Segmenter().segment(text), ({ segment }) => segment)
    .slice(0, -1)
    .join("");
}

/** The menu of those that are marked, else of the one under the pointer. */
function withMenu(state: BrowserState): BrowserState {
  const selected = selectedOf(state);
  const ids = state.marked.length > 0 ? state.marked : selected ? [selected.id] : [];
  if (ids.length === 0) return state;
  if (actionsOf(...sessionsOf(state, ids)).length === 0) {
    const text = "Mark only live ones (to kill), or only finished ones (to archive, summon or sacrifice).";
    return { ...state, notice: { text, bad: true } };
  }
  return { ...state, typing: false, panel: { kind: "actions", ids, at: 0 } };
}

function inMenu(state: BrowserState, panel: Panel & { kind: "actions" }, key: Key): After {
  const sessions = sessionsOf(state, panel.ids);
  const actions = actionsOf(...sessions);
  if (sessions.length === 0) return { state: closed(state) };
  const choose = (place: number) => chosen(state, panel, place);
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
    case "tab":
      return { state: closed(state) };
    case "text": {
      // The first letter of an action chooses it: no two share one.
      const letter = key.text.toLowerCase();
      return choose(actions.findIndex((one) => one.label.toLowerCase().startsWith(letter)));
    }
    default:
      return { state };
  }
}

/** The line of the menu that was chosen: it asks first, or is done. */
function chosen(state: BrowserState, panel: Panel & { kind: "actions" }, place: number): After {
  const { ids } = panel;
  const sessions = sessionsOf(state, ids);
  const action = actionsOf(...sessions)[place]?.id;
  const [session] = sessions;
  if (action === undefined || !session) return { state };
  if (action === "sacrifice") {
    return { state: { ...state, panel: { kind: "sacrifice", ids, typed: "", wrong: false } } };
  }
  const isOne = sessions.length === 1;
  if (action === "kill" || (!isOne && (action === "archive" || action === "summon"))) {
    return { state: { ...state, panel: { kind: "confirm", action, ids } } };
  }
  return { state: closed(state), intent: { kind: "act", action, session } };
}

/** The session under the pointer marked, or no longer. */
function withMark(state: BrowserState): BrowserState {
  const id = selectedOf(state)?.id;
  if (id === undefined) return state;
  const others = state.marked.filter((one) => one !== id);
  return { ...state, marked: others.length < state.marked.length ? others : [...others, id] };
}

/** What is to be done with one or with all of them. */
function act(action: ManyId, sessions: readonly Session[]): Intent {
  const [session, other] = sessions;
  return session && !other ? { kind: "act", action, session } : { kind: "act on all", action, sessions };
}

/** Only a y agrees: Enter has just chosen it, and may come twice. */
function beforeAll(state: BrowserState, panel: Panel & { kind: "confirm" }, key: Key): After {
  const typed = key.name === "text" ? key.text.toLowerCase() : key.name;
  if (typed === "y") {
    const sessions = sessionsOf(state, panel.ids);
    return { state: { ...closed(state), marked: [] }, intent: act(panel.action, sessions) };
  }
  if (typed !== "n" && typed !== "escape" && typed !== "left") return { state };
  return { state: closed(state, panel.ids.length === 1 ? "It goes on." : "Nothing was done.") };
}

function inQuestion(state: BrowserState, panel: Panel & { kind: "sacrifice" }, key: Key): After {
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
      return { state: closed(state, "Nothing was deleted.") };
    case "enter": {
      if (panel.typed === "") return { state: closed(state, "Nothing was deleted.") };
      if (panel.typed !== SACRIFICE) return { state: { ...state, panel: { ...panel, wrong: true } } };
      const sessions = sessionsOf(state, panel.ids);
      return { state: { ...closed(state), marked: [] }, intent: act("sacrifice", sessions) };
    }
    default:
      return { state };
  }
}
