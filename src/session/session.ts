// The record of one harness run. Members are named as on the wire and in the ledger, so nothing maps them.

import type { Attention } from "./attention.ts";

/** Every status a record may have. Published clients throw on any other word. */
export const SESSION_STATUSES = ["created", "running", "completed", "failed", "killed", "orphaned"] as const;

/** What the record says of a run. A record only: whether the daemon holds its terminal is asked of the live map. */
export type SessionStatus = (typeof SESSION_STATUSES)[number];

/** How the harness was asked to run: with its own terminal interface, one shot, or one shot that says everything in lines of JSON. */
export const LAUNCH_MODES = ["interactive", "nonInteractive", "stream"] as const;
export type LaunchMode = (typeof LAUNCH_MODES)[number];

/** Whom a client means a session for. A note for other clients: whoever may use the socket sees every session. */
export const VISIBILITIES = ["private", "workspace", "shared"] as const;
export type Visibility = (typeof VISIBILITIES)[number];

/** What a harness may do to files and the network: everything its user may, or only look. */
export const PERMISSIONS = ["full", "read-only"] as const;
export type Permission = (typeof PERMISSIONS)[number];

/** The record of one harness run, exactly as `GET /sessions/:id` sends it. */
export interface Session {
  /** UUID v4. */
  readonly id: string;
  /** Canonical absolute path of the project. */
  readonly project_root: string;
  readonly harness: string;
  readonly title: string;
  readonly status: SessionStatus;
  /** The harness's exit code; null while it runs, when a signal ended it, and when it never started. */
  readonly exit_code: number | null;
  /** When it was archived (RFC 3339 UTC, milliseconds), else null. */
  readonly archived_at: string | null;
  /** RFC 3339 UTC, milliseconds. */
  readonly created_at: string;
  /** RFC 3339 UTC, milliseconds. */
  readonly updated_at: string;
  /** Canonical absolute path, equal to or beneath `project_root`. */
  readonly cwd: string;
  readonly launch_mode: LaunchMode;
  /** The harness's process id while it is live, else null. */
  readonly pid: number | null;
  /** The signal that ended it (`"SIGKILL"`), else null. */
  readonly signal: string | null;
  /**
   * What the program says it is doing now, in its own word (OSC 7501: `idle`, `working`, `blocked` while it waits for a
   * person, `done`); null unless it is live and has said so. A fact of the moment: no ledger keeps it.
   */
  readonly activity: string | null;
  /** What it wants from a person, and who says so; null unless it is live. Its changes are `metadata` events. */
  readonly attention: Attention | null;
  /** In the order they were given. */
  readonly labels: readonly string[];
  readonly visibility: Visibility;
  /** Somebody else started it: the daemon has no process and no terminal of it. */
  readonly external: boolean;
  /** The harness's own id of the conversation, where it is known. */
  readonly conversation_id: string | null;
  readonly familiar_id: string | null;
  /** Where whoever started an external session keeps its transcript: told by them, never opened. */
  readonly transcript_path: string | null;
  /** As it was asked for; null for the harness's own choice. */
  readonly model: string | null;
  /** As it was asked for; null for the harness's own way. */
  readonly permission: Permission | null;
  /** Canonical absolute paths that the harness may use beside its root. */
  readonly add_dirs: readonly string[];
  /** Bytes of output that were taken out of its middle, because it had grown past `retention.session_max`. */
  readonly removed_bytes: number;
  /** The commit that was checked out in its project when it began; null outside of git, and where git's files don't say. */
  readonly base_commit: string | null;
  /** The git worktree that was made for it, which is its `project_root`; else null. */
  readonly worktree: Worktree | null;
  /** The session whose conversation goes on in this one. */
  readonly continues: string | null;
  /** The id by which the harness's program finds the conversation again; null while it is not known. */
  readonly agent_session_id: string | null;
  /** What sessions that were started together on the same task have in common. */
  readonly group: string | null;
  /** What a person calls it; no two that live are called the same. */
  readonly name: string | null;
}

/** A git worktree that was made for a session. */
export interface Worktree {
  /** Canonical. */
  readonly path: string;
  /** Without `refs/heads/`. */
  readonly branch: string;
  /** The commit it began with. */
  readonly base: string;
}

/** The members of a record that a launch may leave out. */
export const UNASKED = {
  labels: [],
  visibility: "private",
  external: false,
  conversation_id: null,
  familiar_id: null,
  transcript_path: null,
  model: null,
  permission: null,
  add_dirs: [],
  removed_bytes: 0,
  base_commit: null,
  worktree: null,
  continues: null,
  agent_session_id: null,
  group: null,
  name: null,
} as const satisfies Partial<Session>;

/** What the ledger keeps of a record; a member that is missing here, or too many, does not compile. */
const KEPT: Readonly<Record<Exclude<keyof Session, "activity" | "attention" | "removed_bytes">, true>> = {
  id: true,
  project_root: true,
  harness: true,
  title: true,
  status: true,
  exit_code: true,
  archived_at: true,
  created_at: true,
  updated_at: true,
  cwd: true,
  launch_mode: true,
  pid: true,
  signal: true,
  labels: true,
  visibility: true,
  external: true,
  conversation_id: true,
  familiar_id: true,
  transcript_path: true,
  model: true,
  permission: true,
  add_dirs: true,
  base_commit: true,
  worktree: true,
  continues: true,
  agent_session_id: true,
  group: true,
  name: true,
};

/** The members of a record that the ledger keeps: its columns. */
export const SESSION_COLUMNS = Object.keys(KEPT) as (keyof typeof KEPT)[]; // the keys of KEPT

/** How a run ended; what `settle` writes, once. */
export interface Settlement {
  readonly status: Exclude<SessionStatus, "created" | "running">;
  readonly exitCode: number | null;
  readonly signal: string | null;
}

/** True once nothing more will be appended by the run itself. */
export function isSettled(status: SessionStatus): boolean {
  return status !== "created" && status !== "running";
}

/** True when the session is hidden from the default list. Archive is a date, never a status. */
export function isArchived(session: Session): boolean {
  return session.archived_at !== null;
}

/**
 * The final word on a run from what its process did and what we did to it:
 * our kill wins, exit 0 is completed, any other code or a signal that was not ours is failed, and what nobody can say is orphaned.
 */
export function settlementOf(
  exit: { exitCode: number | null; signal: string | null },
  killedByUs: boolean,
): Settlement {
  const exitCode = exit.signal === null ? exit.exitCode : null;
  if (killedByUs) return { status: "killed", exitCode, signal: exit.signal };
  if (exit.exitCode === null && exit.signal === null)
    return { status: "orphaned", exitCode: null, signal: null };
  return { status: exitCode === 0 ? "completed" : "failed", exitCode, signal: exit.signal };
}

/** A terminal's size in cells. */
export interface Size {
  readonly cols: number;
  readonly rows: number;
}

/** The terminal of a launch that names no size, in cells; any other size stands in a first `resize` event. */
export const DEFAULT_SIZE = { cols: 120, rows: 40 } as const;

const TITLE_LENGTH = 48;

/** The title as given, else the prompt's first line, cut to 48 code points with the `…` counted. */
export function titleOf(title: string | undefined, prompt: string): string {
  const given = title?.trim();
  if (given) return given;
  const firstLine = prompt.trim().split(/\r?\n/, 1)[0] ?? "";
  const points = Array.from(firstLine);
  return points.length <= TITLE_LENGTH ? firstLine : `${points.slice(0, TITLE_LENGTH - 1).join("")}…`;
}
