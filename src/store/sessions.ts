// The rows of session records: making, reading, paging and settling them.
import { CovenError } from "../errors.ts";
import type { Ledger } from "../session/ports/ledger.ts";
import type { ProcessIdentity } from "../session/ports/processes.ts";
import { SESSION_COLUMNS, type Session, type Settlement, type Worktree } from "../session/session.ts";
import type { Connection } from "./connection.ts";

/** A record as its row has it: lists are JSON, and there is no truth value. */
export type RecordRow = Omit<Session, "labels" | "add_dirs" | "external" | "worktree"> & {
  readonly labels: string;
  readonly add_dirs: string;
  readonly external: number;
  readonly worktree: string | null;
};

/** The record that a row holds. */
export function recordOf(row: RecordRow): Session {
  return {
    ...row,
    labels: listOf(row.labels),
    add_dirs: listOf(row.add_dirs),
    external: row.external === 1,
    worktree: row.worktree === null ? null : worktreeIn(row.worktree),
  };
}

function worktreeIn(text: string): Worktree | null {
  try {
    const { path, branch, base }: Partial<Record<keyof Worktree, unknown>> = JSON.parse(text) ?? {};
    return typeof path === "string" && typeof branch === "string" && typeof base === "string"
      ? { path, branch, base }
      : null;
  } catch {
    return null;
  }
}

/** Whatever a damaged page has made of it, the record can be read. */
function listOf(text: string): readonly string[] {
  if (text === "[]") return [];
  try {
    const list: unknown = JSON.parse(text);
    return Array.isArray(list) ? list.filter((one) => typeof one === "string") : [];
  } catch {
    return [];
  }
}

/** What is written for a member of a record. */
function columnOf(value: Session[keyof Session]): string | number | null {
  if (typeof value === "boolean") return Number(value);
  return typeof value === "object" && value !== null ? JSON.stringify(value) : value;
}

/** A column as SQL names it: one is called like a word of the language. */
function named(column: string): string {
  return `"${column}"`;
}

/** What is selected for a record. What its program is doing now no ledger knows. */
export const RECORD = `${SESSION_COLUMNS.map(named).join(", ")}, NULL AS activity, NULL AS attention,
  coalesce((SELECT bytes FROM gap_rows WHERE session = n), 0) AS removed_bytes`;

/** Every column that is written for a new one; `born` is its `created_at` in milliseconds since 1970. */
const CREATED = [...SESSION_COLUMNS, "born"];

/** Every statement on session rows. */
export const SESSION_SQL = {
  create: `INSERT INTO session_rows (${CREATED.map(named).join(", ")}) VALUES (${CREATED.map(() => "?").join(", ")})`,
  started: `UPDATE session_rows SET status = 'running', pid = ?, pid_started_at = ?, updated_at = ?
    WHERE id = ? AND status IN ('created', 'running')`,
  settle: `UPDATE session_rows SET status = ?, exit_code = ?, signal = ?, pid = NULL, pid_started_at = NULL,
    updated_at = ? WHERE id = ? AND status IN ('created', 'running')`,
  conversation: "UPDATE session_rows SET agent_session_id = ? WHERE id = ?",
  rename: "UPDATE session_rows SET name = ? WHERE id = ?",
  liveNamed: "SELECT id FROM session_rows WHERE status IN ('created', 'running') AND name = ?",
  archive: "UPDATE session_rows SET archived_at = ?, updated_at = ? WHERE id = ?",
  session: `SELECT ${RECORD} FROM session_rows WHERE id = ?`,
  active: `SELECT ${RECORD} FROM session_rows WHERE archived_at IS NULL ORDER BY n DESC`,
  activePage: `SELECT n, ${RECORD} FROM session_rows WHERE archived_at IS NULL AND n < ? ORDER BY n DESC LIMIT ?`,
  page: `SELECT n, ${RECORD} FROM session_rows WHERE n < ? AND id IS NOT NULL ORDER BY n DESC LIMIT ?`,
  unsettled: `SELECT ${RECORD}, pid_started_at FROM session_rows WHERE status IN ('created', 'running') AND external = 0
    ORDER BY n`,
  leave: "INSERT OR REPLACE INTO leftover_rows SELECT n, ?, ? FROM session_rows WHERE id = ?",
  left: `SELECT id, l.pid, l.pid_started_at FROM leftover_rows l CROSS JOIN session_rows ON n = l.session
    WHERE l.session > 0 ORDER BY l.session`,
  gone: "DELETE FROM leftover_rows WHERE session = (SELECT n FROM session_rows WHERE id = ?)",
} as const;

/** The part of the ledger that keeps records. */
export interface SessionTable
  extends Pick<
      Ledger,
      | "create"
      | "started"
      | "conversationIs"
      | "rename"
      | "archive"
      | "unsettled"
      | "leftovers"
      | "leftoversGone"
    >,
    Pick<Ledger, "session" | "liveNamed" | "activeSessions" | "sessions"> {
  /** Writes how it ended; false, and nothing written, when the row was settled before. */
  settled(id: string, settlement: Settlement, at: string): boolean;
  /** Notes that processes of a session may be left; `leader` as it was recorded. */
  leave(id: string, leader: ProcessIdentity | null): void;
}

type SessionRow = RecordRow & { readonly n: number };
type UnsettledRow = RecordRow & { readonly pid_started_at: string | null };
type LeftRow = { readonly id: string; readonly pid: number | null; readonly pid_started_at: string | null };

/** The session rows of an open ledger. Changing an unknown session throws `session_not_found`. */
export function sessionTable(connection: Connection): SessionTable {
  const create = connection.db.query<null, (string | number | null)[]>(SESSION_SQL.create);
  const started = connection.db.query<null, [number, string | null, string, string]>(SESSION_SQL.started);
  const settle = connection.db.query<null, (string | number | null)[]>(SESSION_SQL.settle);
  const noted = connection.db.query<null, [string, string]>(SESSION_SQL.conversation);
  const rename = connection.db.query<null, [string | null, string]>(SESSION_SQL.rename);
  const liveNamed = connection.db.query<{ readonly id: string }, [string]>(SESSION_SQL.liveNamed);
  const archive = connection.db.query<null, [string | null, string, string]>(SESSION_SQL.archive);
  const session = connection.db.query<RecordRow, [string]>(SESSION_SQL.session);
  const active = connection.db.query<RecordRow, []>(SESSION_SQL.active);
  const activePage = connection.db.query<SessionRow, [number, number]>(SESSION_SQL.activePage);
  const page = connection.db.query<SessionRow, [number, number]>(SESSION_SQL.page);
  const unsettled = connection.db.query<UnsettledRow, []>(SESSION_SQL.unsettled);

  const leave = connection.db.query<null, [number | null, string | null, string]>(SESSION_SQL.leave);
  const left = connection.db.query<LeftRow, []>(SESSION_SQL.left);
  const gone = connection.db.query<null, [string]>(SESSION_SQL.gone);

  function requireSession(id: string): void {
    if (!session.get(id)) throw sessionNotFound(id);
  }

  return {
    create(record) {
      create.run(...SESSION_COLUMNS.map((column) => columnOf(record[column])), Date.parse(record.created_at));
    },
    started(id, leader, at) {
      // A harness can be gone before this is called; its settled row stays as it is.
      if (started.run(leader.pid, leader.startedAt, at, id).changes === 0) requireSession(id);
    },
    settled(id, { status, exitCode, signal }, at) {
      if (settle.run(status, exitCode, signal, at, id).changes > 0) return true;
      requireSession(id);
      return false;
    },
    conversationIs: (id, conversation) => void noted.run(conversation, id),
    rename(id, name) {
      if (rename.run(name, id).changes === 0) throw sessionNotFound(id);
    },
    liveNamed: (name) => liveNamed.get(name)?.id,
    archive(id, at, updatedAt) {
      if (archive.run(at, updatedAt, id).changes === 0) throw sessionNotFound(id);
    },
    session(id) {
      const row = session.get(id);
      return row ? recordOf(row) : undefined;
    },
    activeSessions: () => active.all().map(recordOf),
    sessions({ limit, cursor, includeArchived }) {
      const before = cursor === undefined ? Number.MAX_SAFE_INTEGER : readCursor(cursor);
      // One more than asked for tells whether there is a next page.
      const rows = (includeArchived ? page : activePage).all(before, limit + 1);
      const shown = rows.slice(0, limit);
      const last = rows.length > limit ? shown.at(-1) : undefined;
      return {
        sessions: shown.map(({ n: _, ...row }) => recordOf(row)),
        nextCursor: last ? writeCursor(last.n) : null,
      };
    },
    unsettled: () =>
      unsettled.all().map(({ pid_started_at: startedAt, ...row }) => ({
        session: recordOf(row),
        leader: row.pid === null ? null : { pid: row.pid, startedAt },
      })),
    leave: (id, leader) => void leave.run(leader?.pid ?? null, leader?.startedAt ?? null, id),
    leftovers: () =>
      left.all().map(({ id, pid, pid_started_at: startedAt }) => ({
        sessionId: id,
        leader: pid === null ? null : { pid, startedAt },
      })),
    leftoversGone: (id) => void gone.run(id),
  };
}

/** The refusal for a session the ledger does not have. */
export function sessionNotFound(sessionId: string): CovenError {
  return new CovenError("session_not_found", `There is no session ${sessionId}.`, { sessionId });
}

function writeCursor(n: number): string {
  return Buffer.from(`n${n}`).toString("base64url");
}

function readCursor(cursor: string): number {
  const n = Number(Buffer.from(cursor, "base64url").toString().slice(1));
  // Writing it again must give the same text: that refuses everything we did not write.
  if (Number.isSafeInteger(n) && n > 0 && writeCursor(n) === cursor) return n;
  throw new CovenError("invalid_request", "cursor is none that this ledger gave out.", { cursor });
}
