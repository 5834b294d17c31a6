// What the ledger's tests share: a private directory, records to put in, and a look from another process.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Event, EventQuery, NewEvent } from "../../src/session/event.ts";
import type { Ledger } from "../../src/session/ports/ledger.ts";
import { type Session, UNASKED } from "../../src/session/session.ts";
import { type LedgerOptions, openLedger } from "../../src/store/ledger.ts";
import type { Weights } from "../../src/store/weights.ts";

export const AT = "2026-11-21T10:00:00.000Z";

const undo: (() => void)[] = [];

/** Closes and removes what a test made. Each test file says `afterEach(cleanUp)`: here it would count for one file only. */
export function cleanUp(): void {
  for (const step of undo.splice(0).reverse()) step();
}

/** The path of a ledger that does not exist yet, in a directory that goes away after the test. */
export function newPath(): string {
  const dir = mkdtempSync(join(tmpdir(), "cv-store-"));
  undo.push(() => rmSync(dir, { recursive: true, force: true }));
  return join(dir, "coven.db");
}

/** An open ledger, closed after the test. */
export function newLedger(path = newPath(), options: LedgerOptions = {}): Ledger & Weights {
  const ledger = openLedger(path, options);
  undo.push(() => ledger.close());
  return ledger;
}

export function record(over: Partial<Session> = {}): Session {
  return {
    id: crypto.randomUUID(),
    project_root: "/project",
    harness: "demo",
    title: "a title",
    status: "created",
    exit_code: null,
    archived_at: null,
    created_at: AT,
    updated_at: AT,
    cwd: "/project/inner",
    launch_mode: "interactive",
    pid: null,
    signal: null,
    activity: null,
    attention: null,
    ...UNASKED,
    ...over,
  };
}

/** A session in the ledger; its id. */
export function newSession(ledger: Ledger, over: Partial<Session> = {}): string {
  const session = record(over);
  ledger.create(session);
  return session.id;
}

export function output(data: string | Uint8Array): NewEvent {
  return { kind: "output", data: typeof data === "string" ? new TextEncoder().encode(data) : data };
}

export function eventsOf(ledger: Ledger, sessionId: string, query: Partial<EventQuery> = {}): Event[] {
  return [...ledger.events({ sessionId, limit: 1_000_000, ...query })];
}

/** What `work` throws. */
export function thrown(work: () => unknown): unknown {
  try {
    work();
  } catch (error) {
    return error;
  }
  throw new Error("nothing was thrown");
}
