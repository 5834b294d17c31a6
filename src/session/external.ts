// Runs that somebody else started and keeps: a record of ours, and no process and no terminal.

import { CovenError } from "../errors.ts";
import { boundaryOf } from "./boundary.ts";
import { exitPayload } from "./event.ts";
import type { Ledger } from "./ports/ledger.ts";
import { isSettled, type Session, UNASKED } from "./session.ts";

/** `POST /sessions/external` as the domain takes it. */
export interface ExternalRequest {
  /** Its own id, which may hold slashes. */
  readonly id: string;
  readonly projectRoot: string;
  readonly harness: string;
  readonly title?: string;
  readonly labels?: readonly string[];
  readonly transcriptPath?: string;
}

/**
 * The record of an external run; the one that is there when it was registered before. Throws `invalid_request` as `boundaryOf`, and
 * `session_id_conflict` where a session of the daemon's own has this id.
 */
export function registerExternal(
  ledger: Ledger,
  request: ExternalRequest,
  now: string,
): { readonly session: Session; readonly created: boolean } {
  const { id } = request;
  const before = ledger.session(id);
  if (before?.external) return { session: before, created: false };
  if (before) {
    throw new CovenError("session_id_conflict", `The daemon has a session ${id} of its own.`, {
      sessionId: id,
    });
  }
  const { projectRoot, cwd } = boundaryOf(request.projectRoot);
  const session: Session = {
    id,
    project_root: projectRoot,
    harness: request.harness,
    title: request.title?.trim() || "External session",
    status: "running",
    exit_code: null,
    archived_at: null,
    created_at: now,
    updated_at: now,
    cwd,
    launch_mode: "interactive",
    pid: null,
    signal: null,
    activity: null,
    attention: null,
    ...UNASKED,
    external: true,
    labels: request.labels ?? [],
    transcript_path: request.transcriptPath ?? null,
  };
  ledger.create(session);
  return { session, created: true };
}

/** Settles an external run as whoever keeps it says; once, and a second time changes nothing. Throws `not_external_session`. */
export function completeExternal(
  ledger: Ledger,
  session: Session,
  exitCode: number | null,
  now: string,
): void {
  const { id } = session;
  if (!session.external) {
    throw new CovenError("not_external_session", `The daemon itself runs session ${id}; end it with kill.`, {
      sessionId: id,
    });
  }
  if (isSettled(session.status)) return;
  const status = (exitCode ?? 0) === 0 ? "completed" : "failed";
  const settlement = { status, exitCode, signal: null } as const;
  ledger.settle(id, settlement, [{ kind: "exit", payload: exitPayload(settlement) }], now);
}
