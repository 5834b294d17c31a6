// `coven sessions` at a terminal: a list that keeps itself up to date, and the actions that a person chooses there.
import { basename } from "node:path";
import { type CovenClient, isUnreachable } from "../../../../api/client.ts";
import { isCovenError } from "../../../../errors.ts";
import { covenPaths } from "../../../../paths.ts";
import { isSettled, type Session } from "../../../../session/session.ts";
import { BELL, beganToWait } from "../../../client/began-to-wait.ts";
import { isOfProject } from "../../../client/describe.ts";
import { endSession } from "../../../client/end-session.ts";
import { hintsFor } from "../../../client/error-hints.ts";
import { factsOf } from "../../../client/facts.ts";
import { outcome, signalCode } from "../../../client/outcome.ts";
import { placeHere } from "../../../client/project.ts";
import { shortId } from "../../../client/session-id.ts";
import { sessionFeed } from "../../../client/session-list.ts";
import { notable } from "../../../client/weighed.ts";
import { goOn } from "../../../terminal/go-on.ts";
import { type LogView, logView } from "../../../terminal/log-view.ts";
import { detachKeyOf, loadView } from "../../../terminal/options.ts";
import { Failure } from "../../../ui/failure.ts";
import { type FullScreen, fullScreen } from "../../../ui/full-screen.ts";
import type { Key } from "../../../ui/key-input.ts";
import { asTyped } from "../../../ui/own-name.ts";
import { counted } from "../../../ui/text.ts";
import type { ActionId, ManyId } from "./actions.ts";
import { browserLines, hasPreview, pageOf, targetAt } from "./lines.ts";
import { preview } from "./preview.ts";
import {
  type After,
  afterClick,
  afterKey,
  type BrowserState,
  initialState,
  selectedOf,
  withListing,
} from "./state.ts";

/** Ages on the screen are at most this old, in milliseconds. */
const TICK_MS = 1_000;

/** A second click on the same session within so many milliseconds opens it. */
const DOUBLE_CLICK_MS = 400;

/** How long the screen waits for something to show, in milliseconds. */
const FIRST_PAGE_MS = 150;

/** Shows the list until the person leaves it, those of this project first; `all`: every one there is. Resolves to the exit code. */
export function browse(client: CovenClient, all: boolean): Promise<number> {
  const place = placeHere();
  const project = place && {
    name: basename(place.projectRoot) || "/",
    has: (one: Session) => isOfProject(one, place.projectRoot),
  };
  const { promise, resolve } = Promise.withResolvers<number>();
  let state = initialState(all, project, all);
  let screen: FullScreen | undefined;
  let log: LogView | undefined;

  const draw = () => {
    if (!screen) return;
    const { size } = screen;
    looking.lookAt(!log && hasPreview(state, size) ? selectedOf(state) : undefined);
    screen.draw(log ? log.lines(size, Date.now()) : browserLines(state, size, Date.now(), looking.now));
  };
  const show = (next: BrowserState) => {
    state = next;
    draw();
  };
  const news = beganToWait();
  const looking = preview(client, draw);
  const first = Promise.withResolvers<void>();
  const feed = sessionFeed(client, {
    includeArchived: () => state.includeArchived,
    heard(type) {
      if (type === "open" || type === "gap" || type.startsWith("approval.")) void countApprovals();
    },
    changed() {
      first.resolve();
      const began = feed.now.complete ? news(feed.now.sessions) : [];
      // Once for each prompt, and only of those the list is about: nobody looks at the list while at a session.
      if (screen && began.some((one) => state.everywhere || !state.project || state.project.has(one))) {
        process.stdout.write(BELL);
      }
      show(withListing(state, feed.now));
    },
  });
  const ticking = setInterval(draw, TICK_MS);
  const finish = (code: number) => {
    clearInterval(ticking);
    feed.stop();
    log?.close();
    looking.lookAt(undefined);
    screen?.leave();
    resolve(code);
  };
  const open = () => {
    screen = fullScreen({ key, resize: draw, ended: (signal) => finish(signalCode(signal)) });
    draw();
  };

  function key(one: Key): void {
    if (!screen) return;
    if (log && one.name !== "interrupt") {
      if (!log.handleKey(one, screen.size)) {
        log.close();
        log = undefined;
      }
      draw();
      return;
    }
    const isClick = one.name === "mouse" && one.what === "press";
    const after = isClick ? clicked(one.x, one.y) : afterKey(state, one, pageOf(state, screen.size));
    show(after.state);
    if (after.intent?.kind === "leave") finish(0);
    if (after.intent?.kind === "refresh") void feed.refresh();
    if (after.intent?.kind === "answer") void answer(after.intent.answer, after.intent.session);
    if (after.intent?.kind === "act on all") void actOnAll(after.intent.action, after.intent.sessions);
    if (after.intent?.kind === "act") void act(after.intent.action, after.intent.session);
  }

  let lastClick = { id: "", at: Number.NEGATIVE_INFINITY };

  function clicked(x: number, y: number): After {
    const target = screen && targetAt(state, screen.size, x, y);
    if (!target) return { state };
    const id = target.kind === "row" ? (state.shown[target.at]?.id ?? "") : "";
    const at = performance.now();
    const again = id !== "" && id === lastClick.id && at - lastClick.at < DOUBLE_CLICK_MS;
    lastClick = { id: again ? "" : id, at };
    return afterClick(state, target, again);
  }

  /** Who fills the disk, and who was forgotten: said until the first key. */
  async function sayNotable(): Promise<void> {
    const facts = await factsOf(covenPaths().socket);
    const text = facts ? notable(facts, Date.now()).join("  ") : "";
    if (text !== "" && screen && !state.notice) show({ ...state, notice: { text, bad: true } });
  }

  async function countApprovals(): Promise<void> {
    // A daemon that knows of none has none.
    const found = await client.approvals({ status: "pending" }).catch(() => undefined);
    show({ ...state, approvals: found?.approvals.length ?? 0 });
  }

  /** Types the keys that the harness takes, if the question is still the one that was shown. */
  async function answer(what: "approve" | "deny", session: Session): Promise<void> {
    try {
      const seq = session.attention?.seq;
      await client[what](session.id, seq === undefined ? {} : { ifAttentionSeq: seq });
      const done = what === "approve" ? "Approved" : "Denied";
      state = { ...state, notice: { text: `${done}: ${shortId(session.id)} ${session.title}`, bad: false } };
    } catch (error) {
      state = { ...state, notice: { text: trouble(error), bad: true } };
    }
    draw();
  }

  async function act(action: ActionId, session: Session): Promise<void> {
    if (action === "log") {
      log = logView({ client, session, changed: draw, write: (text) => process.stdout.write(text) });
      draw();
      return;
    }
    const asides: Partial<Record<ActionId, string>> = { kill: "Ending it …", sacrifice: "Deleting it …" };
    const aside = asides[action];
    if (aside !== undefined) show({ ...state, notice: { text: aside, bad: false } });
    try {
      const text =
        action === "rejoin" || action === "resume"
          ? await atTerminalOf(session, action)
          : await DO[action](client, session);
      state = { ...state, notice: { text, bad: false } };
    } catch (error) {
      state = { ...state, notice: { text: trouble(error), bad: true } };
    }
    await feed.refresh();
    draw();
  }

  async function actOnAll(action: ManyId, sessions: readonly Session[]): Promise<void> {
    let failed: string | undefined;
    let well = 0;
    for (const session of sessions) {
      const aside = `${well + 1} of ${sessions.length}: ${shortId(session.id)} …`;
      show({ ...state, notice: { text: aside, bad: false } });
      try {
        await DO[action](client, session);
        well += 1;
      } catch (error) {
        failed ??= `${shortId(session.id)}: ${trouble(error)}`;
      }
    }
    const text = `${DONE[action]} ${counted(well, "session")}.${failed === undefined ? "" : ` ${failed}`}`;
    state = { ...state, notice: { text, bad: failed !== undefined } };
    await feed.refresh();
    draw();
  }

  /** Gives the terminal to the session, or to the one that goes on with it, and takes it back afterwards. */
  async function atTerminalOf(session: Session, action: "rejoin" | "resume"): Promise<string> {
    looking.lookAt(undefined);
    screen?.leave();
    screen = undefined;
    try {
      const now = action === "resume" ? await goOn(client, session) : await client.session(session.id);
      if (!isSettled(now.status)) {
        const detach = await detachKeyOf({ name: "attach", words: [], flags: {} });
        const { view } = await loadView();
        await view({ client, session: now, detach, observe: false, launched: false, quiet: true });
      }
      return `${shortId(now.id)}: ${outcome(await client.session(now.id))}`;
    } finally {
      open();
    }
  }

  // The first page nearly always arrives before a person could see an empty screen.
  void Promise.race([first.promise, Bun.sleep(FIRST_PAGE_MS)]).then(() => {
    open();
    // A daemon that can't say has said so already.
    sayNotable().catch(() => {});
  });
  return promise;
}

const DO: Readonly<
  Record<
    Exclude<ActionId, "rejoin" | "resume" | "log">,
    (client: CovenClient, session: Session) => Promise<string>
  >
> = {
  kill: async (client, { id }) => `${shortId(id)}: ${outcome(await endSession(client, id))}`,
  archive: async (client, { id }) => {
    await client.archive(id);
    return `Archived ${shortId(id)}. . shows archived ones too.`;
  },
  summon: async (client, { id }) => {
    await client.summon(id);
    return `Summoned ${shortId(id)}: it is in the list again.`;
  },
  sacrifice: async (client, { id }) => {
    await client.sacrifice(id);
    return `Sacrificed ${shortId(id)}: it and its output are gone.`;
  },
};

const DONE: Readonly<Record<ManyId, string>> = {
  kill: "Ended",
  archive: "Archived",
  summon: "Brought back",
  sacrifice: "Sacrificed",
};

/** What went wrong and what to do, on one line. */
function trouble(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  const hints = isCovenError(error) && !isUnreachable(error) ? hintsFor(error) : [];
  const [first] = error instanceof Failure ? error.hints : hints;
  return first === undefined ? message : `${message} Try: ${asTyped(first)}`;
}
