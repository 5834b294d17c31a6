// The bad day, all of it: every fault that docs/SAFETY.md names, made for real, again and again, with a table of what held.
//   bun run chaos            by hand, under twenty minutes
//   bun run chaos --short    about two minutes, in the gate
//   bun run chaos WORDS      only the faults whose names hold the words
// What a machine or a user can't do (mounts, memory groups) is skipped by the tests themselves, and counted.
import { Database } from "bun:sqlite";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Session } from "../../src/session/session.ts";
import { stopDaemon } from "../../src/supervise/lifecycle.ts";
import { type DaemonHome, daemonHome, gone } from "../support/daemon-home.ts";
import { signalOwn } from "../support/signal.ts";
import { until } from "../support/until.ts";

/** What a fault came to. */
interface Outcome {
  readonly held: boolean;
  readonly said: string;
}

interface Fault {
  readonly name: string;
  /** Part of the short run, too. */
  readonly short: boolean;
  /** The tests that make it, as docs/SAFETY.md names them. */
  readonly by: readonly string[];
  run(): Promise<Outcome>;
}

const short = process.argv.includes("--short");
const words = process.argv
  .slice(2)
  .filter((word) => word !== "--short")
  .join(" ");
const ROOT = join(import.meta.dir, "..", "..");

const FAULTS: readonly Fault[] = [
  { name: "the daemon is killed in a row", short: true, by: ["chaos/"], run: () => crashes(short ? 8 : 60) },
  {
    name: "short sessions, one after the other",
    short: true,
    by: ["chaos/"],
    run: () => churn(short ? 200 : 2_000),
  },
  {
    name: "pages of the ledger are damaged at random",
    short: true,
    by: ["store/repair"],
    run: () => damages(short ? 30 : 200),
  },
  tested("killed again while it ends what is left", true, ["daemon/second-crash"]),
  tested("the disk is full, or read only", true, ["daemon/full-disk", "session/live"]),
  tested("the ledger's file is removed, replaced, emptied, renamed", true, [
    "daemon/ledger-gone",
    "daemon/ledger-emptied",
  ]),
  tested("the power is cut", false, ["daemon/power-cut", "store/reserve"]),
  tested("bytes on the disk change", false, ["store/hashes", "cli/ledger"]),
  tested("a migration is killed at each of its writes", false, ["store/migrate"]),
  tested("memory runs out", false, ["daemon/memory"]),
  tested("TMPDIR is full, missing, not ours", false, ["daemon/temporary-files"]),
  tested("the socket is removed or replaced", false, ["daemon/socket-removed"]),
  tested("the clock leaps", false, ["daemon/clock-trust", "daemon/retention"]),
  tested("clients read nothing, or never end their bodies", false, ["safety/greedy", "api/body-deadline"]),
  tested("connections take every descriptor", false, ["daemon/crowd"]),
  tested("a new daemon could not start", false, ["supervise/restart-looks-first"]),
  tested("systemd, and crashes in a row", false, ["cli/daemon-install"]),
];

const rows: string[] = [];
let failed = 0;
for (const fault of FAULTS.filter((one) => (one.short || !short) && one.name.includes(words))) {
  const began = performance.now();
  const { held, said } = await fault.run().catch((error: unknown) => ({ held: false, said: String(error) }));
  const seconds = ((performance.now() - began) / 1000).toFixed(0);
  if (!held) failed += 1;
  const by = fault.by.map((file) => `\`${file}\``).join(", ");
  rows.push(`| ${fault.name} | ${said} | ${held ? "yes" : "NO"} | ${seconds} | ${by} |`);
  console.log(`${held ? "held" : "FAILED"}: ${fault.name}: ${said} (${seconds} s)`);
}
console.log(
  ["", "| fault | what was done | held | seconds | by |", "| --- | --- | --- | --- | --- |", ...rows].join(
    "\n",
  ),
);
process.exitCode = failed === 0 ? 0 : 1;

/** A fault that tests make. */
function tested(name: string, inShort: boolean, files: readonly string[]): Fault {
  return {
    name,
    short: inShort,
    by: files,
    async run() {
      const { code, out } = await bunTest(files, {});
      const of = (word: string) => Number(new RegExp(`^ *(\\d+) ${word}$`, "m").exec(out)?.[1] ?? 0);
      if (code !== 0) console.error(out);
      const skipped = of("skip") > 0 ? `, ${of("skip")} skipped` : "";
      return { held: code === 0 && of("fail") === 0, said: `${of("pass")} tests${skipped}` };
    },
  };
}

async function bunTest(files: readonly string[], env: Readonly<Record<string, string>>, only?: string) {
  const paths = files.map((file) => `./test/${file}.test.ts`);
  const child = Bun.spawn(
    [process.execPath, "test", "--timeout", "120000", ...(only ? ["-t", only] : []), ...paths],
    { cwd: ROOT, env: { ...process.env, ...env, NO_COLOR: "1" }, stdout: "pipe", stderr: "pipe" },
  );
  const [out, err] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
  ]);
  return { code: await child.exited, out: out + err };
}

async function damages(runs: number): Promise<Outcome> {
  const seed = String(Math.floor(Math.random() * 1e9));
  const env = { REPAIR_RUNS: String(runs), REPAIR_SEED: seed };
  const { code, out } = await bunTest(["store/repair"], env, "whatever pages");
  if (code !== 0) console.error(out);
  const saved = /([\d.]+) % of the events/.exec(out)?.[1] ?? "?";
  return {
    held: code === 0,
    said: `${runs} ledgers, one to four pages each, seed ${seed}: all repaired, every event of the other pages, ${saved} % of all`,
  };
}

/** Sessions print, somebody reads along, and the daemon is killed at any moment; what was read once never changes. */
async function crashes(times: number): Promise<Outcome> {
  await using home = daemonHome();
  // One of them is hard to end: a child in a session of its own that hears no signal but one.
  home.script(
    "codex",
    `setsid sh -c 'trap "" HUP TERM INT; while :; do sleep 1; done' &
i=0; while :; do i=$((i+1)); echo line $i; [ $((i % 50)) -ne 0 ] || sleep 0.01; done`,
  );
  const seen = new Map<number, string>();
  const sessions: Session[] = [];
  // Where something does not hold, what resists would run for ever: its home is gone then.
  await using left = new AsyncDisposableStack();
  left.defer(() => {
    for (const { id } of sessions) for (const pid of marked(id)) signalOwn(Number(pid), "SIGKILL");
  });
  for (let crash = 0; crash < times; crash++) {
    const pid = await home.start();
    for (let i = 0; i < 2; i++) sessions.push(await launch(home, "go"));
    const deadline = performance.now() + 50 + Math.random() * 400;
    while (performance.now() < deadline) await read(home, sessions.slice(-2), seen);
    signalOwn(pid, "SIGKILL");
    await gone(home.paths);
  }
  await home.start();
  let changed = 0;
  const after = new Map<number, string>();
  await read(home, sessions, after);
  for (const [seq, said] of seen) if (after.get(seq) !== said) changed += 1;
  const records = await Promise.all(sessions.map(({ id }) => home.client.session(id)));
  const orphaned = records.filter(({ status }) => status === "orphaned").length;
  // Each resists for as long as it may, and a start takes four at a time.
  await until("nothing of them runs", () => sessions.every(({ id }) => marked(id).length === 0), 300_000);
  await stopDaemon(home.paths);
  const whole = isWhole(home.paths.ledger);
  return {
    held: changed === 0 && orphaned === sessions.length && whole,
    said: `${times} SIGKILLs, ${sessions.length} sessions, ${seen.size} events read before: ${changed} changed; ${orphaned} orphaned with their event, none of their processes left; ledger ${whole ? "whole" : "DAMAGED"}`,
  };
}

/** Every event of these sessions that is not known yet, by seq. */
async function read(
  home: DaemonHome,
  sessions: readonly Session[],
  into: Map<number, string>,
): Promise<void> {
  for (const { id } of sessions) {
    for (let afterSeq = 0; ; ) {
      const { events } = await home.client.events(id, { afterSeq, limit: 1000 });
      for (const { seq, ...event } of events) into.set(seq, JSON.stringify(event));
      const last = events.at(-1)?.seq;
      if (last === undefined) break;
      afterSeq = last;
    }
  }
}

/** Many short sessions: nothing may pile up. */
async function churn(times: number): Promise<Outcome> {
  await using home = daemonHome();
  home.script("codex", "echo here; exit 0");
  const pid = await home.start();
  const round = async (count: number) => {
    for (let done = 0; done < count; done += 20) {
      const some = await Promise.all(Array.from({ length: 20 }, () => launch(home, "go")));
      for (const { id } of some) {
        await until("it has ended", async () => (await home.client.session(id)).status === "completed");
      }
    }
  };
  await round(Math.min(100, times));
  const before = { fds: descriptors(pid), mb: resident(pid) };
  await round(times);
  const after = { fds: descriptors(pid), mb: resident(pid) };
  const zombies = children(pid);
  await stopDaemon(home.paths);
  return {
    held:
      after.fds - before.fds <= 2 &&
      after.mb - before.mb < 120 &&
      zombies === 0 &&
      isWhole(home.paths.ledger),
    said: `${times} sessions: descriptors ${before.fds} to ${after.fds}, memory ${before.mb} to ${after.mb} MB, ${zombies} children left`,
  };
}

function launch(home: DaemonHome, prompt: string): Promise<Session> {
  return home.client.launch({ projectRoot: home.project, harness: "codex", prompt });
}

function isWhole(ledger: string): boolean {
  using db = new Database(ledger, { readonly: true });
  return db.query<{ integrity_check: string }, []>("PRAGMA integrity_check").get()?.integrity_check === "ok";
}

/** The processes that carry the mark of a session. */
function marked(id: string): string[] {
  return pids().filter((pid) => text(`/proc/${pid}/environ`).includes(`COVEN_SESSION_ID=${id}`));
}

function children(pid: number): number {
  return pids().filter((one) => Number(/^PPid:\s+(\d+)/m.exec(text(`/proc/${one}/status`))?.[1]) === pid)
    .length;
}

function descriptors(pid: number): number {
  return readdirSync(`/proc/${pid}/fd`).length;
}

/** In MB. */
function resident(pid: number): number {
  return Math.round(Number(/^VmRSS:\s+(\d+)/m.exec(text(`/proc/${pid}/status`))?.[1]) / 1024);
}

function pids(): string[] {
  return readdirSync("/proc").filter((name) => /^\d+$/.test(name));
}

function text(file: string): string {
  try {
    return readFileSync(file, "latin1");
  } catch {
    return "";
  }
}
