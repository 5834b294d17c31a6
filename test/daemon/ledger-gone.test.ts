// The ledger's file removed, replaced or renamed under a running daemon: noticed before anything more is acknowledged, said, and nothing is lost.
import { Database } from "bun:sqlite";
import { afterEach, beforeEach, expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Session } from "../../src/session/session.ts";
import { stopDaemon } from "../../src/supervise/lifecycle.ts";
import { type DaemonHome, daemonHome, logLines } from "../support/daemon-home.ts";
import { runs, signalOwn } from "../support/signal.ts";
import { until } from "../support/until.ts";

let home: DaemonHome;
let pid: number;
beforeEach(async () => {
  home = daemonHome();
  home.script("codex", 'for prompt; do :; done\nexec sh -c "$prompt"');
  pid = await home.start();
});
afterEach(async () => {
  // Where its lock and socket are gone nobody else finds it, and it would write the ledger back for ever.
  if (runs(pid)) {
    signalOwn(pid, "SIGTERM");
    await until("the daemon has ended", () => !runs(pid));
  }
  await home[Symbol.asyncDispose]();
});

const ends = ["", "-wal", "-shm"];
const launch = (prompt: string): Promise<Session> =>
  home.client.launch({ projectRoot: home.project, harness: "codex", prompt });
const state = async () => (await home.client.health()).storage?.state;

async function says(id: string, text: string): Promise<void> {
  await until(`it says ${text}`, async () => JSON.stringify(await home.client.events(id)).includes(text));
}

async function running(): Promise<Session> {
  const session = await launch("echo before; while read -r line; do echo got $line; done");
  await says(session.id, "before");
  return session;
}

const storageLines = () => logLines(home.paths).filter(({ event }) => event === "storage");

test("removed: it is written back before the next event is acknowledged, and nothing is lost at the next stop", async () => {
  const { id } = await running();
  const { ledger } = home.paths;
  for (const end of ends) rmSync(ledger + end, { force: true });
  await home.client.input(id, "one\r");
  await says(id, "got one");
  expect(existsSync(ledger)).toBe(true);
  expect(statSync(ledger).mode & 0o777).toBe(0o600);
  expect(await state()).toBe("ok");
  await home.client.input(id, "two\r");
  await says(id, "got two");
  const again = await launch("echo new");
  await says(again.id, "new");

  await stopDaemon(home.paths, { force: true });
  await home.start();
  expect(await home.client.session(id)).toMatchObject({ status: "killed" });
  for (const text of ["before", "got one", "got two"]) await says(id, text);
  const seqs = (await home.client.events(id)).events.map(({ seq }) => seq);
  expect(new Set(seqs).size).toBe(seqs.length);
  using db = new Database(ledger, { readonly: true });
  expect(db.query("PRAGMA integrity_check").get()).toEqual({ integrity_check: "ok" });
});

test("the whole home removed: the directory comes back with the ledger, and who is attached goes on", async () => {
  const { id } = await running();
  let seen = "";
  const attached = home.client.attach(id, {
    frame: () => {},
    bytes(bytes) {
      seen += new TextDecoder().decode(bytes);
    },
    closed: () => {},
  });
  await until("it is attached", () => seen.includes("before"));
  const { home: directory, ledger } = home.paths;
  rmSync(directory, { recursive: true });
  attached.type(Buffer.from("one\r"));
  await until("it goes on", () => seen.includes("got one"));
  attached.close();
  expect(statSync(directory).mode & 0o777).toBe(0o700);
  using db = new Database(ledger, { readonly: true });
  const output = db
    .query<{ text: string }, []>("SELECT group_concat(payload_json) AS text FROM events")
    .get()?.text;
  expect(output).toContain("got one");
});

test("replaced: the other file stays as it is, what is recorded goes beside it, and launches are refused", async () => {
  const { id } = await running();
  const { ledger, home: directory } = home.paths;
  for (const end of ends) rmSync(ledger + end, { force: true });
  writeFileSync(ledger, "somebody's letter\n");
  await home.client.input(id, "one\r");
  await says(id, "got one");
  expect(await state()).toBe("detached");
  const launched = launch("true");
  expect(await launched.catch((error: unknown) => error)).toMatchObject({
    code: "runtime_unavailable",
    details: { storage: "detached" },
  });
  expect(storageLines().at(-1)).toMatchObject({
    state: "detached",
    reason: expect.stringContaining("another file is in its place"),
  });
  await home.client.input(id, "two\r");
  await says(id, "got two");
  await stopDaemon(home.paths, { force: true });

  expect(statSync(ledger).size).toBe("somebody's letter\n".length);
  const beside = readdirSync(directory).find((name) => /^coven\.db-detached-\d+$/.test(name)) ?? "";
  using db = new Database(join(directory, beside), { readonly: true });
  const output =
    db.query<{ text: string }, []>("SELECT group_concat(payload_json) AS text FROM events").get()?.text ?? "";
  for (const text of ["before", "got one", "got two", '"status":"killed"']) expect(output).toContain(text);
});

test("the home renamed: what is recorded goes with it, launches are refused, and it is well again once it is back", async () => {
  const { id } = await running();
  const { home: directory } = home.paths;
  const away = `${directory}-away`;
  renameSync(directory, away);
  // The socket has moved, too.
  const socket = join(away, "coven.sock");
  const { covenClient } = await import("../../src/api/client.ts");
  const client = covenClient(socket);
  await client.input(id, "one\r");
  await until("it is said", async () => (await client.health()).storage?.state === "detached");
  const launched = client.launch({ projectRoot: home.project, harness: "codex", prompt: "true" });
  expect(await launched.catch((error: unknown) => error)).toMatchObject({ code: "runtime_unavailable" });
  renameSync(away, directory);
  await home.client.input(id, "two\r");
  await says(id, "got two");
  expect(await state()).toBe("ok");
  await says(id, "got one");
});

test("with its lock and socket removed a second daemon is refused, and the sessions of the first go on", async () => {
  const { id } = await running();
  const program = (await home.client.session(id)).pid;
  rmSync(home.paths.lock);
  rmSync(home.paths.socket);
  const started = home.start();
  expect(await started.catch((error: unknown) => error)).toMatchObject({
    code: "runtime_unavailable",
    details: { code: "owned" },
  });
  expect(runs(program ?? 0)).toBe(true);
});

// Closing any descriptor of a file drops all of a process's fcntl locks on it. Without SQLite's own the next program that closes the ledger would take itself for the
// last one, and delete the log from under the daemon.
test.each([
  ["as it was opened", false],
  ["written back", true],
])(
  "%s, SQLite's locks hold beside ours: another program may open, write and close it",
  async (_, removed) => {
    const { id } = await running();
    const { ledger } = home.paths;
    if (removed) {
      rmSync(ledger);
      await home.client.input(id, "one\r");
      await says(id, "got one");
    }
    if (process.platform === "linux") {
      const locks = readFileSync("/proc/locks", "utf8").split("\n");
      const mine = locks.filter(
        (line) => line.includes(` ${pid} `) && line.includes(`:${statSync(ledger).ino} `),
      );
      expect(mine.map((line) => line.split(/\s+/).slice(1, 4).join(" ")).sort()).toEqual([
        "FLOCK ADVISORY WRITE",
        "POSIX ADVISORY READ",
      ]);
    }
    const log = statSync(`${ledger}-wal`).ino;
    const script = `
      import { Database } from "bun:sqlite";
      const db = new Database(process.argv[1]);
      db.run("PRAGMA wal_checkpoint(TRUNCATE)");
      db.run("UPDATE meta SET value = value");
      const count = db.prepare("SELECT count(*) AS n FROM sessions");
      console.log(count.get().n);
      // With a statement left it would not really be closed.
      count.finalize();
      db.close(true);`;
    const other = Bun.spawn([process.execPath, "-e", script, ledger], { stdout: "pipe" });
    expect((await new Response(other.stdout).text()).trim()).toBe("1");
    expect(statSync(`${ledger}-wal`).ino).toBe(log);
    await home.client.input(id, "two\r");
    await says(id, "got two");
    expect(await state()).toBe("ok");
  },
);

// The lock goes with the daemon, and not only with the last process it has started.
test("after a crash the ledger is free at once, though a program that the daemon started lives on", async () => {
  const session = await launch(
    "trap '' HUP TERM; setsid sleep 60 >/dev/null 2>&1 </dev/null & echo before; wait",
  );
  await says(session.id, "before");
  signalOwn(pid, "SIGKILL");
  await home.start();
  expect(await home.client.session(session.id)).toMatchObject({ status: "orphaned" });
});
