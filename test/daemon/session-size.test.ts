// A session that prints for ever keeps its head and its tail, what went is said, and what is left can still be compared with what was recorded.
import { Database } from "bun:sqlite";
import { afterEach, expect, test } from "bun:test";
import { realWorld } from "../../src/daemon/world.ts";
import { checkOutput } from "../../src/store/hashes.ts";
import { repairLedger } from "../../src/store/repair.ts";
import { attached } from "../support/attached.ts";
import { startTestDaemon, type TestDaemon } from "../support/test-daemon.ts";
import { until } from "../support/until.ts";

/** Minutes pass quickly; everything else takes its time. */
const world = {
  ...realWorld,
  after: (ms: number, run: () => void) => realWorld.after(ms === 60_000 ? 20 : ms, run),
};
const MAX = 4_000_000;
const LINES = 200_000;
const LINE = `line 0000000 ${"x".repeat(48)}\r\n`;
/** 12.6 MB in all. */
const PRINTS = `awk 'BEGIN { for (i = 0; i < ${LINES}; i++) printf "line %07d ${"x".repeat(48)}\\n", i }'; echo over; exec cat`;

let daemon: TestDaemon;
afterEach(() => daemon.close());

const metadata = async (id: string) =>
  Array.from(daemon.ledger.events({ sessionId: id, limit: 1_000_000 }))
    .filter(({ kind }) => kind === "metadata")
    .map(({ payload_json }) => JSON.parse(payload_json))
    .filter(({ event }) => event === "output_removed");

const outputOf = (id: string) =>
  Buffer.concat(daemon.ledger.output(id, 0, 1_000_000_000).map(({ data }) => data)).toString();

test("its middle goes, its head and tail stay, an event names the range, and followers go on", async () => {
  daemon = await startTestDaemon({ world, sessionMaxBytes: MAX });
  const { id } = await daemon.launch(PRINTS);
  const client = await attached(daemon, id);
  await until(
    "it has printed all",
    () => daemon.coven.screen(id).lines.some((line) => line === "over"),
    30_000,
  );
  await until(
    "it keeps less than it may",
    () => outputOf(id).length <= MAX && metadata(id) !== undefined,
    10_000,
  );
  await until("that is said", async () => (await metadata(id)).length > 0);
  const gap = await until("the last word on it", async () => {
    const last = (await metadata(id)).at(-1);
    return last?.bytes === daemon.coven.session(id).removed_bytes ? last : undefined;
  });
  const kept = outputOf(id);
  expect(kept.length + gap.bytes).toBe(LINES * LINE.length + "over\r\n".length);
  expect(kept).toStartWith("line 0000000 ");
  expect(kept).toEndWith("over\r\n");
  expect(kept.length).toBeGreaterThan(MAX / 2);
  const seqs = daemon.ledger.output(id, 0, 1_000_000_000).map(({ seq }) => seq);
  expect(seqs.filter((seq) => seq >= gap.firstSeq && seq <= gap.lastSeq)).toEqual([]);
  expect(gap.events).toBeGreaterThan(0);

  client.type("still here\r");
  await until("who is attached goes on", () => client.output().includes("still here"));
  client.leave();
  // What has gone is given back: the file is smaller than all that was printed.
  await until(
    "the space is given back",
    async () => (await daemon.client.status()).ledger.bytes < LINES * LINE.length,
    10_000,
  );
});

test("what is left is compared with what was recorded, also after a restart of the daemon and a repair", async () => {
  daemon = await startTestDaemon({ world, sessionMaxBytes: MAX });
  const { id } = await daemon.launch(PRINTS);
  await until("its middle begins to go", async () => (await metadata(id)).length > 0, 30_000);
  await until(
    "it has printed all",
    () => daemon.coven.screen(id).lines.some((line) => line === "over"),
    30_000,
  );
  daemon.coven.kill(id);
  await daemon.settled(id);
  // All that went was said, and nothing comes behind the exit.
  const kinds = Array.from(daemon.ledger.events({ sessionId: id, limit: 1_000_000 }), ({ kind }) => kind);
  expect(kinds.at(-1)).toBe("exit");
  expect((await metadata(id)).at(-1).bytes).toBe(daemon.coven.session(id).removed_bytes);
  const path = `${daemon.dir}/coven.db`;
  const check = () => {
    using db = new Database(path, { readonly: true });
    return checkOutput(db, id);
  };
  expect(check()).toBe("ok");
  const report = repairLedger(path, `${daemon.dir}/repaired.db`);
  expect(report).toMatchObject({ damagedOutput: [], lostEvents: [] });

  // One byte of the head, and one of the tail.
  for (const order of ["", "DESC"]) {
    using db = new Database(path);
    const row = db
      .query<{ seq: number; data: Uint8Array }, []>(
        `SELECT seq, data FROM event_rows WHERE kind = 0 AND length(data) > 100 ORDER BY seq ${order} LIMIT 1`,
      )
      .get();
    const spoilt = Uint8Array.from(row?.data ?? []);
    spoilt[50] = (spoilt[50] ?? 0) ^ 1;
    const put = db.query("UPDATE event_rows SET data = ? WHERE seq = ?");
    put.run(spoilt, row?.seq ?? 0);
    expect(check()).toBe("differs");
    put.run(row?.data ?? null, row?.seq ?? 0);
    expect(check()).toBe("ok");
  }
}, 60_000);

test("without a bound nothing goes, and who fills the disk is named", async () => {
  daemon = await startTestDaemon({ world });
  const { id } = await daemon.launch("seq 100000; exec cat");
  const quiet = await daemon.launch("echo quiet; exec cat");
  await until("it has printed all", () => daemon.coven.screen(id).lines.includes("100000"));
  const { sessions } = await daemon.client.status();
  expect(sessions.largest).toMatchObject({ sessionId: id, growthPerDay: null });
  expect(sessions.largest?.bytes).toBe(outputOf(id).length);
  expect(sessions.unwatched).toMatchObject({ sessionId: id, since: daemon.coven.session(id).created_at });
  const client = await attached(daemon, id);
  expect((await daemon.client.status()).sessions.unwatched).toMatchObject({ sessionId: quiet.id });
  client.leave();
  await until("it is unwatched since it was left", async () => {
    const since = daemon.coven.unwatchedSince(daemon.coven.session(id));
    return since !== undefined && since > daemon.coven.session(id).created_at;
  });
  expect(await metadata(id)).toEqual([]);
});
