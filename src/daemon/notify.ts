// Tells the person what a session wants: by a program of theirs, or the desktop's own notifications.
import type { NotifyReport, NotifyWay } from "../api/notify.ts";
import type { Coven } from "../session/coven.ts";
import { failureFields } from "../session/evidence.ts";
import type { FeedEntry } from "../session/feed.ts";
import type { LedgerReader } from "../session/ports/ledger.ts";
import type { Log, World } from "../session/ports/world.ts";
import type { Session } from "../session/session.ts";

/** What a user has set of it. */
export interface NotifySettings {
  /** argv; empty: none. */
  readonly command: readonly string[];
  readonly desktop: boolean;
}

/** `test` is asked for by a person who wants to see whether it works. */
type Event = NotifyReport["event"];

interface Notification {
  readonly event: Event;
  readonly at: string;
  readonly session: Session | null;
  /** What is asked for, of an action that waits for approval. */
  readonly approval?: { readonly action: string; readonly origin?: string | null };
}

/** What it takes. */
export interface NotifyDependencies {
  readonly coven: Coven;
  readonly ledger: LedgerReader;
  readonly world: World;
  readonly log: Log;
  readonly env: Readonly<Record<string, string>>;
  /** Read each time. May throw: then nobody is told, and the log says why. */
  settings(): NotifySettings;
  /** The end of the feed before this daemon: what happened to sessions while none was there is told too. */
  readonly from: number;
  /** Somebody has it before them. */
  isWatched(id: string): boolean;
}

/** A program may take so long, in milliseconds. */
const PATIENCE_MS = 10_000;
/** So many programs run at once; more notifications wait. */
const MOST_AT_ONCE = 4;
const MOST_WAITING = 100;
/** Entries of the feed read at a time. */
const BATCH = 64;

/** Watches the feed, and tells the person; `stop` ends it, programs that run are left to their time. */
export function watchNotifications(deps: NotifyDependencies): {
  test(): void;
  last(): NotifyReport | null;
  stop(): void;
} {
  const { coven, ledger, world, log, from } = deps;
  const waiting: Notification[] = [];
  let running = 0;
  let last: NotifyReport | null = null;

  function tell(notification: Notification): void {
    if (waiting.length >= MOST_WAITING) {
      log.warn("notification_dropped", { event: notification.event, sessionId: notification.session?.id });
      return;
    }
    waiting.push(notification);
    next();
  }

  function next(): void {
    while (running < MOST_AT_ONCE) {
      const notification = waiting.shift();
      if (!notification) return;
      running += 1;
      void deliver(deps, notification)
        .then((report) => {
          // Where nothing is set there was nobody to tell.
          if (report.ways.length > 0 || report.event === "test") last = report;
        })
        .finally(() => {
          running -= 1;
          next();
        });
    }
  }

  let place = from;
  const look = (): void => {
    for (;;) {
      const entries = ledger.feedAfter(place, BATCH);
      for (const entry of entries) {
        place = entry.place;
        const notification = notificationOf(deps, entry);
        if (notification) tell(notification);
      }
      if (entries.length < BATCH) return;
    }
  };
  const news = () => {
    try {
      look();
    } catch (error) {
      log.warn("notifications_not_read", { ...failureFields(error) });
    }
  };
  const stop = coven.watchFeed(news);
  news();
  return {
    test: () => tell({ event: "test", at: world.now(), session: null }),
    last: () => last,
    stop,
  };
}

/** Undefined for what nobody need be told of. */
function notificationOf(
  { ledger, isWatched }: NotifyDependencies,
  entry: FeedEntry,
): Notification | undefined {
  const { type, at, sessionId, data } = entry;
  // What the daemon has announced.
  if (type === "approval.requested") {
    return { event: "approval", at, session: null, approval: data as NonNullable<Notification["approval"]> };
  }
  const record = sessionId === null ? undefined : ledger.session(sessionId);
  if (!record || isWatched(record.id)) return undefined;
  if (type === "session.settled") {
    // Whoever had it ended knows.
    return record.status === "killed" ? undefined : { event: "ended", at, session: record };
  }
  if (type !== "session.attention") return undefined;
  // What the daemon has announced.
  const attention = data as Session["attention"];
  const event = attention?.state;
  return event === "waiting" || event === "done"
    ? { event, at, session: { ...record, attention } }
    : undefined;
}

async function deliver(deps: NotifyDependencies, notification: Notification): Promise<NotifyReport> {
  const { log, world, env } = deps;
  const ways: NotifyWay[] = [];
  try {
    const { command, desktop } = deps.settings();
    const [title, body] = wordsOf(notification);
    if (command.length > 0) ways.push(await run("command", command, notification, env));
    if (desktop) {
      const argv = desktopCommand(title, body, env);
      if (argv) ways.push(await run("desktop", argv, notification, env));
      else
        ways.push({
          way: "desktop",
          ok: false,
          problem: "there is neither notify-send nor osascript on the daemon's PATH",
        });
    }
  } catch (error) {
    ways.push({ way: "settings", ok: false, problem: failureFields(error).reason });
  }
  for (const { way, ok, problem } of ways) {
    if (!ok) log.warn("notification_failed", { way, problem, sessionId: notification.session?.id });
  }
  return { at: world.now(), event: notification.event, sessionId: notification.session?.id ?? null, ways };
}

/** Runs one program to its end: never a shell, not in a project, with the session in its environment and on standard input. */
async function run(
  way: "command" | "desktop",
  argv: readonly string[],
  { event, at, session, approval }: Notification,
  env: Readonly<Record<string, string>>,
): Promise<NotifyWay> {
  try {
    const child = Bun.spawn([...argv], {
      cwd: "/",
      // No COVEN_SESSION_ID: what carries it counts as part of the session, and ends with it.
      env: { ...env, ...variablesOf(event, session) },
      stdin: new Blob([`${JSON.stringify({ event, at, session, approval })}\n`]),
      stdout: "ignore",
      stderr: "ignore",
      timeout: PATIENCE_MS,
      killSignal: "SIGKILL",
    });
    const code = await child.exited;
    if (code === 0) return { way, ok: true, problem: null };
    const problem =
      child.signalCode === "SIGKILL" ? `it took longer than ${PATIENCE_MS / 1000} s` : `exit code ${code}`;
    return { way, ok: false, problem: `${argv[0]}: ${problem}` };
  } catch (error) {
    return { way, ok: false, problem: failureFields(error).reason };
  }
}

function variablesOf(event: Event, session: Session | null): Record<string, string> {
  return {
    COVEN_NOTIFY_EVENT: event,
    COVEN_NOTIFY_SESSION: session?.id ?? "",
    COVEN_NOTIFY_HARNESS: session?.harness ?? "",
    COVEN_NOTIFY_TITLE: plainText(session?.title ?? ""),
    COVEN_NOTIFY_PROJECT: session?.project_root ?? "",
    COVEN_NOTIFY_KIND: session?.attention?.kind ?? "",
    COVEN_NOTIFY_MESSAGE: session?.attention?.message ?? "",
  };
}

const WAITS = {
  permission: "asks for leave",
  question: "asks a question",
  idle: "waits for a task",
} as const;

/** Title and text of a notification. */
function wordsOf({ event, session, approval }: Notification): [string, string] {
  if (approval)
    return ["coven: approval wanted", plainText(`${approval.origin || "a client"}: ${approval.action}`)];
  if (!session) return ["coven", "This is how a session tells you that it wants you."];
  const { harness, title, status, attention } = session;
  const what =
    event === "waiting"
      ? attention?.kind
        ? WAITS[attention.kind]
        : "wants you"
      : event === "done"
        ? "is done"
        : status === "completed"
          ? "has ended"
          : `has ended: ${status}`;
  return [plainText(`${harness} ${what}`), plainText(attention?.message ?? title)];
}

function plainText(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}]+/gu, " ").trim();
}

/** Freedesktop's and macOS's own; undefined where neither is there. Text is an argument, never a script. */
function desktopCommand(
  title: string,
  body: string,
  { PATH = "" }: Readonly<Record<string, string>>,
): readonly string[] | undefined {
  const notifySend = Bun.which("notify-send", { PATH });
  // Some servers read markup in the text.
  const escaped = body.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
  if (notifySend) return [notifySend, "--app-name=coven", "--", title, escaped];
  const osascript = Bun.which("osascript", { PATH });
  const script = [
    "on run argv",
    "display notification (item 2 of argv) with title (item 1 of argv)",
    "end run",
  ];
  return osascript ? [osascript, ...script.flatMap((line) => ["-e", line]), title, body] : undefined;
}
