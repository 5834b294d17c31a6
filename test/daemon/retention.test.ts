// Holds retention: off unless asked for, only what has ended, the old by age, the oldest by size, each in the log.
import { afterEach, expect, test } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { onePass, type RetentionRules, startRetention } from "../../src/daemon/retention.ts";
import type { Session } from "../../src/session/session.ts";
import { openLedger } from "../../src/store/ledger.ts";
import { cleanUp, newLedger, newSession, output } from "../store/fixture.ts";
import { daemonHome, logLines, until } from "../support/daemon-home.ts";

afterEach(cleanUp);

const NOW = "2026-11-21T10:00:00.000Z";

/** So many days before now. */
function ago(days: number): string {
  return new Date(Date.parse(NOW) - days * 86_400_000).toISOString();
}

type Ledger = ReturnType<typeof newLedger>;

/** A session that was made and ended on that day. */
function ended(ledger: Ledger, day: number, over: Partial<Session> = {}, bytes = 100): string {
  const id = newSession(ledger, { created_at: ago(day), updated_at: ago(day), ...over });
  const rows = Array.from({ length: Math.ceil(bytes / 16_000) }, () =>
    output("x".repeat(Math.min(bytes, 16_000))),
  );
  ledger.append(id, rows, ago(day));
  if (over.status === undefined) {
    ledger.settle(id, { status: "completed", exitCode: 0, signal: null }, [], over.updated_at ?? ago(day));
  }
  return id;
}

const LOOK = { now: Date.parse(NOW), monotonic: 0 };

/** What one pass needs; what it logged. */
function dependencies(ledger: Ledger) {
  const logged: Record<string, unknown>[] = [];
  const note = (event: string, fields = {}) => void logged.push({ event, ...fields });
  const world = { now: () => NOW, after: () => () => {}, monotonic: () => 0 };
  return {
    ledger,
    sacrifice: (id: string) => ledger.sacrifice(id),
    world,
    log: { info: note, warn: note, error: note },
    logged,
  };
}

/** As for somebody whose clock has been right all along. */
function pass(ledger: Ledger, rules: Omit<RetentionRules, "clockOkUntil">, clockOkUntil = "2026-12-31") {
  const made = dependencies(ledger);
  for (const _ of onePass(made, { ...rules, clockOkUntil }, LOOK, undefined));
  return made.logged;
}

const all = (ledger: Ledger) => ledger.oldest(0, 1000).sessions.map(({ id }) => id);

test("by age: what ended long ago goes, archived or not; what runs, or was touched since, stays", () => {
  const ledger = newLedger();
  const old = ended(ledger, 40);
  const archived = ended(ledger, 39);
  ledger.archive(archived, ago(38), ago(38));
  const running = ended(ledger, 38, { status: "running" });
  const touched = ended(ledger, 37);
  ledger.archive(touched, ago(2), ago(2));
  const long = ended(ledger, 36, { updated_at: ago(5) });
  const young = ended(ledger, 29);
  expect(pass(ledger, { days: 30, maxBytes: 0 })).toEqual([
    { event: "retention_sacrificed", sessionId: old, endedAt: ago(40), reason: "age", days: 30 },
    { event: "retention_sacrificed", sessionId: archived, endedAt: ago(38), reason: "age", days: 30 },
  ]);
  expect(all(ledger)).toEqual([running, touched, long, young]);
});

test("by size: the oldest that have ended go until the rest fits, and not one more", () => {
  const ledger = newLedger(undefined, { after: () => () => {} });
  const sessions = Array.from({ length: 10 }, (_, i) => ended(ledger, 10 - i, {}, 1_000_000));
  const running = ended(ledger, 20, { status: "running" }, 3_000_000);
  const rules = { days: 0, maxBytes: 8_700_000 };
  const logged = pass(ledger, rules);
  expect(logged.map((one) => one["sessionId"])).toEqual(sessions.slice(0, 5));
  expect(logged[0]).toMatchObject({ reason: "size", bytes: expect.any(Number), maxBytes: 8_700_000 });
  expect(ledger.bytesKept()).toBeWithin(7_000_000, 8_700_000);
  // At once again: what is being purged is not counted, so nothing more goes.
  expect(pass(ledger, rules)).toEqual([]);
  expect(all(ledger)).toEqual([...sessions.slice(5), running]);
});

test("off means that nothing is even planned", () => {
  const ledger = newLedger();
  ended(ledger, 10_000);
  let planned = 0;
  const after = () => {
    planned += 1;
    return () => {};
  };
  const made = { ...dependencies(ledger), world: { now: () => NOW, after, monotonic: () => 0 } };
  startRetention(made, { days: 0, maxBytes: 0, clockOkUntil: "" })();
  expect([planned, all(ledger).length]).toEqual([0, 1]);
});

test("it looks at once and then every hour, and a pass that fails is no end to it", () => {
  const ledger = newLedger();
  const plans: { ms: number; run: () => void }[] = [];
  let clock = 0;
  const world = {
    now: () => NOW,
    // Each look at it takes longer than a turn.
    monotonic: () => (clock += 10),
    after: (ms: number, run: () => void) => {
      plans.push({ ms, run });
      return () => {};
    },
  };
  const made = dependencies(ledger);
  let broken = true;
  const oldest = (after: number, limit: number) => {
    if (broken) throw new Error("the disk");
    return ledger.oldest(after, limit);
  };
  startRetention(
    { ...made, world, ledger: { ...ledger, oldest } },
    { days: 1, maxBytes: 0, clockOkUntil: "2027-01-01" },
  );
  plans.at(-1)?.run();
  expect(made.logged.map((one) => one["event"])).toEqual(["retention_failed"]);
  broken = false;
  const id = ended(ledger, 3);
  plans.at(-1)?.run();
  expect(made.logged.at(-1)).toMatchObject({ event: "retention_sacrificed", sessionId: id });
  // A deletion is followed by a pause, the end of a pass by an hour.
  plans.at(-1)?.run();
  expect(plans.map(({ ms }) => ms)).toEqual([0, 3_600_000, 10, 3_600_000]);
});

test("a real daemon keeps to the rules of its config from its start", async () => {
  await using home = daemonHome();
  mkdirSync(home.paths.home, { mode: 0o700 });
  const ledger = openLedger(home.paths.ledger);
  const years = 20 * 365;
  const old = ended(ledger, years);
  const young = newSession(ledger, {
    created_at: new Date().toISOString(),
    updated_at: new Date().toISOString(),
  });
  ledger.settle(young, { status: "completed", exitCode: 0, signal: null }, [], new Date().toISOString());
  ledger.close();
  writeFileSync(home.paths.config, "[retention]\ndays = 365\n");
  await home.start();
  const line = await until("the old session is in the log", () =>
    logLines(home.paths).find((one) => one["event"] === "retention_sacrificed"),
  );
  expect(line).toMatchObject({ sessionId: old, reason: "age", days: 365, level: "info" });
  expect((await home.client.sessions()).map(({ id }) => id)).toEqual([young]);
});

// Regression: retention believed any clock. One that was 400 days ahead when the daemon started cost four sessions of five.
test("a clock that has leapt deletes nothing by age until it has lasted a day, or somebody vouches for it", () => {
  const ledger = newLedger();
  const sessions = [404, 403, 402, 401, 400].map((day) => ended(ledger, day));
  const rules = { days: 30, maxBytes: 0 };
  expect(pass(ledger, rules, "")).toEqual([
    { event: "retention_suspended", reason: "the clock has leapt", days: 400, waitedHours: 0 },
  ]);
  expect(all(ledger)).toEqual(sessions);
  // A daemon that starts again, and a record that is made with the same clock, change nothing.
  const made = ended(ledger, 0);
  expect(pass(ledger, rules, "").map((one) => one["event"])).toEqual(["retention_suspended"]);
  expect(pass(ledger, rules, "2026-11-20").map((one) => one["event"])).toEqual(["retention_suspended"]);
  const vouched = pass(ledger, rules, "2026-11-21");
  expect(vouched.map((one) => one["event"])).toEqual([
    "retention_resumed",
    ...sessions.map(() => "retention_sacrificed"),
  ]);
  expect(all(ledger)).toEqual([made]);
});

test("one session dated far ahead stops nothing", () => {
  const ledger = newLedger();
  const odd = ended(ledger, -27_000);
  const old = ended(ledger, 40);
  const young = ended(ledger, 1);
  expect(pass(ledger, { days: 30, maxBytes: 0 }, "").map((one) => one["sessionId"])).toEqual([old]);
  expect(all(ledger)).toEqual([odd, young]);
});

// Regression: more of them than are read at a time, a day of work under a wrong clock, and what came after them was never deleted.
test("many sessions dated far ahead stop nothing either", () => {
  const ledger = newLedger();
  const ahead = Array.from({ length: 150 }, () => ended(ledger, -365 * 73));
  ended(ledger, 40);
  const young = ended(ledger, 3);
  pass(ledger, { days: 30, maxBytes: 0 });
  expect(all(ledger)).toEqual([...ahead, young]);
});

// Regression: a machine that began in 1970, until it was told the time: what was done meanwhile counted as half a century old.
test("a session made under a clock that was behind is as old as the one before it", () => {
  const ledger = newLedger();
  ended(ledger, 40);
  const before = ended(ledger, 3);
  const behind = [ended(ledger, 365 * 56), ended(ledger, 100)];
  const young = ended(ledger, 2);
  pass(ledger, { days: 30, maxBytes: 0 });
  expect(all(ledger)).toEqual([before, ...behind, young]);
});

test("a real daemon whose newest record is 400 days old deletes nothing at its start", async () => {
  await using home = daemonHome();
  mkdirSync(home.paths.home, { mode: 0o700 });
  const ledger = openLedger(home.paths.ledger);
  const sessions = [404, 403, 402, 401, 400].map((day) => {
    const at = new Date(Date.now() - day * 86_400_000).toISOString();
    const id = newSession(ledger, { created_at: at, updated_at: at });
    ledger.settle(id, { status: "completed", exitCode: 0, signal: null }, [], at);
    return id;
  });
  ledger.close();
  writeFileSync(home.paths.config, "[retention]\ndays = 30\n");
  await home.start();
  const line = await until("it says so", () =>
    logLines(home.paths).find((one) => one["event"] === "retention_suspended"),
  );
  expect(line).toMatchObject({ days: 400, waitedHours: 0, level: "warn" });
  expect((await home.client.sessions()).map(({ id }) => id)).toEqual(sessions.toReversed());
});
