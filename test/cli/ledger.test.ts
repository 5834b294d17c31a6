// `coven ledger repair` and what doctor says of a damaged ledger, through the command line, on ledgers that are damaged for real.
import { Database } from "bun:sqlite";
import { afterEach, beforeEach, expect, test } from "bun:test";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { stopDaemon } from "../../src/supervise/lifecycle.ts";
import { type CommandLine, commandLine } from "../support/command-line.ts";
import { until } from "../support/daemon-home.ts";
import { mount, noMounts, unmount } from "../support/mount.ts";
import { testUnless } from "../support/unless.ts";

const PAGE = 8192;
/** The leaves that its tables and indexes begin with. */
const ROOTS =
  "meta session_rows sqlite_autoindex_session_rows_1 session_rows_archived session_rows_unsettled event_rows event_rows_session screen_rows leftover_rows hash_rows gap_rows";

let line: CommandLine;
let ledger: string;
let id: string;
beforeEach(async () => {
  line = commandLine();
  ledger = line.home.paths.ledger;
  id = (await line.coven(["run", "demo", "lines 40", "--detach", "--headless"])).out.trim();
  await until("it has ended", async () => (await line.home.client.session(id)).status === "completed");
  await stopDaemon(line.home.paths);
});
afterEach(() => line[Symbol.asyncDispose]());

function damage(name: string): Uint8Array {
  using db = new Database(ledger, { readonly: true });
  const page =
    db
      .query<{ page: number }, [string]>("SELECT rootpage AS page FROM sqlite_schema WHERE name = ?")
      .get(name)?.page ?? 0;
  db.close();
  const bytes = readFileSync(ledger);
  bytes.fill(0xa5, (page - 1) * PAGE, page * PAGE);
  writeFileSync(ledger, bytes);
  return bytes;
}

// Seven of nine were said to be well.
test("doctor finds each damaged root, and names the way out", async () => {
  const sound = readFileSync(ledger);
  expect((await line.coven(["doctor", "--json"])).out).not.toContain("damaged");
  for (const root of ROOTS.split(" ")) {
    writeFileSync(ledger, sound);
    damage(root);
    const { checks } = JSON.parse((await line.coven(["doctor", "--json"])).out);
    const store = checks.find((one: { area: string }) => one.area === "store");
    expect([root, store.level, store.next]).toEqual([
      root,
      "problem",
      expect.stringContaining("coven ledger repair"),
    ]);
  }
}, 60_000);

test("repair writes beside, --replace puts in place, and the session is there again", async () => {
  const damaged = damage("screen_rows");
  const beside = await line.coven(["ledger", "repair"]);
  expect([beside.code, beside.out]).toEqual([0, expect.stringContaining(`1 session, `)]);
  expect(readFileSync(ledger).equals(damaged)).toBe(true);
  expect(existsSync(`${ledger}.repaired`)).toBe(true);
  const again = await line.coven(["ledger", "repair"]);
  expect([again.code, again.err]).toEqual([1, expect.stringContaining("is there already")]);

  const other = join(line.home.base, "mended.db");
  const { code, out } = await line.coven(["ledger", "repair", "--replace", "--output", other, "--json"]);
  const report = JSON.parse(out);
  expect([code, report]).toEqual([
    0,
    expect.objectContaining({
      method: "salvaged",
      output: ledger,
      sessions: 1,
      lost_records: [],
      lost_events: [],
    }),
  ]);
  expect(readFileSync(report.original).equals(damaged)).toBe(true);
  expect(readdirSync(line.home.paths.home)).toContain(report.original.slice(line.home.paths.home.length + 1));
  const shown = await line.coven(["attach", id]);
  expect(shown.out).toContain("40");
  expect((await line.coven(["ledger", "repair"])).err).toContain("coven daemon stop");
  await stopDaemon(line.home.paths);
  rmSync(`${ledger}.repaired`);
  const sound = await line.coven(["ledger", "repair"]);
  expect([sound.code, sound.out]).toEqual([0, "The ledger is sound: there is nothing to repair.\n"]);
}, 60_000);

// The original was moved aside before the move of the repaired one failed, and a start would have begun a new history.
testUnless(noMounts())(
  "--replace takes a ledger that was repaired on another file system",
  async () => {
    const damaged = damage("screen_rows");
    const other = join(line.home.base, "other");
    mkdirSync(other);
    expect(mount("-t", "tmpfs", "-o", "size=16m", "none", other)).toBe(true);
    try {
      const output = join(other, "mended.db");
      const { code, out } = await line.coven(["ledger", "repair", "--replace", "--output", output, "--json"]);
      const report = JSON.parse(out);
      expect([code, report.output]).toEqual([0, ledger]);
      expect(readFileSync(report.original).equals(damaged)).toBe(true);
      expect(readdirSync(other)).toEqual([]);
      expect(readdirSync(line.home.paths.home).filter((name) => name.endsWith(".tmp"))).toEqual([]);
    } finally {
      unmount(other);
    }
    expect((await line.coven(["attach", id])).out).toContain("40");
  },
  60_000,
);

test("a daemon that meets the damage says so and refuses launches, and what it can read it still reads", async () => {
  damage("screen_rows");
  await line.home.start();
  const { client, project: projectRoot } = line.home;
  expect((await client.sessions()).length).toBe(1);
  const screen = await client.screen(id).catch((error: unknown) => error);
  expect(screen).toMatchObject({
    code: "runtime_unavailable",
    message: expect.stringContaining("coven ledger repair"),
  });
  expect((await client.health()).storage).toEqual({ state: "failing" });
  const launched = client.launch({ projectRoot, harness: "demo", prompt: "say hello" });
  expect(await launched.catch((error: unknown) => error)).toMatchObject({
    code: "runtime_unavailable",
    details: { storage: "failing" },
  });
  expect((await client.sessions()).map(({ status }) => status)).toEqual(["completed"]);
}, 60_000);

test("export says when the disk has changed what was recorded, and ends with 1", async () => {
  const words = ["export", id, "--format", "text"];
  expect((await line.coven(words)).code).toBe(0);
  await stopDaemon(line.home.paths);
  const bytes = readFileSync(ledger);
  const at = bytes.indexOf("greeting.txt");
  expect(at).toBeGreaterThan(0);
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  writeFileSync(ledger, bytes);
  const { code, out, err } = await line.coven(words);
  expect([code, out, err]).toEqual([
    1,
    expect.stringContaining("freeting.txt"),
    expect.stringContaining("is not what was recorded"),
  ]);
  const deep = await line.coven(["doctor", "--deep"]);
  expect([deep.code, deep.out]).toEqual([
    1,
    expect.stringContaining(`does not give back what was recorded of ${id}`),
  ]);
}, 60_000);
