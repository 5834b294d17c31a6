// A ledger of 0 bytes, and one whose write-ahead log or shared memory is gone: nothing begins anew in silence, and nothing more is lost.
import { Database } from "bun:sqlite";
import { afterEach, beforeEach, expect, test } from "bun:test";
import {
  existsSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { stopDaemon } from "../../src/supervise/lifecycle.ts";
import { type DaemonHome, daemonHome, gone, logLines } from "../support/daemon-home.ts";
import { signalOwn } from "../support/signal.ts";
import { until } from "../support/until.ts";

let home: DaemonHome;
let pid: number;
beforeEach(async () => {
  home = daemonHome();
  home.script("codex", 'for prompt; do :; done\nexec sh -c "$prompt"');
  pid = await home.start();
});
afterEach(() => home[Symbol.asyncDispose]());

async function session(prompt: string, says: string): Promise<string> {
  const { id } = await home.client.launch({ projectRoot: home.project, harness: "codex", prompt });
  await until(`it says ${says}`, async () => JSON.stringify(await home.client.events(id)).includes(says));
  return id;
}

async function crash(): Promise<void> {
  signalOwn(pid, "SIGKILL");
  await gone(home.paths);
}

const refusal = () =>
  home.start().then(
    () => undefined,
    (error: unknown) => error,
  );

// SQLite began a new history in it, and deleted the write-ahead log.
test.each([
  ["after a stop", false],
  ["after a crash", true],
])("a ledger of 0 bytes is refused %s, and nothing is touched", async (_, crashes) => {
  await session("echo before; exec cat", "before");
  if (crashes) await crash();
  else await stopDaemon(home.paths, { force: true });
  const { ledger, home: directory } = home.paths;
  const log = crashes ? readFileSync(`${ledger}-wal`) : undefined;
  truncateSync(ledger, 0);
  expect(await refusal()).toMatchObject({
    code: "runtime_unavailable",
    details: { code: "empty", path: ledger },
  });
  expect(statSync(ledger).size).toBe(0);
  if (log) expect(readFileSync(`${ledger}-wal`).equals(log)).toBe(true);

  // As the sentence says.
  rmSync(ledger);
  await home.start();
  expect(await home.client.sessions()).toEqual([]);
  const left = readdirSync(directory).find((name) => name.startsWith("coven.db-wal-left-"));
  if (log) expect(readFileSync(join(directory, left ?? "")).equals(log)).toBe(true);
  else expect(left).toBeUndefined();
});

test("what a first start that was cut off has left is no ledger of 0 bytes", async () => {
  await stopDaemon(home.paths, { force: true });
  const { ledger } = home.paths;
  rmSync(ledger);
  writeFileSync(`${ledger}.new`, "");
  await home.start();
  await session("echo here", "here");
  expect(readdirSync(home.paths.home)).not.toContain("coven.db.new");
});

test("shared memory that is gone after a crash is made anew from the log", async () => {
  const id = await session("echo before; exec cat", "before");
  await crash();
  rmSync(`${home.paths.ledger}-shm`);
  await home.start();
  expect(await home.client.session(id)).toMatchObject({ status: "orphaned" });
  expect(JSON.stringify(await home.client.events(id))).toContain("before");
});

// Everything since the log was last copied back was gone with the daemon.
test.each(["-wal", "-shm"])(
  "%s removed under a running daemon: written back before the next event is acknowledged, and said",
  async (end) => {
    const id = await session("echo before; while read -r line; do echo got $line; done", "before");
    rmSync(home.paths.ledger + end);
    await home.client.input(id, "one\r");
    await until("it says so", async () => JSON.stringify(await home.client.events(id)).includes("got one"));
    expect(existsSync(home.paths.ledger + end)).toBe(true);
    const said = logLines(home.paths).filter(({ event }) => event === "storage");
    expect(said).toMatchObject([{ state: "ok", reason: expect.stringContaining("written back") }]);
    expect((await home.client.health()).storage?.state).toBe("ok");
    await crash();
    await home.start();
    const events = JSON.stringify(await home.client.events(id));
    for (const text of ["before", "got one"]) expect(events).toContain(text);
    using db = new Database(home.paths.ledger, { readonly: true });
    expect(db.query("PRAGMA integrity_check").get()).toEqual({ integrity_check: "ok" });
  },
);

test("emptied under a running daemon: said before the next event is acknowledged, and nothing new begins in it", async () => {
  const id = await session("echo before; while read -r line; do echo got $line; done", "before");
  truncateSync(home.paths.ledger, 0);
  await home.client.input(id, "one\r");
  await until("it is noticed", async () => (await home.client.health()).storage?.state === "failing");
  const launched = home.client.launch({ projectRoot: home.project, harness: "codex", prompt: "true" });
  expect(await launched.catch((error: unknown) => error)).toMatchObject({ code: "runtime_unavailable" });
  expect(logLines(home.paths).filter(({ event }) => event === "storage")).toMatchObject([
    { state: "failing", reason: expect.stringContaining("was emptied under the daemon") },
  ]);
});
