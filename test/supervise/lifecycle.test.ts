// Tests src/supervise/lifecycle.ts with real daemons: start, status, restart and stop, whatever was left in the home.
import { expect, test } from "bun:test";
import { existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { isLocked } from "../../src/daemon/lock.ts";
import { lockHolder } from "../../src/supervise/holder.ts";
import { daemonStatus, restartDaemon, startDaemon, stopDaemon } from "../../src/supervise/lifecycle.ts";
import { API_VERSION, COVEN_VERSION } from "../../src/version.ts";
import { daemonHome, gone, logLines, modesBeneath } from "../support/daemon-home.ts";
import { rejectionOf } from "../support/refusal.ts";
import { runs, signalOwn } from "../support/signal.ts";
import { until } from "../support/until.ts";

/** What a daemon writes when it comes up. */
const STARTED = ["ledger_opened", "socket_bound", "daemon_started"];

test("start, again, status, stop, again", async () => {
  await using home = daemonHome();
  const { paths, options } = home;
  expect(await daemonStatus(paths)).toEqual({ state: "stopped", socket: paths.socket });
  expect(existsSync(paths.home)).toBe(false);

  const first = await startDaemon(paths, options);
  expect(first).toEqual({ pid: expect.any(Number), started: true });
  expect(await startDaemon(paths, options)).toEqual({ pid: first.pid, started: false });

  const status = await daemonStatus(paths);
  expect(status).toEqual({
    state: "running",
    pid: first.pid,
    socket: paths.socket,
    startedAt: expect.stringMatching(/^\d{4}-.*\.\d{3}Z$/),
    uptimeSeconds: expect.any(Number),
    version: COVEN_VERSION,
    apiVersion: API_VERSION,
  });
  const noted: unknown = JSON.parse(readFileSync(paths.identity, "utf8"));
  expect(noted).toEqual((await home.client.health()).daemon);
  expect(logLines(paths)).toMatchObject([
    { event: "ledger_opened", pid: first.pid, ledger: paths.ledger },
    { event: "socket_bound", socket: paths.socket },
    { event: "daemon_started", contract: API_VERSION },
  ]);

  expect(await stopDaemon(paths, options)).toEqual({ stopped: true, pid: first.pid, by: "request" });
  expect([paths.socket, paths.identity, `${paths.socket}.tmp`].filter((path) => existsSync(path))).toEqual(
    [],
  );
  expect(isLocked(paths.lock)).toBe(false);
  await until("the process is gone", () => !runs(first.pid));
  expect(await stopDaemon(paths, options)).toEqual({ stopped: false, pid: null, by: null });
  expect(logLines(paths).map(({ event }) => event)).toEqual([
    ...STARTED,
    "daemon_stopping",
    "daemon_stopped",
  ]);
});

test("every file it makes is private, started under umask 000", async () => {
  await using home = daemonHome();
  const umask = process.umask(0);
  try {
    await home.start();
  } finally {
    process.umask(umask);
  }
  expect((lstatSync(home.paths.home).mode & 0o777).toString(8)).toBe("700");
  const modes = modesBeneath(home.paths.home);
  expect(Object.keys(modes)).toEqual(
    expect.arrayContaining([
      "coven.db",
      "coven.sock",
      "daemon.json",
      "daemon.lock",
      "logs",
      "logs/daemon.log",
    ]),
  );
  const { logs, ...files } = modes;
  expect(logs).toBe("700");
  expect(Object.entries(files).filter(([, mode]) => mode !== "600")).toEqual([]);
});

// The daemon's private umask went on to the harnesses: everything an agent wrote in a project was 0600.
test.each([0o022, 0o002])(
  "a harness has the umask (%o) the daemon was started with, the daemon its own",
  async (umask) => {
    await using home = daemonHome();
    home.script("codex", "umask; : > made");
    const before = process.umask(umask);
    try {
      await home.start();
    } finally {
      process.umask(before);
    }
    const { id } = await home.client.launch({ projectRoot: home.project, harness: "codex", prompt: "x" });
    const chunks: Uint8Array[] = [];
    for await (const chunk of home.client.output(id, { follow: true })) chunks.push(chunk);
    expect(Buffer.concat(chunks).toString().trim()).toBe(`0${umask.toString(8).padStart(3, "0")}`);
    expect(modesBeneath(home.project)).toEqual({ made: (0o666 & ~umask).toString(8) });
    expect(modesBeneath(home.paths.home)["daemon.json"]).toBe("600");
  },
);

test("it has a session, a directory and an environment of its own", async () => {
  await using home = daemonHome();
  process.env["COVEN_SESSION_ID"] = "of-an-outer-session";
  try {
    // Without the test's clean environment: what the starter has is what must be taken out.
    const { pid } = await startDaemon(home.paths, {});
    const environ = readFileSync(`/proc/${pid}/environ`, "utf8").split("\0");
    expect(environ).toContain(`COVEN_HOME=${home.paths.home}`);
    expect(environ.filter((entry) => /^(COVEN_SESSION_ID|BUN_OPTIONS|BUN_BE_BUN)=/.test(entry))).toEqual([]);
    const [, , session] = readFileSync(`/proc/${pid}/stat`, "utf8")
      .replace(/^.*\) . /, "")
      .split(" ");
    expect(Number(session)).toBe(pid);
    expect(readdirSync(`/proc/${pid}/cwd`)).toEqual(readdirSync("/"));
  } finally {
    delete process.env["COVEN_SESSION_ID"];
  }
});

test.each([2, 8])("%i starts at once leave one daemon, and all say its pid", async (count) => {
  await using home = daemonHome();
  const all = await Promise.all(Array.from({ length: count }, () => startDaemon(home.paths, home.options)));
  const [{ pid } = { pid: 0 }] = all;
  expect(all.map((one) => one.pid)).toEqual(Array(count).fill(pid));
  expect(all.filter((one) => one.started)).toHaveLength(1);
  expect(lockHolder(home.paths)).toBe(pid);
  expect(logLines(home.paths).map(({ event }) => event)).toEqual(STARTED);
});

test("after a SIGKILL nothing is in the way of status, stop and start", async () => {
  await using home = daemonHome();
  const { paths, options } = home;
  const killed = await home.start();
  signalOwn(killed, "SIGKILL");
  await gone(paths);
  expect([paths.socket, paths.identity].map((path) => existsSync(path))).toEqual([true, true]);
  expect(await daemonStatus(paths)).toMatchObject({ state: "stopped" });
  expect(await stopDaemon(paths, options)).toMatchObject({ stopped: false });
  const next = await startDaemon(paths, options);
  expect(next).toMatchObject({ started: true });
  expect(next.pid).not.toBe(killed);
  expect(JSON.parse(readFileSync(paths.identity, "utf8"))).toMatchObject({ pid: next.pid });
});

test.each<[string, (paths: { socket: string; identity: string }) => void]>([
  ["a plain file at the socket's path", ({ socket }) => writeFileSync(socket, "x")],
  ["a corrupt daemon.json", ({ identity }) => writeFileSync(identity, '{"pid":')],
  ["a directory called daemon.json.tmp", ({ identity }) => mkdirSync(`${identity}.tmp`)],
  [
    "a daemon.json with a recycled pid: our own",
    ({ identity, socket }) =>
      writeFileSync(
        identity,
        JSON.stringify({ pid: process.pid, startedAt: "2020-01-01T00:00:00.000Z", socket }),
      ),
  ],
])("%s wedges nothing", async (_, lay) => {
  await using home = daemonHome();
  mkdirSync(home.paths.home, { mode: 0o700 });
  lay(home.paths);
  expect(await daemonStatus(home.paths)).toMatchObject({ state: "stopped" });
  expect(await stopDaemon(home.paths, { force: true })).toMatchObject({ stopped: false });
  const pid = await home.start();
  expect(await daemonStatus(home.paths)).toMatchObject({ state: "running", pid });
});

test("restart says whom it replaced", async () => {
  await using home = daemonHome();
  expect(await restartDaemon(home.paths, home.options)).toEqual({ pid: expect.any(Number), started: true });
  const before = await daemonStatus(home.paths);
  if (before.state !== "running") throw new Error(before.state);
  const after = await restartDaemon(home.paths, home.options);
  expect(after).toEqual({ pid: expect.any(Number), started: true, restartedFrom: before.pid });
  expect(after.pid).not.toBe(before.pid);
});

test.each(["SIGTERM", "SIGINT"] as const)(
  "%s ends it in good order; SIGHUP does not end it",
  async (signal) => {
    await using home = daemonHome();
    const pid = await home.start();
    signalOwn(pid, "SIGHUP");
    expect(await daemonStatus(home.paths)).toMatchObject({ state: "running", pid });
    signalOwn(pid, signal);
    await gone(home.paths);
    expect([home.paths.socket, home.paths.identity].filter((path) => existsSync(path))).toEqual([]);
    expect(logLines(home.paths).slice(STARTED.length)).toMatchObject([
      { event: "daemon_stopping", why: signal },
      { event: "daemon_stopped" },
    ]);
  },
);

test("start while the one before is still stopping waits for it", async () => {
  await using home = daemonHome();
  home.script("codex", "trap '' TERM HUP; while :; do sleep 1; done");
  const before = await home.start();
  await home.client.launch({ projectRoot: home.project, harness: "codex", prompt: "x" });
  await home.client.shutdown({ pid: before, force: true });
  const after = await startDaemon(home.paths, home.options);
  expect([after.started, after.pid === before]).toEqual([true, false]);
  expect(after.pid).not.toBe(before);
  expect(lockHolder(home.paths)).toBe(after.pid);
});

test("what would end a live session is refused with its id; by force the session is killed, and so recorded", async () => {
  // Whose terminals can't be handed over.
  await using home = daemonHome({ COVEN_PTY: "bun" });
  home.script("codex", "exec sleep 300");
  await home.start();
  const { client, paths, options } = home;
  const session = await client.launch({ projectRoot: home.project, harness: "codex", prompt: "x" });
  const refusals = [
    await rejectionOf(stopDaemon(paths, options)),
    await rejectionOf(restartDaemon(paths, options)),
  ];
  for (const said of refusals) {
    expect(said.code).toBe("session_running");
    expect(JSON.stringify(said.details)).toContain(session.id);
  }
  expect(session.pid !== null && runs(session.pid)).toBe(true);
  expect(await stopDaemon(paths, { ...options, force: true })).toMatchObject({ by: "request" });
  expect(session.pid !== null && runs(session.pid)).toBe(false);
  await home.start();
  expect(await client.session(session.id)).toMatchObject({ status: "killed", pid: null });
});
