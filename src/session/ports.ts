// What the domain asks of the world. store/, pty/, screen/, harness/ and daemon/ implement these; nothing else is asked.
import type { Picture } from "../vt/picture.ts";
import type { Sign } from "../vt/status.ts";
import type { HarnessAttention } from "./attention.ts";
import type { Event, EventKind, EventQuery, KeptEvent, NewEvent, OutputRow } from "./event.ts";
import type { FeedEntry, FeedNews, FeedType } from "./feed.ts";
import type { LaunchMode, Permission, Session, Settlement } from "./session.ts";

// ---- the ledger ------------------------------------------------------------------------------------------

/** A process named so that a recycled pid is never mistaken for it. */
export interface ProcessIdentity {
  readonly pid: number;
  /** The system's own start time of the process, opaque, equal only for the same process; null where unknown. */
  readonly startedAt: string | null;
}

export interface SessionQuery {
  /** 1..1000. */
  readonly limit: number;
  /** Opaque, from an earlier page's `nextCursor`; throws `invalid_request` when it is none of ours. */
  readonly cursor?: string;
  readonly includeArchived: boolean;
}

export interface SessionPage {
  /** Newest first. */
  readonly sessions: Session[];
  readonly nextCursor: string | null;
}

/** What the disk lets the ledger do: `ok` takes writes; `detached`: the file is not where it was. As `health.storage` says it. */
export type StorageState = "ok" | "full" | "read_only" | "failing" | "detached";

/** Reading the ledger, which is all that answering a client takes. Every method is synchronous. */
export interface LedgerReader {
  session(id: string): Session | undefined;
  /** The id of the session that is called so and has not ended. */
  liveNamed(name: string): string | undefined;
  /** All sessions that are not archived, newest first. */
  activeSessions(): Session[];
  sessions(query: SessionQuery): SessionPage;
  /** Lazily, in the order the query says; none of an unknown session. Leave the loop early as you like. */
  events(query: EventQuery): Iterable<Event>;
  /** The same events as they are kept. */
  kept(query: EventQuery): Iterable<KeptEvent>;
  /** The last event of this kind before a seq. Looks at every row between: for kinds that come now and then. */
  lastOf(sessionId: string, kind: EventKind, beforeSeq: number): Event | undefined;
  /** The seq of an event of this session by its id, or undefined when it is none. */
  seqOf(sessionId: string, eventId: string): number | undefined;
  /** Raw output after a seq, oldest first: whole rows, at least one, until `maxBytes` are reached. */
  output(sessionId: string, afterSeq: number, maxBytes: number): OutputRow[];
  /** The last seq of this session, 0 when it has none. */
  lastSeq(sessionId: string): number;
  /**
   * undefined for a cursor as clients have them. For one whose event a power cut took, or that is ahead of the whole ledger: the seq
   * to go on after.
   */
  keptBefore(cursor: number): number | undefined;
  /** The end of the feed: what a client that begins now goes on after. */
  feedEnd(): { readonly place: number; readonly cursor: string };
  /** Where in the feed a cursor stands; undefined when it is from before what is kept, or its entry was lost. */
  feedPlace(cursor: string): number | undefined;
  /** Entries after a place, the oldest first. */
  feedAfter(place: number, limit: number): FeedEntry[];
  /** The newest entries of one kind about a session, the newest first. */
  feedOf(sessionId: string, type: FeedType, limit: number): FeedEntry[];
  /** The last screen of a finished session. */
  screen(sessionId: string): ScreenImage | undefined;
}

/**
 * The append-only store as the domain sees it. Every method is synchronous; when it returns a crash of the daemon takes nothing of it. A power cut
 * may take what came last, but never a session that was created, nor for long how one settled.
 * A full disk or an unwritable file throws `runtime_unavailable`.
 */
export interface Ledger extends LedgerReader {
  /** Appends a `created` row. */
  create(session: Session): void;
  /** An entry of the feed. */
  announce(news: FeedNews, at: string): void;
  /** The harness runs: status `running`, with its process; the feed says `session.launched`. */
  started(id: string, leader: ProcessIdentity, at: string): void;
  /** Rows that say `created` or `running`, with the process recorded for them. */
  unsettled(): { session: Session; leader: ProcessIdentity | null }[];
  /** Appends in order, in one transaction; returns the last seq. Output of more than 16 KiB becomes several events. */
  append(sessionId: string, events: readonly NewEvent[], at: string): number;
  /**
   * Appends output that ends between two characters, in one transaction; returns the rows it is kept in, in order, views of
   * these bytes. Each holds at most 16 KiB of whole characters. `last`: its program was ended, so it is the little that is left, and
   * may be kept where other output waits for room on the disk.
   */
  appendOutput(sessionId: string, bytes: Uint8Array, at: string, last?: boolean): OutputRow[];
  /**
   * Last events and final status in one transaction, with the feed's `session.settled` unless `quietly`; false (and nothing written) when it was settled before. `left`: processes of it may
   * still run; it is among `leftovers` until they are `leftoversGone`.
   */
  settle(
    sessionId: string,
    settlement: Settlement,
    events: readonly NewEvent[],
    at: string,
    left?: { readonly leader: ProcessIdentity | null },
    quietly?: boolean,
  ): boolean;
  /** Settled sessions whose processes are not proved gone, the oldest first, with the harness as it was recorded. */
  leftovers(): { sessionId: string; leader: ProcessIdentity | null }[];
  leftoversGone(sessionId: string): void;
  /** The id by which its harness finds the conversation again is this one. */
  conversationIs(id: string, conversation: string): void;
  /** What it is called from now on. */
  rename(id: string, name: string | null): void;
  /** Sets or clears `archived_at`. */
  archive(id: string, at: string | null, updatedAt: string): void;
  /**
   * Deletes the record, its events and its entries of the feed, which says `session.sacrificed`; returns how many events went. Their seqs are never used again. `oneOfMany`: others follow
   * at once, and the daemon wants its turn in between.
   */
  sacrifice(id: string, oneOfMany?: boolean): number;
  /** Keeps the last screen of a finished session, as JSON. */
  saveScreen(sessionId: string, screen: ScreenImage): void;
  close(): void;
}

// ---- the ledger of an earlier coven -------------------------------------------------------------------------

/** A record of coven 0.4 as it stands in its table. */
export interface EarlierSession {
  /** Where it stands; grows in the order they were made. */
  readonly row: number;
  readonly id: string;
  readonly project_root: string;
  readonly harness: string;
  readonly title: string;
  readonly status: string;
  readonly exit_code: number | null;
  readonly archived_at: string | null;
  /** RFC 3339 with nanoseconds. */
  readonly created_at: string;
  readonly updated_at: string;
  readonly conversation_id: string | null;
  /** A JSON list. */
  readonly labels: string | null;
  readonly visibility: string | null;
  readonly familiar_id: string | null;
  readonly external: number | null;
  readonly transcript_path: string | null;
}

export interface EarlierEvent {
  readonly row: number;
  readonly kind: string;
  /** JSON. */
  readonly payload: string;
  readonly at: string;
}

/** What coven 0.4 has recorded. Reading throws where the file is damaged. */
export interface EarlierLedger {
  /** The session behind this row; 0 gives the first. */
  after(row: number): EarlierSession | undefined;
  /** Oldest first. */
  events(sessionId: string, row: number, limit: number): EarlierEvent[];
  /** What else it holds. */
  others(): { readonly name: string; readonly rows: number }[];
  close(): void;
}

// ---- pseudo-terminals and processes ----------------------------------------------------------------------
export interface PtySpawn {
  /** argv[0] is an absolute path; never a shell. */
  readonly argv: readonly string[];
  /** Canonical. A link found in it was put there after the boundary was drawn, and nothing is started. */
  readonly cwd: string;
  /** The whole environment. */
  readonly env: Readonly<Record<string, string>>;
  readonly cols: number;
  readonly rows: number;
  /** What its standard input holds, to the end; the terminal where nothing is said. */
  readonly stdin?: Uint8Array;
}

export interface PtyExit {
  /** null when a signal ended it. */
  readonly exitCode: number | null;
  /** Name, `"SIGKILL"`. */
  readonly signal: string | null;
}

export interface PtyEvents {
  /**
   * Bytes as read, in order; the buffer is the receiver's. While a promise that it returned is pending nothing more is
   * read, and the kernel holds the program back; only a host that doesn't pause (`PtyHost.pauses`) goes on.
   */
  data(bytes: Uint8Array): Promise<void> | undefined;
  /**
   * Once, last, after the leader was reaped and its output drained: to EOF, or to a deadline of 500 ms where a
   * grandchild holds the terminal. The master is closed when this is called.
   */
  exit(exit: PtyExit): void;
}

/** A terminal and its process as one holder leaves them to the next. */
export interface HeldTerminal {
  /** A child of this process, unless there is a `process`. */
  readonly pid: number;
  /** The terminal's master, open. */
  readonly fd: number;
  /** A descriptor of the program, where it is no child of this process: all there is to learn its end by. */
  readonly process?: number;
  /** What was typed and not yet taken by the terminal. */
  readonly unwritten?: Uint8Array;
  /** How the program ended, where it was reaped and its output not read to the end. */
  readonly exit?: PtyExit;
}

/** One pseudo-terminal with its process; whoever holds it is responsible for its exit. */
export interface Pty {
  readonly pid: number;
  /** The terminal's master, where it is ours. */
  readonly descriptor?: number;
  /** The program is no child of this process. */
  readonly foreign?: boolean;
  /** Any size; queued, never dropped while the process lives. Throws when the terminal is closed. */
  write(bytes: Uint8Array): void;
  /** Throws a RangeError outside 1..1000. */
  resize(cols: number, rows: number): void;
  /** Its end was found, and `exit` follows within a few turns of the loop: it can't be given up any more. */
  readonly ending?: boolean;
  /**
   * Gives the terminal up, open and its program running: `data` gets what was read ahead, `exit` is never called. All of it within
   * this turn of the loop. Absent where terminals can't be given up. Throws when the terminal is closed.
   */
  release?(): Promise<HeldTerminal>;
}

export interface PtyHost {
  /** "posix", "bun" or "node-pty"; for logs and doctor. */
  readonly driver: string;
  /** A receiver that has no room (`PtyEvents.data`) is waited for. */
  readonly pauses: boolean;
  /**
   * Throws an Error that names the reason (missing cwd, not executable), `runtime_unavailable` when the machine has no
   * terminal, descriptor or process left; no process is left then.
   */
  spawn(options: PtySpawn, events: PtyEvents): Pty;
  /**
   * Takes over a terminal that was released, in this process or before this program replaced another by execve(2): its descriptor
   * is this host's from here on, and a child that has ended meanwhile is reaped. The terminal gets the size if it has another. Throws
   * `runtime_unavailable` where terminals can't be taken over.
   */
  adopt(terminal: HeldTerminal & { readonly cols: number; readonly rows: number }, events: PtyEvents): Pty;
}

/** Who keeps terminals open when this process dies without a word: a service manager with a descriptor store. */
export interface TerminalKeeper {
  /** Keeps the terminal of a session and a descriptor of its program, as far as it can, until `forget`. */
  keep(sessionId: string, terminal: { readonly pid: number; readonly descriptor: number }): void;
  /** The session has ended. */
  forget(sessionId: string): void;
  /** What the process before this one kept of a session; whoever takes it holds the descriptors. */
  take(sessionId: string): KeptTerminal | undefined;
  /** Closes and forgets what nobody has taken. */
  forgetRest(): void;
}

/** A terminal that outlived the daemon that held it. */
export interface KeptTerminal {
  readonly fd: number;
  /** A descriptor of its program. */
  readonly process: number;
}

export interface ProcessInfo extends ProcessIdentity {
  readonly parent: number;
  readonly group: number;
  /** 0 where the system doesn't say. */
  readonly session: number;
  /** A short name for people, without control characters; never arguments. */
  readonly name: string;
  /** A zombie: dead, not yet reaped. */
  readonly dead: boolean;
}

/** What the operating system says of processes. Where it says nothing, every list is empty. */
export interface Processes {
  /** Our own pid: it and its ancestors are never signalled. */
  readonly self: number;
  /** Everybody visible, now. */
  list(): ProcessInfo[];
  /**
   * Those whose environment carries exactly `COVEN_SESSION_ID=<sessionId>`; only of our own user. `silent` gets each that
   * shows no environment at all: it has none, or is in the middle of an exec and shows it in a moment.
   */
  marked(sessionId: string, silent?: (one: ProcessInfo) => void): ProcessInfo[];
  /** What stands behind one pid now, or undefined when there is nothing. */
  identify(pid: number): ProcessInfo | undefined;
  /** Counts the processes that the system has ended for want of memory beside this one, each time it is asked; undefined where it doesn't say. */
  memoryKills(pid: number): () => number | undefined;
  /** Bytes that programs could still get; undefined where the system doesn't say. */
  freeMemory(): number | undefined;
  /** How many descriptors the daemon may still open; undefined where the system doesn't say. */
  freeDescriptors(): number | undefined;
  /** Paths of the files that one process of our own user has open; none where the system doesn't say. */
  openFiles(pid: number): string[];
  /** Sends the signal if pid and start time still belong together; false when they don't, it is gone, or not ours. */
  signal(target: ProcessIdentity, signal: "SIGHUP" | "SIGTERM" | "SIGKILL" | "SIGCONT"): boolean;
}

// ---- the screen ------------------------------------------------------------------------------------------

/** What a terminal shows at one moment, JSON-safe. */
export interface ScreenImage {
  /** The last seq whose bytes are on it. */
  readonly asOfSeq: number;
  readonly cols: number;
  readonly rows: number;
  /** From 0. */
  readonly cursor: { readonly x: number; readonly y: number };
  readonly title: string;
  /** The alternate screen is shown. */
  readonly alternate: boolean;
  /** The visible rows as text, trailing blanks cut. */
  readonly lines: readonly string[];
  /** All of it as data: scrollback, cells with their looks, modes. `draw` makes of it what a terminal is written. */
  readonly picture: Picture;
}

/** A screen as the bytes that draw it, which is the one form that every version understands. */
export interface ScreenCarry {
  /** Draws it and sets all that was set. */
  readonly drawn: Uint8Array;
  /** What had begun then and not ended; it comes behind. */
  readonly unfinished: Uint8Array;
}

/** One headless terminal of one live session. It, and only it, answers the queries a program sends. */
export interface Screen {
  /** Fed every byte, in order, once. */
  write(bytes: Uint8Array): void;
  resize(cols: number, rows: number): void;
  /** What is shown now, with everything written so far parsed; the caller adds the seq. */
  image(): Omit<ScreenImage, "asOfSeq">;
  /** Bytes of an escape sequence begun and not finished at the end of what was written so far. */
  unfinished(): Uint8Array;
  /** What makes a fresh screen of this size what this one is. */
  carry(): ScreenCarry;
  /** Makes this screen, on which nothing was ever written, what another one was. Nothing is answered. */
  restore(from: ScreenCarry): void;
  /** Modes the program has set that decide how keys are encoded. */
  modes(): { readonly bracketedPaste: boolean; readonly applicationCursor: boolean };
  close(): void;
}

export interface ScreenHost {
  open(options: {
    readonly cols: number;
    readonly rows: number;
    /** Lines kept above the screen. */
    readonly scrollback: number;
    /** Bytes the terminal sends back to the program. */
    answer(bytes: Uint8Array): void;
    /** The program said what it is doing, or that a person is to look. */
    sign?(sign: Sign): void;
  }): Screen;
}

// ---- harnesses, time, evidence ---------------------------------------------------------------------------

/**
 * How much of a built-in harness was tried with the real program: a whole turn of it (`bun run test:real`), its arguments, or nothing
 * but its documentation read.
 */
export const MATURITIES = ["launched here", "argv tested", "researched"] as const;
export type Maturity = (typeof MATURITIES)[number];

/** One row of `GET /harnesses`. */
export interface HarnessInfo {
  readonly id: string;
  readonly label: string;
  /** The program's name as looked up on the PATH. */
  readonly executable: string;
  /** It is installed and may be launched. */
  readonly available: boolean;
  /** Where it was found, else null. */
  readonly path: string | null;
  /** How to install it. */
  readonly hint: string;
  readonly source: "built-in" | "manifest";
  /** False for one that its owner has not switched on: a launch of it is refused. */
  readonly enabled: boolean;
  /** Null for a manifest. */
  readonly maturity: Maturity | null;
  /** What the program says of itself; null until it was asked, and where it is not launched. */
  readonly version: string | null;
  /** It can be launched with `launchMode` `stream`. */
  readonly stream: boolean;
}

/** The allowlist and what we know about launching each. */
/** What a launch asks of the harness beside its prompt. Directories are canonical. */
export interface Asked {
  readonly model?: string;
  readonly permission?: Permission;
  readonly addDirs?: readonly string[];
  /** Of the harness's own; `init`: under an id that the caller has chosen. */
  readonly conversation?: { readonly mode: "init" | "resume"; readonly id: string };
  /** It works alone, may write in its root and `addDirs` and nowhere else, and asks nobody. */
  readonly unattended?: boolean;
  /** Arguments of the harness's own, as they are. */
  readonly args?: readonly string[];
}

/** How one is started. */
export interface HarnessStart {
  readonly argv: readonly string[];
  /**
   * The prompt is one of the arguments, or `stdin`: what the program reads from standard input, whole; or `typed`: pasted and submitted once the program
   * is ready for it.
   */
  readonly given: "argument" | "stdin" | "typed";
  /** `idle`: it says so itself; `quiet`: it has drawn its first screen and takes pastes; `shown`: as that, and Enter only once the text is seen to be there. */
  readonly ready: "idle" | "quiet" | "shown";
}

/** How the conversations of a harness are named and gone on with. */
export interface Conversations {
  /** It takes an id of ours for a new one (`Asked.conversation`, `init`). */
  readonly init: boolean;
  /** It goes on with one by its id (`resume`). */
  readonly resume: boolean;
  /** What it prints the id in that it has chosen, each with one `{id}`; none where it doesn't say, or takes ours. */
  readonly says: readonly string[];
  /** What the path of a file that it keeps open looks like, each with one `{id}`; it is known then before the program ends. */
  readonly holds: readonly string[];
}

export interface Harnesses {
  /** Looked up on the PATH of `env`. */
  list(env: Readonly<Record<string, string>>): HarnessInfo[];
  /**
   * Throws `invalid_request` for an id that is not on the list (details: `known`, `hint`), and `not_enabled` (details: `enable`) for one that is off.
   * Touches nothing.
   */
  require(id: string): void;
  /** Nothing for an id that is not on the list: it may have been taken off while a session of it runs. */
  attention(id: string): HarnessAttention;
  /** Names of variables that this one gets although no harness does, and that it must not get. Throws as `require`. */
  environment(id: string): {
    readonly pass?: readonly string[] | undefined;
    readonly strip?: readonly string[] | undefined;
  };
  /** What can be done with its conversations; nothing for an id that is not on the list. */
  conversations(id: string): Conversations;
  /**
   * The exact argv, argv[0] absolute, and how the prompt is given; "" opens it without one. Throws as `require`, `invalid_request` (details: `field`) for
   * what it can't be told, and `harness_not_found` (details: `executable`, `hint`) when the program is not on the PATH of `env`.
   */
  start(
    id: string,
    prompt: string,
    mode: LaunchMode,
    env: Readonly<Record<string, string>>,
    asked?: Asked,
  ): HarnessStart;
}

/** A directory with a `.git`, as git's own files have it. */
export interface Checkout {
  /** Canonical. */
  readonly root: string;
  /** The branch that is checked out, without `refs/heads/`; null for a commit without one. */
  readonly branch: string | null;
  /** What HEAD stands for; null before the first commit, and where git's files don't say. */
  readonly commit: string | null;
  /** Git knows it as a worktree beside the repository's first one. */
  readonly isLinked: boolean;
}

/** Git's files, read; no program is run. */
export interface Checkouts {
  /** The checkout a canonical directory lies in; undefined outside of any. Never throws. */
  of(directory: string): Checkout | undefined;
}

/** Time and chance, injected so that tests can fix them. */
export interface World {
  /** RFC 3339 UTC with milliseconds. */
  now(): string;
  /** UUID v4. */
  newId(): string;
  /** Milliseconds on a clock that never goes back and stands for nothing. */
  monotonic(): number;
  /** Runs it after what has already arrived in this turn of the loop. */
  soon(run: () => void): void;
  /** Runs it once after so many milliseconds, unless the returned function is called before. */
  after(ms: number, run: () => void): () => void;
}

/** Evidence. Fields never hold output, input or environment values. */
export interface Log {
  info(event: string, fields?: Readonly<Record<string, unknown>>): void;
  warn(event: string, fields?: Readonly<Record<string, unknown>>): void;
  error(event: string, fields?: Readonly<Record<string, unknown>>): void;
}

// ---- all of it --------------------------------------------------------------------------------------------

/** Everything the domain asks of the world. */
export interface CovenPorts {
  readonly ledger: Ledger;
  readonly ptys: PtyHost;
  readonly processes: Processes;
  readonly harnesses: Harnesses;
  readonly checkouts: Checkouts;
  readonly world: World;
  readonly log: Log;
  readonly screens?: ScreenHost;
  readonly keeper?: TerminalKeeper | undefined;
  /** The daemon's own environment, the base of a launch that brings none. */
  readonly env: Readonly<Record<string, string>>;
}
