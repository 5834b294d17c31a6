// `coven import --from 0.4`: what 0.4.6 itself has recorded, taken over, with the original as it was.
import { Database } from "bun:sqlite";
import { afterEach, beforeEach, expect, test } from "bun:test";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { type CommandLine, commandLine } from "../support/command-line.ts";
import { gone } from "../support/daemon-home.ts";
import { signalOwn } from "../support/signal.ts";
import { notLinux, testUnless } from "../support/unless.ts";
import { notPublished, oldLedger, recordWith046 } from "./earlier.ts";

/** Made by 0.4.6 (make-fixture.ts). */
const FIXTURE = Bun.zstdDecompressSync(readFileSync(join(import.meta.dir, "coven-0.4.6.sqlite3.zst")));

let line: CommandLine;
beforeEach(() => {
  line = commandLine();
  mkdirSync(line.home.paths.home, { mode: 0o700 });
});
afterEach(() => line[Symbol.asyncDispose]());

const put = (bytes: Uint8Array = FIXTURE) => writeFileSync(oldLedger(line), bytes);
const takeOver = async () => {
  const { code, out, err } = await line.coven(["import", "--from", "0.4", "--json"]);
  expect([code, code === 0 ? "" : err]).toEqual([0, ""]);
  return JSON.parse(out);
};
const all = async () => (await line.home.client.sessions({ includeArchived: true, limit: 100 })).sessions;

test("the first start names what lies there, import takes it over, and again it is silent and finds nothing new", async () => {
  put();
  const started = await line.coven(["daemon", "start"]);
  expect(started.err).toContain(
    `Coven 0.4 has left its sessions in ${oldLedger(line)}.  Take them over: coven import --from 0.4`,
  );
  expect((await line.coven(["doctor"])).out).toContain("coven import --from 0.4");
  const done = await takeOver();
  expect(done).toMatchObject({ sessions: 5, present: 0 });

  const byTitle = new Map((await all()).map((session) => [session.title, session]));
  expect(byTitle.get("works")).toMatchObject({
    status: "completed",
    exit_code: 0,
    harness: "codex",
    pid: null,
  });
  expect(byTitle.get("works")?.archived_at).toMatch(/^2026-.*Z$/);
  expect(byTitle.get("fails")).toMatchObject({ status: "failed", exit_code: 3, archived_at: null });
  expect(byTitle.get("many")).toMatchObject({ status: "completed" });
  // It had no end when its daemon was gone.
  expect(byTitle.get("External session")).toMatchObject({
    id: "engine/42",
    status: "orphaned",
    labels: ["a", "b"],
    external: true,
  });
  const works = byTitle.get("works");
  const { events } = await line.home.client.events(works?.id ?? "");
  expect(events.map(({ kind }) => kind)).toEqual(["metadata", "output", "exit"]);
  expect(events.map(({ created_at }) => created_at <= (works?.updated_at ?? ""))).toEqual([true, true, true]);
  expect((await line.coven(["attach", works?.id ?? ""])).out).toBe("hello \u001b[31mred\u001b[0m\n");
  const many = (await line.coven(["attach", byTitle.get("many")?.id ?? ""])).out.trimEnd().split("\n");
  expect([many.length, many.at(-1)]).toEqual([10_000, "line 9999 grün 世界"]);

  const before = await all();
  expect(await takeOver()).toMatchObject({ sessions: 0, events: 0, present: 5 });
  expect(await all()).toEqual(before);
  await line.coven(["daemon", "stop"]);
  expect((await line.coven(["daemon", "start"])).err).toBe("");
  expect((await line.coven(["doctor", "--deep"])).out).not.toContain("coven import");

  // 0.4 was run again meanwhile.
  const db = new Database(oldLedger(line));
  db.run(
    "INSERT INTO sessions (id, project_root, harness, title, status, created_at, updated_at) VALUES ('later', '/p', 'codex', 'later', 'completed', '2026-11-28T00:00:00Z', '2026-11-28T00:00:01Z')",
  );
  db.close();
  expect((await line.coven(["doctor"])).out).toContain("coven import --from 0.4");
  expect(await takeOver()).toMatchObject({ sessions: 1, present: 5 });
  expect((await line.coven(["doctor"])).out).not.toContain("coven import");
}, 20_000);

test("the original keeps every byte, and nothing new lies beside it", async () => {
  put();
  chmodSync(oldLedger(line), 0o400);
  await takeOver();
  await line.coven(["daemon", "stop"]);
  expect(readFileSync(oldLedger(line)).equals(FIXTURE)).toBe(true);
  expect(["-wal", "-shm", "-journal"].filter((end) => existsSync(oldLedger(line) + end))).toEqual([]);
});

test("10,000 events keep their order and their bytes, and the daemon answers in between", async () => {
  put();
  const db = new Database(oldLedger(line));
  const id = db.query<{ id: string }, []>("SELECT id FROM sessions WHERE title = 'fails'").get()?.id ?? "";
  const insert = db.query(
    "INSERT INTO events (id, session_id, kind, payload_json, created_at) VALUES (?, ?, 'output', ?, ?)",
  );
  db.transaction(() => {
    for (let i = 0; i < 10_000; i++) {
      const at = new Date(Date.parse("2026-11-27T04:13:02.400Z") + i).toISOString();
      insert.run(crypto.randomUUID(), id, JSON.stringify({ data: `event ${i} 世界\r\n` }), at);
    }
  })();
  db.close();
  await line.coven(["daemon", "start"]);
  let asked = 0;
  let over = false;
  const asking = (async () => {
    while (!over) {
      await line.home.client.health();
      asked += 1;
    }
  })();
  expect((await takeOver()).events).toBeGreaterThan(10_000);
  over = true;
  await asking;
  expect(asked).toBeGreaterThan(10);
  const out = (await line.coven(["attach", id])).out;
  const expected = Array.from({ length: 10_000 }, (_, i) => `event ${i} 世界\n`).join("");
  expect(out.endsWith(expected)).toBe(true);
  expect((await line.coven(["doctor", "--deep"])).out).not.toContain("problem  store");
});

testUnless(notLinux)("killed in the middle, the next import begins that session anew", async () => {
  put();
  const db = new Database(oldLedger(line));
  const id = db.query<{ id: string }, []>("SELECT id FROM sessions WHERE title = 'works'").get()?.id ?? "";
  const insert = db.query(
    "INSERT INTO events (id, session_id, kind, payload_json, created_at) VALUES (?, ?, 'output', ?, ?)",
  );
  db.transaction(() => {
    for (let i = 0; i < 6_000; i++) {
      const at = new Date(Date.parse("2026-11-27T04:13:02.4Z") + i).toISOString();
      insert.run(crypto.randomUUID(), id, JSON.stringify({ data: `${i};` }), at);
    }
  })();
  db.close();
  const pid = await line.home.start();
  expect((await line.home.client.import({ from: "0.4" })).more).toBe(true);
  expect((await line.home.client.session(id)).status).toBe("created");
  signalOwn(pid, "SIGKILL");
  await gone(line.home.paths);
  await line.home.start();
  expect(await line.home.client.session(id).catch((error: unknown) => error)).toMatchObject({
    code: "session_not_found",
  });
  await takeOver();
  const expected = Array.from({ length: 6_000 }, (_, i) => `${i};`).join("");
  expect((await line.coven(["attach", id, "--raw"])).out.endsWith(expected)).toBe(true);
});

test.each([0.9, 0.6, 0.02])(
  "a torn file, %d of it left: what can be read is taken over, the rest is named, the original stays as it is",
  async (left) => {
    put();
    truncateSync(oldLedger(line), Math.floor((statSync(oldLedger(line)).size * left) / 4096) * 4096);
    const before = readFileSync(oldLedger(line));
    const { code, out, err } = await line.coven(["import", "--from", "0.4"]);
    if (code === 0) expect(out).toMatch(/imported \d sessions.*\n(.*\n)*left: the rest of/);
    else expect(err).toContain(`Error: ${oldLedger(line)} can't be read as a ledger of coven 0.4`);
    // The sessions stand before most of the events, so they are there.
    if (left > 0.5) expect(code).toBe(0);
    if (left > 0.8) expect((await all()).length).toBe(5);
    expect(readFileSync(oldLedger(line)).equals(before)).toBe(true);
    // The daemon is none the worse for it.
    expect((await line.coven(["run", "demo", "say hello"])).code).toBe(0);
  },
);

test("what is no ledger is refused", async () => {
  writeFileSync(oldLedger(line), "no ledger at all, but long enough to be taken for one".repeat(100));
  const { code, err } = await line.coven(["import", "--from", "0.4"]);
  expect([code, err]).toEqual([1, expect.stringContaining("can't be read as a ledger of coven 0.4")]);
});

test("manifests of theirs become ours; what has no place here is listed, and one of ours is never written over", async () => {
  const { earlierManifests, harnesses } = line.home.paths;
  mkdirSync(earlierManifests);
  const example = {
    id: "example",
    label: "Example",
    executable: "example",
    interactive_prompt_prefix_args: ["chat"],
    non_interactive_prompt_prefix_args: ["run", "--quiet"],
    prompt_flag: "-p",
    model_flag: "--model",
    model_id_transform: "preserve",
    install_hint: "Install it.",
    sandbox: { flag: "--permission-mode", full: "bypass", read_only: "plan" },
    addDirFlag: "--add-dir",
    continuity_args: { session_id_flag: "--session-id", resume_flag: "--resume" },
    system_prompt_flag: null,
  };
  const adapters = [
    example,
    { ...example, id: "codex" },
    { ...example, id: "bad", executable: "/bin/../x y/z" },
  ];
  writeFileSync(join(earlierManifests, "mine.json"), JSON.stringify({ adapters }));
  writeFileSync(join(earlierManifests, "torn.json"), "{");
  const done = await takeOver();
  expect(done.manifests).toContain("example");
  const skipped: { what: string; why: string }[] = done.skipped;
  expect(skipped).toContainEqual({ what: "model_id_transform of harness example", why: expect.any(String) });
  expect(skipped.some(({ what, why }) => what.startsWith("harness codex") && why.includes("built-in"))).toBe(
    true,
  );
  expect(skipped.some(({ what }) => what.includes("torn.json"))).toBe(true);
  line.home.script("example", 'for word; do printf "[%s]" "$word"; done; echo');
  const run = await line.coven([
    "run",
    "example",
    "hi",
    "--model",
    "m",
    "--permission",
    "read-only",
    "--add-dir",
    ".",
  ]);
  expect(run.out).toContain("[run][--quiet][--model][m][--permission-mode][plan][--add-dir]");
  expect(run.out).toContain("[-p][hi]\n");
  const file = join(harnesses, "example.json");
  writeFileSync(file, readFileSync(file, "utf8").replace("Example", "Mine"));
  await takeOver();
  expect(readFileSync(file, "utf8")).toContain("Mine");
});

test("where there is nothing it says so, and another version is refused", async () => {
  const nothing = await line.coven(["import", "--from", "0.4"]);
  expect([nothing.code, nothing.err]).toEqual([1, expect.stringContaining("Coven 0.4 has left nothing in")]);
  for (const words of [["import"], ["import", "--from", "0.3"]]) {
    const { code, err } = await line.coven(words);
    expect([code, err]).toEqual([2, expect.stringContaining("coven import --from 0.4")]);
  }
});

testUnless(notPublished)(
  "from a home that the published 0.4.6 has made, also while a program has its ledger open",
  async () => {
    const ids = await recordWith046(line);
    expect((await line.coven(["daemon", "restart", "--force"])).code).toBe(0);
    using open = new Database(oldLedger(line));
    open.run("BEGIN IMMEDIATE");
    expect(await takeOver()).toMatchObject({ sessions: 5 });
    open.run("ROLLBACK");
    const record = await line.home.client.session(ids.get("many") ?? "");
    expect(record).toMatchObject({ status: "completed", title: "many" });
    expect((await line.coven(["attach", record.id])).out.trimEnd().split("\n")).toHaveLength(10_000);
  },
);
