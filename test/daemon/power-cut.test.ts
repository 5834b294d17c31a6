// Power cuts: what the disk did not have yet is gone, and no event id means anything else afterwards.
import { Database } from "bun:sqlite";
import { expect } from "bun:test";
import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Event } from "../../src/session/event.ts";
import { stopDaemon } from "../../src/supervise/lifecycle.ts";
import { type DaemonHome, daemonHome } from "../support/daemon-home.ts";
import { mount, unmount } from "../support/mount.ts";
import { ask } from "../support/raw.ts";
import { runs, signalOwn } from "../support/signal.ts";
import { testUnless, windows, without } from "../support/unless.ts";
import { until } from "../support/until.ts";

/** How the power goes: `keep` while the machine runs, `cut` once the daemon was killed; then the files are as the disk had them. */
interface Disk {
  keep(home: DaemonHome): void;
  cut(home: DaemonHome): void;
}

/** Everywhere: the ledger's files as they were after the last fsync are put back. Nothing syncs while the program only prints. */
const putBack: Disk = {
  keep({ base, paths }) {
    for (const end of ["", "-wal"]) copyFileSync(paths.ledger + end, join(base, `kept${end}`));
  },
  cut({ base, paths }) {
    rmSync(`${paths.ledger}-shm`);
    for (const end of ["", "-wal"]) copyFileSync(join(base, `kept${end}`), paths.ledger + end);
  },
};

/**
 * The home is a file system of its own, in a file. What that file holds while it is mounted is what a disk would: the pages that nobody synced are
 * the kernel's alone. A copy of it is the disk after a power cut, and mounting it replays its journal.
 */
const onDisk: Disk = { keep() {}, cut: cutOff };

function cutOff({ base, paths }: DaemonHome): void {
  copyFileSync(join(base, "disk"), join(base, "after"));
  unmount(paths.home);
  if (!mountImage(join(base, "after"), paths.home))
    throw new Error("what is left of the disk can't be mounted");
}

/** The ext4 journal is written every five seconds by itself; here only when somebody syncs. */
const mountImage = (image: string, at: string) => mount("-o", "loop,commit=300", image, at);

/** A small ext4 in a file, mounted; false where this user or this machine has none. */
function makeDisk(image: string, at: string): boolean {
  mkdirSync(at, { mode: 0o700 });
  const made = [
    ["truncate", "-s", "64M", image],
    ["mkfs.ext4", "-q", "-E", "lazy_itable_init=0,lazy_journal_init=0", image],
  ].every((words) => Bun.spawnSync(words, { stderr: "ignore" }).exitCode === 0);
  return made && mountImage(image, at);
}

function diskLack(): string | undefined {
  const lack = without("mkfs.ext4", "mount", "umount", "truncate");
  if (lack !== undefined) return lack;
  const base = mkdtempSync(join(tmpdir(), "cv-disk-"));
  const made = makeDisk(join(base, "disk"), join(base, "h"));
  if (made) unmount(join(base, "h"));
  rmSync(base, { recursive: true, force: true });
  return made ? undefined : "no ext4 can be mounted here";
}

const noDisk = diskLack();

/** The home on a disk of its own, until it is disposed of. */
function withDisk({ base, paths }: DaemonHome): AsyncDisposable {
  if (!makeDisk(join(base, "disk"), paths.home)) throw new Error("no disk could be made");
  return {
    async [Symbol.asyncDispose]() {
      await stopDaemon(paths, { force: true }).catch(() => {});
      unmount(paths.home);
    },
  };
}

async function everyEvent({ client }: DaemonHome, id: string): Promise<Event[]> {
  return (await client.events(id, { limit: 1_000 })).events;
}

/** The frames of a stream that was asked to go on after a seq, of a session that has ended. */
async function framesAfter({ paths }: DaemonHome, id: string, seq: number): Promise<string[]> {
  const headers = { Accept: "text/event-stream", "Last-Event-ID": String(seq) };
  const { body } = await ask(paths.socket, `GET /sessions/${id}/events`, undefined, headers);
  return body.split("\n\n").filter(Boolean);
}

// Regression: 118 to 317 events were back to before, the seqs of 40 to 46 of them then meant other events, and a stream that went on after one
// of them left out what it had never sent.
for (const [name, disk, lack] of [
  ["with the files as they were at the last fsync", putBack, windows],
  ["with an ext4 that is cut off", onDisk, noDisk],
] as const) {
  testUnless(lack)(
    `${name}: no seq is used twice, and a follower is told that it has seen what is no more`,
    async () => {
      await using home = daemonHome();
      await using _ = disk === onDisk ? withDisk(home) : undefined;
      const { client } = home;
      home.script("codex", 'stty -echo; echo ready; while read -r line; do echo "got $line"; done');
      const launch = () => client.launch({ projectRoot: home.project, harness: "codex", prompt: "go" });
      const daemon = await home.start();
      const { id } = await launch();
      for await (const event of client.eventStream(id)) if (event.payload_json.includes("ready")) break;
      disk.keep(home);
      // Each is an event of its own, and is followed as it comes.
      let typed = 0;
      for await (const event of client.eventStream(id)) {
        if (event.kind !== "output") continue;
        if (++typed > 60) break;
        await client.input(id, `${typed}\n`);
      }
      const before = await everyEvent(home, id);
      signalOwn(daemon, "SIGKILL");
      await until("the daemon is gone", () => !runs(daemon));
      disk.cut(home);

      await home.start();
      const after = await everyEvent(home, id);
      const kept = after.filter((event) => before.some(({ seq }) => seq === event.seq));
      // Without a loss this would prove nothing.
      expect(before.length - kept.length).toBeGreaterThan(20);
      expect(kept).toEqual(before.slice(0, kept.length));
      expect(after.slice(kept.length).map((event) => JSON.parse(event.payload_json).event)).toEqual([
        "orphaned",
      ]);

      // More events than were lost, of other sessions.
      const second = await launch();
      for (let line = 1; line <= 2 * before.length; line++) {
        await client.input(second.id, `${line}\n`);
        const got = `got ${line}\\r`;
        for await (const event of client.eventStream(second.id)) if (event.payload_json.includes(got)) break;
      }
      const others = await everyEvent(home, second.id);
      const lost = before.slice(kept.length).map(({ seq }) => seq);
      expect(others.length).toBeGreaterThan(lost.length);
      expect(others.filter(({ seq }) => lost.includes(seq))).toEqual([]);
      expect(new Set([...before, ...after, ...others].map((event) => event.id)).size).toBe(
        before.length + others.length + 1,
      );

      const lastKept = kept.at(-1)?.seq ?? 0;
      const orphaned = after.at(-1);
      for (const cursor of lost) {
        const [hello, gap, ...frames] = await framesAfter(home, id, cursor);
        expect([hello, gap]).toEqual([": ok", `id: ${lastKept}\nevent: gap\ndata: {"afterSeq":${lastKept}}`]);
        expect(frames).toEqual([`id: ${orphaned?.seq}\nevent: metadata\ndata: ${JSON.stringify(orphaned)}`]);
        // A page has no such word; it goes on with what has come since.
        expect((await client.events(id, { afterSeq: cursor })).events).toEqual(after.slice(-1));
      }
      // Who saw only what was kept misses nothing.
      expect((await framesAfter(home, id, lastKept))[1]).not.toContain("event: gap");
    },
    60_000,
  );
}

testUnless(noDisk)(
  "how a session ended is on the disk soon, with nothing else happening",
  async () => {
    await using home = daemonHome();
    await using _ = withDisk(home);
    home.script("codex", "read -r go; exit 3");
    await home.start();
    const { id } = await home.client.launch({ projectRoot: home.project, harness: "codex", prompt: "go" });
    expect(statusOnDisk(home, id)).toBe("created");
    await home.client.input(id, "\r");
    await until("the disk has it", () => statusOnDisk(home, id) === "failed");
  },
  30_000,
);

/** What a daemon would find after a power cut now. */
function statusOnDisk({ base }: DaemonHome, id: string): unknown {
  const look = join(base, "look");
  mkdirSync(look, { recursive: true });
  copyFileSync(join(base, "disk"), join(base, "now"));
  if (!mountImage(join(base, "now"), look)) throw new Error("what the disk has can't be mounted");
  try {
    using ledger = new Database(join(look, "coven.db"));
    return ledger.query("SELECT status FROM sessions WHERE id = ?").values(id)[0]?.[0];
  } finally {
    unmount(look);
  }
}
