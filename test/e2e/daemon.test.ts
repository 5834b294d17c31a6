// Tests the daemon from end to end: a terminal that closes under it, and a SIGKILL in the middle of a flood.
import { expect, test } from "bun:test";
import { readFileSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import type { CovenClient } from "../../src/api/client.ts";
import type { Event } from "../../src/session/event.ts";
import { daemonStatus, startDaemon } from "../../src/supervise/lifecycle.ts";
import { daemonHome, gone, MAIN } from "../support/daemon-home.ts";
import { runs, signalOwn } from "../support/signal.ts";
import { until } from "../support/until.ts";

// The terminal's hang-up reached the daemon when it shared the terminal's session, and with it went every session.
test("it survives the closing of the terminal it was started from, and keeps nothing of it open", async () => {
  await using home = daemonHome();
  const shell = Bun.spawn(
    ["/bin/sh", "-c", '"$0" "$1" daemon start && echo UP; exec cat', process.execPath, MAIN],
    {
      env: { HOME: home.base, COVEN_HOME: home.paths.home, PATH: "/usr/bin:/bin", TERM: "xterm" },
      cwd: home.project,
      terminal: { cols: 80, rows: 24, data: (_, bytes) => (said += new TextDecoder().decode(bytes)) },
    },
  );
  let said = "";
  await until("the shell says that it is up", () => said.includes("UP"));
  const before = await daemonStatus(home.paths);
  if (before.state !== "running") throw new Error(before.state);
  for (const fd of [0, 1, 2])
    expect(readlinkSync(`/proc/${before.pid}/fd/${fd}`)).not.toMatch(/\/pts\/|\/tty/);
  expect(readlinkSync(`/proc/${before.pid}/cwd`)).toBe("/");
  shell.terminal?.close();
  await shell.exited;
  expect(await daemonStatus(home.paths)).toMatchObject({ state: "running", pid: before.pid });
});

/** Every event of a session, page by page. */
async function allEvents(client: CovenClient, id: string): Promise<Event[]> {
  const events: Event[] = [];
  for (let afterSeq = 0; ; ) {
    const page = await client.events(id, { afterSeq });
    events.push(...page.events);
    if (!page.hasMore || page.nextCursor === null) return events;
    ({ afterSeq } = page.nextCursor);
  }
}

test("a SIGKILL in the middle of a flood loses nothing a client was given, and the next daemon puts things right", async () => {
  await using home = daemonHome();
  const left = join(home.base, "left");
  // The child in a session of its own is what hang-ups miss; only its mark finds it.
  home.script(
    "codex",
    `setsid sh -c 'echo $$ > ${left}; exec sleep 300' &
     while [ ! -s ${left} ]; do sleep 0.01; done
     exec awk 'BEGIN { for (i = 1; ; i++) print "line " i }'`,
  );
  const killed = await home.start();
  const session = await home.client.launch({
    projectRoot: home.project,
    harness: "codex",
    prompt: "flood",
    launchMode: "nonInteractive",
  });

  const given: Event[] = [];
  const polled: Uint8Array[] = [];
  let bytes = 0;
  const following = (async () => {
    for await (const event of home.client.eventStream(session.id)) given.push(event);
  })().catch(() => {});
  const polling = (async () => {
    for await (const chunk of home.client.output(session.id, { follow: true })) {
      polled.push(chunk);
      bytes += chunk.length;
    }
  })().catch(() => {});
  await until("both clients are in the flood", () => given.length > 50 && bytes > 500_000);
  signalOwn(killed, "SIGKILL");
  await Promise.all([following, polling, gone(home.paths)]);
  const straggler = Number(readFileSync(left, "utf8"));
  expect(runs(straggler)).toBe(true);

  await startDaemon(home.paths, home.options);
  expect(await home.client.session(session.id)).toMatchObject({
    status: "orphaned",
    pid: null,
    exit_code: null,
  });
  await until("what was left is ended", () => !runs(straggler));

  const kept = await allEvents(home.client, session.id);
  const bySeq = new Map(kept.map((event) => [event.seq, event]));
  expect(given.filter((event) => !Bun.deepEquals(bySeq.get(event.seq), event))).toEqual([]);
  expect(kept.find(({ kind }) => kind === "metadata")?.payload_json).toContain('"event":"orphaned"');

  const chunks: Uint8Array[] = [];
  for await (const chunk of home.client.output(session.id)) chunks.push(chunk);
  const text = Buffer.concat(chunks).toString();
  expect(text.startsWith(Buffer.concat(polled).toString())).toBe(true);
  const lines = text.split("\r\n").slice(0, -1);
  expect(lines.length).toBeGreaterThan(10_000);
  expect(lines.filter((line, i) => line !== `line ${i + 1}`)).toEqual([]);
}, 30_000);

test("twenty daemons killed one after the other: each is followed by a working one", async () => {
  await using home = daemonHome();
  const pids = new Set<number>();
  for (let n = 0; n < 20; n++) {
    const { pid, started } = await startDaemon(home.paths, home.options);
    expect(started).toBe(true);
    expect((await home.client.health()).daemon?.pid).toBe(pid);
    pids.add(pid);
    signalOwn(pid, "SIGKILL");
    await gone(home.paths);
  }
  expect(pids.size).toBe(20);
}, 30_000);
