// Holds what retention asks of the ledger: the order of sessions, and weights that follow what is really there.
import { afterEach, expect, test } from "bun:test";
import { AT, cleanUp, newLedger, newSession, output } from "./fixture.ts";

afterEach(cleanUp);

test("sessions come in the order they were made, page by page, without those that are gone", () => {
  const ledger = newLedger();
  const ids = Array.from({ length: 5 }, () => newSession(ledger));
  ledger.sacrifice(ids[1] ?? "");
  const first = ledger.oldest(0, 2);
  expect(first.sessions.map(({ id }) => id)).toEqual([ids[0], ids[2]].map(String));
  expect(first.sessions[0]).toEqual(ledger.session(ids[0] ?? ""));
  const second = ledger.oldest(first.next, 2);
  expect(second.sessions.map(({ id }) => id)).toEqual([ids[3], ids[4]].map(String));
  expect(ledger.oldest(second.next, 2)).toEqual({ sessions: [], next: second.next });
});

test("a session weighs what it printed, and the whole is the sum, also while a sacrifice is being purged", () => {
  // The rest of a large sacrifice is done later: here never, so that its rows are still there.
  const ledger = newLedger(undefined, { after: () => () => {} });
  const empty = ledger.bytesKept();
  const [small, large] = [newSession(ledger), newSession(ledger)];
  ledger.append(small, [output("x".repeat(1_000))], AT);
  const chunk = output(new Uint8Array(16_384));
  for (let i = 0; i < 20; i++)
    ledger.append(
      large,
      Array.from({ length: 100 }, () => chunk),
      AT,
    );
  expect(ledger.bytesOf(small)).toBeWithin(1_000, 1_100);
  expect(ledger.bytesOf(large) / (2_000 * 16_384)).toBeWithin(1, 1.01);
  expect(ledger.bytesOf("nobody")).toBe(0);
  const full = ledger.bytesKept() - empty;
  expect(full / ledger.bytesOf(large)).toBeWithin(0.98, 1.1);
  ledger.sacrifice(large);
  expect(ledger.bytesOf(large)).toBe(0);
  // What is out of sight is not kept, whether or not its pages have been given back yet.
  expect((ledger.bytesKept() - empty) / full).toBeLessThan(0.1);
});
