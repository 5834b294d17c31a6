// Proof that no statement walks a whole table: a ledger of ten million events is as quick as one of ten.
import { afterEach, expect, test } from "bun:test";
import { APPROVAL_SQL } from "../../src/store/approvals.ts";
import { connect } from "../../src/store/connection.ts";
import { EVENT_SQL } from "../../src/store/events.ts";
import { FEED_SQL } from "../../src/store/feed.ts";
import { HASH_SQL } from "../../src/store/hashes.ts";
import { RESERVE_SQL } from "../../src/store/reserve.ts";
import { SACRIFICE_SQL } from "../../src/store/sacrifice.ts";
import { SCREEN_SQL } from "../../src/store/screens.ts";
import { SESSION_SQL } from "../../src/store/sessions.ts";
import { WEIGHTS_SQL } from "../../src/store/weights.ts";
import { cleanUp, newPath } from "./fixture.ts";

afterEach(cleanUp);

const STATEMENTS = Object.entries({
  ...SESSION_SQL,
  ...EVENT_SQL,
  ...Object.fromEntries(Object.entries(SACRIFICE_SQL).map(([name, sql]) => [`sacrifice ${name}`, sql])),
  ...Object.fromEntries(Object.entries(RESERVE_SQL).map(([name, sql]) => [`reserve ${name}`, sql])),
  ...Object.fromEntries(Object.entries(FEED_SQL).map(([name, sql]) => [`feed ${name}`, sql])),
  // All hashes are read by who checks all of the ledger, which the daemon never does.
  ...Object.fromEntries(
    Object.entries(HASH_SQL)
      .filter(([name]) => name !== "all")
      .map(([name, sql]) => [`hash ${name}`, sql]),
  ),
  ...Object.fromEntries(Object.entries(APPROVAL_SQL).map(([name, sql]) => [`approval ${name}`, sql])),
  ...Object.fromEntries(Object.entries(SCREEN_SQL).map(([name, sql]) => [`screen ${name}`, sql])),
  ...Object.fromEntries(Object.entries(WEIGHTS_SQL).map(([name, sql]) => [`weights ${name}`, sql])),
  // What another program would ask of the views.
  "view events": "SELECT * FROM events WHERE session_id = ? AND seq > ? ORDER BY seq LIMIT 100",
  "view sessions": "SELECT * FROM sessions WHERE id = ?",
});

/** The steps SQLite would take, one string each, bindings left open as in the daemon. */
function plan(sql: string): string[] {
  const connection = connect(newPath(), undefined);
  try {
    return connection.db
      .query<{ detail: string }, []>(`EXPLAIN QUERY PLAN ${sql}`)
      .all()
      .map((row) => row.detail);
  } finally {
    connection.close();
  }
}

test.each(STATEMENTS)("%s scans nothing and sorts nothing that grows", (name, sql) => {
  const steps = plan(sql);
  expect(steps.filter((step) => step.startsWith("SCAN") && step !== "SCAN CONSTANT ROW")).toEqual([]);
  // The few unsettled sessions are put in order; everything else comes in order.
  const sorts = steps.filter((step) => step.includes("TEMP B-TREE"));
  expect(sorts).toEqual(name === "unsettled" ? ["USE TEMP B-TREE FOR ORDER BY"] : []);
});

test("pages of one session's events come from its index", () => {
  for (const sql of [EVENT_SQL.between, EVENT_SQL.output, EVENT_SQL.before]) {
    expect(plan(sql).join()).toMatch(
      /USING INDEX event_rows_session \(session=\? AND rowid[<>]\?( AND rowid<\?)?\)/,
    );
  }
});
