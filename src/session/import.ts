// Sessions of coven 0.4 taken over into the ledger, a little at a time, so that the daemon answers in between.
import { type ExitPayload, exitPayload, type NewEvent } from "./event.ts";
import type { EarlierEvent, EarlierLedger, EarlierSession } from "./ports/earlier-ledger.ts";
import type { Ledger } from "./ports/ledger.ts";
import type { World } from "./ports/world.ts";
import {
  isSettled,
  SESSION_STATUSES,
  type Session,
  type SessionStatus,
  type Settlement,
  titleOf,
  UNASKED,
  VISIBILITIES,
} from "./session.ts";

/** What could not be taken over, and why, in words. */
export interface Skipped {
  readonly what: string;
  readonly why: string;
}

/** What was done since the import began. */
export interface ImportProgress {
  readonly sessions: number;
  readonly events: number;
  /** Sessions that were here already. */
  readonly present: number;
  /** There is more to do: step again. */
  readonly more: boolean;
  readonly skipped: readonly Skipped[];
}

export interface Import {
  /** Works for about so long. Throws what writing the ledger throws; a later step goes on where it was. */
  step(ms: number): ImportProgress;
  close(): void;
}

/** The first event of a session that was taken over. One that has no end yet was cut off by a crash and is begun anew. */
const IMPORTED = "imported";
const EVENTS_AT_ONCE = 256;

/** True for a session whose import a crash has cut off. */
export function isHalfImported(ledger: Pick<Ledger, "events">, session: Session): boolean {
  if (isSettled(session.status)) return false;
  const [first] = ledger.events({ sessionId: session.id, limit: 1 });
  return first?.kind === "metadata" && JSON.parse(first.payload_json).event === IMPORTED;
}

/** Takes over what `from` holds, the oldest first. `isId`: whether a text may be the id of a session here. */
export function importOf(
  from: EarlierLedger,
  ledger: Ledger,
  world: Pick<World, "monotonic">,
  isId: (id: string) => boolean,
): Import {
  const done = { sessions: 0, events: 0, present: 0 };
  const skipped: Skipped[] = [];
  const unknown = new Map<string, number>();
  let current: { readonly session: EarlierSession; row: number } | undefined;
  let row = 0;
  let finished = false;

  /** The next session, begun; false when there is none. */
  function begin(): boolean {
    let session: EarlierSession | undefined;
    try {
      session = from.after(row);
    } catch (error) {
      skipped.push({ what: "the rest of the sessions", why: `can't be read: ${wordsOf(error)}` });
    }
    if (!session) return false;
    row = session.row;
    if (!isId(session.id)) {
      skipped.push({ what: `session ${JSON.stringify(session.id)}`, why: "its id can't be one here" });
    } else if (ledger.session(session.id)) done.present += 1;
    else {
      ledger.create(recordOf(session));
      const said = { event: IMPORTED, from: "0.4", status: session.status };
      ledger.append(session.id, [{ kind: "metadata", payload: said }], timeOf(session.created_at));
      current = { session, row: 0 };
    }
    return true;
  }

  function keep(
    id: string,
    moment: { readonly at: string; readonly events: readonly NewEvent[] } | undefined,
  ): void {
    if (!moment) return;
    ledger.append(id, moment.events, moment.at);
    done.events += moment.events.length;
  }

  /** Some events of the current session, or its end. */
  function go(one: NonNullable<typeof current>): void {
    const { session } = one;
    let events: readonly EarlierEvent[];
    try {
      events = from.events(session.id, one.row, EVENTS_AT_ONCE);
    } catch (error) {
      skipped.push({
        what: `the rest of the events of session ${session.id}`,
        why: `can't be read: ${wordsOf(error)}`,
      });
      events = [];
    }
    // Those of one moment together: each append is a transaction.
    let moment: { readonly at: string; readonly events: NewEvent[] } | undefined;
    for (const event of events) {
      one.row = event.row;
      // Its end is written when the session settles: once, and last.
      if (event.kind === "exit") continue;
      const added = eventOf(event);
      if (added.kind === "metadata") unknown.set(event.kind, (unknown.get(event.kind) ?? 0) + 1);
      const at = timeOf(event.at, session.created_at);
      if (moment?.at !== at) {
        keep(session.id, moment);
        moment = { at, events: [] };
      }
      moment.events.push(added);
    }
    keep(session.id, moment);
    if (events.length > 0) return;
    settle(ledger, session);
    done.sessions += 1;
    current = undefined;
  }

  return {
    step(ms) {
      const until = world.monotonic() + ms;
      while (!finished && world.monotonic() < until) {
        if (current) go(current);
        else if (!begin()) {
          finished = true;
          for (const [kind, count] of unknown)
            skipped.push({
              what: `${count} events of kind ${JSON.stringify(kind)}`,
              why: "kept as metadata: there is no such kind here",
            });
          for (const { name, rows } of from.others())
            skipped.push({ what: `table ${name}, ${rows} rows`, why: "has no place here" });
        }
      }
      return { ...done, more: !finished, skipped: [...skipped] };
    },
    close: () => from.close(),
  };
}

function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function recordOf(earlier: EarlierSession): Session {
  const created = timeOf(earlier.created_at);
  const root = earlier.project_root.startsWith("/") ? earlier.project_root : "/";
  return {
    id: earlier.id,
    project_root: root,
    harness: earlier.harness,
    title: titleOf(earlier.title, "imported"),
    status: "created",
    exit_code: null,
    archived_at: null,
    created_at: created,
    updated_at: created,
    cwd: root,
    launch_mode: "interactive",
    pid: null,
    signal: null,
    activity: null,
    attention: null,
    ...UNASKED,
    labels: labelsOf(earlier.labels),
    visibility: VISIBILITIES.find((one) => one === earlier.visibility) ?? "private",
    external: earlier.external === 1,
    conversation_id: earlier.conversation_id,
    familiar_id: earlier.familiar_id,
    transcript_path: earlier.transcript_path,
  };
}

function settle(ledger: Ledger, earlier: EarlierSession): void {
  const settlement = settlementOf(earlier);
  const at = timeOf(earlier.updated_at, earlier.created_at);
  const exit: ExitPayload = exitPayload(settlement);
  ledger.settle(earlier.id, settlement, [{ kind: "exit", payload: exit }], at, undefined, true);
  if (earlier.archived_at !== null) ledger.archive(earlier.id, timeOf(earlier.archived_at, at), at);
}

/** What had no end there has lost its daemon. */
function settlementOf({ status, exit_code }: EarlierSession): Settlement {
  const known: SessionStatus | undefined = SESSION_STATUSES.find((one) => one === status);
  if (known === undefined || known === "created" || known === "running")
    return { status: "orphaned", exitCode: null, signal: null };
  return {
    status: known,
    exitCode: known === "killed" || known === "orphaned" ? null : exit_code,
    signal: null,
  };
}

function eventOf({ kind, payload }: EarlierEvent): NewEvent {
  let parsed: unknown;
  try {
    parsed = JSON.parse(payload);
  } catch {
    parsed = payload;
  }
  const data =
    typeof parsed === "object" && parsed !== null && "data" in parsed && typeof parsed.data === "string"
      ? parsed.data
      : undefined;
  if (kind === "output" && data !== undefined) return { kind, data: new TextEncoder().encode(data) };
  if (kind === "input" && data !== undefined) return { kind, payload: { data } };
  if (kind === "kill") return { kind, payload: { status: "killed" } };
  return { kind: "metadata", payload: { event: "imported_event", kind, payload: parsed } };
}

function labelsOf(text: string | null): string[] {
  try {
    const list: unknown = JSON.parse(text ?? "[]");
    return Array.isArray(list) ? list.filter((one) => typeof one === "string") : [];
  } catch {
    return [];
  }
}

/** Nanoseconds become milliseconds; what is no time, the other one. */
function timeOf(text: string, otherwise = "1970-01-01T00:00:00.000Z"): string {
  const at = Date.parse(text);
  return new Date(Number.isNaN(at) ? Date.parse(otherwise) || 0 : at).toISOString();
}
