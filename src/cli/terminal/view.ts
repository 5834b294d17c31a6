// A session in the terminal of a person, for run and attach: shown until it ends or is left, then what is said and the exit code.
import { type CovenClient, isUnreachable } from "../../api/client.ts";
import { isCovenError } from "../../errors.ts";
import { isSettled, type Session } from "../../session/session.ts";
import { drawLines } from "../../vt/picture.ts";
import { sessionAround } from "../client/around.ts";
import { isWaiting } from "../client/attention.ts";
import { calledOf } from "../client/describe.ts";
import { exitCodeOf, sayGoesOn, sayOutcome, signalCode } from "../client/outcome.ts";
import { shortId } from "../client/session-id.ts";
import { lost } from "../client/watch.ts";
import { err, out } from "../ui/colour.ts";
import { say, write } from "../ui/out.ts";
import { withProgress } from "../ui/progress.ts";
import { windowSize } from "../ui/termios.ts";
import { harmless } from "../ui/text.ts";
import { cut } from "../ui/width.ts";
import { attachEarly, type EarlyAttach } from "./early-attach.ts";
import type { DetachKey } from "./key-names.ts";
import { type Left, viewInTerminal } from "./terminal.ts";

export interface ViewOptions {
  readonly client: CovenClient;
  readonly session: Session;
  readonly detach: DetachKey;
  readonly observe: boolean;
  /** `run`: it is ours, and its end comes with what to type next. */
  readonly launched: boolean;
  /** Attached already; then the view goes on from there. */
  readonly early?: EarlyAttach | undefined;
  /** The list of sessions, for the key that goes there; its exit code is then ours. Without it the view ends, and says nothing. */
  readonly board?: (() => Promise<number>) | undefined;
  /** How it went on or ended is said by whoever shows it. */
  readonly quiet?: boolean;
}

/**
 * Shows a live session, and those the person goes to from there, until one ends or is left; resolves to the exit code: the harness's own of
 * the one shown last, 0 after the detach key, 128+n. Throws `view_cycle` inside a session that it shows already, with the terminal untouched.
 */
export async function view(options: ViewOptions): Promise<number> {
  const { client } = options;
  let shown = options;
  let before: string | undefined;
  let note: string | undefined;
  let cameFrom: Session | undefined;
  for (;;) {
    const { session } = shown;
    let left: Left;
    try {
      left = await viewOne(shown, note);
    } catch (error) {
      if (!cameFrom || !isCovenError(error) || error.code !== "view_cycle") {
        if (shown.launched) sayGoesOn(session);
        throw error;
      }
      note = `Session ${shortId(session.id)} shows the one you are in.`;
      shown = { ...shown, session: cameFrom };
      cameFrom = undefined;
      continue;
    }
    if (left.why === "board") return left.stuck ? signalCode("SIGHUP") : (options.board?.() ?? 0);
    if (left.why !== "switched") return conclude(client, session, left, shown);
    const other = await otherSession(client, session, left.to, before);
    note = other
      ? undefined
      : left.to === "waiting"
        ? "No other session waits for you."
        : "No other session is live.";
    if (other) before = session.id;
    cameFrom = other && session;
    shown = { ...shown, session: other ?? session, launched: false, early: undefined };
  }
}

async function viewOne(options: ViewOptions, note: string | undefined): Promise<Left> {
  const { client, session, detach, observe, launched } = options;
  let { early } = options;
  if (sessionAround() !== undefined) {
    early ??= attachEarly(client, session.id, observe);
    await early.admitted();
  }
  const name = note ?? `${harmless(session.harness)} ${shortId(session.id)}: ${harmless(calledOf(session))}`;
  const way = observe ? `${detach.label} or Ctrl-C leaves` : `${detach.label} detaches`;
  const room = (windowSize()?.columns ?? 80) - 1;
  const hint = `${cut(name, Math.max(10, room - way.length - 2))}  ${out.dim(way)}`;
  const title = `${harmless(session.harness)}: ${harmless(session.title)}`;
  return viewInTerminal({ client, session, observe, detach, hint, title, fresh: launched, early });
}

/** The live session that is meant; undefined where there is no other. The one in which we ourselves run is never meant. */
async function otherSession(
  client: CovenClient,
  from: Session,
  to: "next" | "previous" | "last" | "waiting",
  before: string | undefined,
): Promise<Session | undefined> {
  const around = sessionAround();
  const all = await client.sessions();
  const live = all.filter((one) => !isSettled(one.status) && !one.external && one.id !== around);
  const others = live.filter((one) => one.id !== from.id);
  if (to === "last") return others.find((one) => one.id === before) ?? others[0];
  if (others.length === 0) return undefined;
  if (to === "waiting") {
    const place = live.findIndex((one) => one.id === from.id);
    return [...live.slice(place + 1), ...live.slice(0, Math.max(0, place))].find(isWaiting);
  }
  const step = to === "next" ? 1 : -1;
  const at = live.findIndex((one) => one.id === from.id);
  return live[(at + step + live.length) % live.length];
}

/** Says how it ended or that it goes on; resolves to the exit code. */
async function conclude(
  client: CovenClient,
  session: Session,
  left: Left,
  { launched, quiet }: ViewOptions,
): Promise<number> {
  if (left.stuck && left.why === "signal") return signalCode(left.signal);
  if (left.why === "terminal gone" || left.stuck) return signalCode("SIGHUP");
  if (left.why === "refused") {
    sayGoesOn(session);
    throw left.error;
  }
  if (left.why === "lost") {
    // It was waited for already.
    const now = await client.session(session.id, { patient: false }).catch((error: unknown) => {
      throw isUnreachable(error) ? lost(session.id) : error;
    });
    if (!isSettled(now.status)) throw lost(session.id);
    left = { why: "ended" };
  }
  const now = await client.session(session.id);
  if (left.why === "ended" || isSettled(now.status)) {
    if (!quiet) sayOutcome(now, launched ? "again" : "nothing");
    return exitCodeOf(now);
  }
  if (!quiet) sayGoesOn(now);
  return left.why === "signal" ? signalCode(left.signal) : 0;
}

/** Prints the screen of a session as it is, or was last, scrollback first; resolves to its exit code, 0 while it runs. */
export async function viewLast(client: CovenClient, session: Session): Promise<number> {
  const { picture } = await withProgress("Drawing its screen", () =>
    client.screen(session.id, { picture: true }),
  );
  const shown = picture ? drawLines(picture) : "";
  await write(`${shown}\x1b[0m\x1b]8;;\x1b\\${shown === "" ? "" : "\r\n"}`);
  if (!isSettled(session.status)) {
    say(`It goes on.  Then: coven attach ${shortId(session.id)}`);
    return 0;
  }
  sayOutcome(session, "nothing");
  say(err.dim(`All it printed: coven attach ${shortId(session.id)} --raw`));
  return exitCodeOf(session);
}
