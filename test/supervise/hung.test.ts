// Tests what is done about a daemon that does not answer, and about strangers in its place: told, and never mistaken.
import { expect, test } from "bun:test";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { daemonStatus, startDaemon, stopDaemon } from "../../src/supervise/lifecycle.ts";
import { type DaemonHome, daemonHome, gone } from "../support/daemon-home.ts";
import { rejectionOf } from "../support/refusal.ts";
import { runs, signalOwn } from "../support/signal.ts";

const QUICK = { answerMs: 300, betweenMs: 300, startMs: 3_000, patienceMs: 300 };
const LOCK = join(import.meta.dir, "../../src/daemon/lock.ts");

/** A process that holds the home's lock, listens on its socket unless told not to, never answers and ignores SIGTERM. */
async function deaf(home: DaemonHome, listens: boolean) {
  mkdirSync(home.paths.home, { recursive: true, mode: 0o700 });
  const script = `
    import { tryLock } from ${JSON.stringify(LOCK)};
    process.on("SIGTERM", () => {});
    const lock = tryLock(${JSON.stringify(home.paths.lock)});
    ${listens ? `Bun.listen({ unix: ${JSON.stringify(home.paths.socket)}, socket: { data() {} } });` : ""}
    setInterval(() => lock, 1e6);
    console.log(lock ? "held" : "refused");`;
  const child = Bun.spawn([process.execPath, "-e", script], { stdout: "pipe" });
  const { value } = await child.stdout.getReader().read();
  expect(new TextDecoder().decode(value)).toContain("held");
  return child;
}

test("a stopped (SIGSTOP) daemon is hung for status, start and stop, until force ends it in good order", async () => {
  await using home = daemonHome();
  const { paths } = home;
  const pid = await home.start();
  signalOwn(pid, "SIGSTOP");
  expect(await daemonStatus(paths, QUICK)).toEqual({ state: "hung", socket: paths.socket, pid });
  for (const attempt of [startDaemon(paths, { ...home.options, ...QUICK }), stopDaemon(paths, QUICK)]) {
    const said = await rejectionOf(attempt);
    expect(said).toMatchObject({ code: "runtime_unavailable", details: { reason: "hung", pid } });
    expect(said.message).toContain(String(pid));
  }
  expect(runs(pid)).toBe(true);
  expect(await stopDaemon(paths, { ...QUICK, force: true, patienceMs: 5_000 })).toEqual({
    stopped: true,
    pid,
    by: "SIGTERM",
  });
  expect(existsSync(paths.socket)).toBe(false);
});

test.each([true, false])(
  "a deaf one (listens: %p) is ended by SIGKILL, and the next start works",
  async (listens) => {
    await using home = daemonHome();
    const child = await deaf(home, listens);
    expect(await daemonStatus(home.paths, QUICK)).toMatchObject({ state: "hung", pid: child.pid });
    expect(await rejectionOf(startDaemon(home.paths, { ...home.options, ...QUICK }))).toMatchObject({
      details: { reason: "hung" },
    });
    expect(await stopDaemon(home.paths, { ...QUICK, force: true })).toEqual({
      stopped: true,
      pid: child.pid,
      by: "SIGKILL",
    });
    await child.exited;
    expect((await startDaemon(home.paths, home.options)).started).toBe(true);
  },
);

// Killing the pid that daemon.json names is how other tools killed strangers: pids are used again.
test("force never touches the process a stale daemon.json names", async () => {
  await using home = daemonHome();
  const bystander = Bun.spawn(["sleep", "300"]);
  const child = await deaf(home, true);
  const { identity, socket } = home.paths;
  writeFileSync(
    identity,
    JSON.stringify({ pid: bystander.pid, startedAt: new Date().toISOString(), socket }),
  );
  expect(await stopDaemon(home.paths, { ...QUICK, force: true })).toMatchObject({ pid: child.pid });
  expect(runs(bystander.pid)).toBe(true);
  bystander.kill();
  await Promise.all([bystander.exited, child.exited]);
});

test.each<[string, string]>([
  ["a web page", "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n<html>"],
  ["another program's JSON", 'HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n{"ok":true}'],
  [
    "an older contract",
    'HTTP/1.1 200 OK\r\nContent-Length: 33\r\n\r\n{"ok":true,"apiVersion":"other.v1"}'.slice(0, -2),
  ],
  ["an error", "HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\n{}"],
  ["no HTTP", "220 mail.example.org ESMTP\r\n"],
])("%s on the socket is a stranger: said clearly, left alone", async (_, bytes) => {
  await using home = daemonHome();
  mkdirSync(home.paths.home, { mode: 0o700 });
  using stranger = Bun.listen({
    unix: home.paths.socket,
    socket: {
      data(socket) {
        socket.write(bytes);
      },
    },
  });
  const { paths, options } = home;
  for (const attempt of [
    daemonStatus(paths),
    startDaemon(paths, options),
    stopDaemon(paths, { ...options, force: true }),
  ]) {
    const said = await rejectionOf(attempt);
    expect(said).toMatchObject({
      code: "runtime_unavailable",
      details: { reason: "stranger", socket: paths.socket },
    });
  }
  expect(existsSync(paths.socket)).toBe(true);
  expect(stranger).toBeDefined();
});

test("somebody silent who holds no lock is a stranger too, and no daemon pushes him aside", async () => {
  await using home = daemonHome();
  mkdirSync(home.paths.home, { mode: 0o700 });
  using _silent = Bun.listen({ unix: home.paths.socket, socket: { data() {} } });
  expect(await rejectionOf(daemonStatus(home.paths, QUICK))).toMatchObject({
    details: { reason: "stranger" },
  });
  const said = await rejectionOf(startDaemon(home.paths, { ...home.options, ...QUICK }));
  expect(said.message).toContain(home.paths.socket);
  expect(existsSync(home.paths.socket)).toBe(true);
});

test("a daemon whose socket was removed is found by its lock", async () => {
  await using home = daemonHome();
  const pid = await home.start();
  rmSync(home.paths.socket);
  expect(await daemonStatus(home.paths, QUICK)).toMatchObject({ state: "hung", pid });
  expect(await stopDaemon(home.paths, { ...QUICK, patienceMs: 5_000, force: true })).toMatchObject({
    by: "SIGTERM",
  });
  await gone(home.paths);
  expect(readFileSync(home.paths.log, "utf8")).toContain("daemon_stopped");
});
