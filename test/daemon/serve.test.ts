// Tests daemon/serve.ts and supervise/spawn.ts where a start fails, says why at once (a start may take 15 s, a test 5 s) and leaves nothing, and where a bug ends nothing.
import { expect, test } from "bun:test";
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { isLocked } from "../../src/daemon/lock.ts";
import { startDaemon } from "../../src/supervise/lifecycle.ts";
import { daemonHome, logLines, MAIN } from "../support/daemon-home.ts";
import { rejectionOf, rootOnly } from "../support/refusal.ts";
import { signalOwn } from "../support/signal.ts";
import { until } from "../support/until.ts";

const SERVE = join(import.meta.dir, "../../src/daemon/serve.ts");

test.each<
  [string, (paths: { socket: string; ledger: string; lock: string; identity: string }) => void, string]
>([
  ["a directory at the socket's path", ({ socket }) => mkdirSync(socket), "coven.sock is a directory"],
  ["a directory at the lock's path", ({ lock }) => mkdirSync(lock), "daemon.lock"],
  ["a ledger that is none", ({ ledger }) => writeFileSync(ledger, "no database ".repeat(1_000)), "coven.db"],
  [
    "a directory at daemon.json",
    ({ identity }) => mkdirSync(join(identity, "x"), { recursive: true }),
    "daemon.json",
  ],
])("%s: the reason comes back, at once, and nothing stays open", async (_, lay, words) => {
  await using home = daemonHome();
  mkdirSync(home.paths.home, { mode: 0o700 });
  lay(home.paths);
  const said = await rejectionOf(startDaemon(home.paths, home.options));
  expect(said.code).toBe("runtime_unavailable");
  expect(said.message).toContain(words);
  expect(readdirSync(home.paths.home)).not.toContain("coven.sock.tmp");
  if (!words.includes("lock")) expect(isLocked(home.paths.lock)).toBe(false);
  if (existsSync(home.paths.log)) {
    expect(logLines(home.paths).at(-1)).toMatchObject({ level: "error", event: "daemon_not_started" });
  }
});

test("an error of ours keeps its code and details on the way from daemon to starter", async () => {
  await using home = daemonHome({ COVEN_PTY: "teletype" });
  expect(await rejectionOf(startDaemon(home.paths, home.options))).toMatchObject({
    code: "invalid_request",
    message: expect.stringContaining("teletype"),
    details: { known: expect.arrayContaining(["bun"]) },
  });
});

test("a daemon that dies while starting is quoted, and not waited for", async () => {
  await using home = daemonHome();
  const command = ["/bin/sh", "-c", "echo earlier >&2; echo boom >&2; exit 3"];
  expect((await rejectionOf(startDaemon(home.paths, { command }))).message).toContain("boom");
  const mute = await rejectionOf(startDaemon(home.paths, { command: ["/bin/sh", "-c", "kill -9 $$"] }));
  expect(mute.message).toContain("without a word");
  const missing = await rejectionOf(startDaemon(home.paths, { command: ["/nowhere/coven"] }));
  expect(missing.message).toContain("/nowhere/coven");
});

test("a daemon that never says anything is given up, and says so", async () => {
  await using home = daemonHome();
  const said = await rejectionOf(startDaemon(home.paths, { command: ["/bin/sleep", "2"], startMs: 200 }));
  expect(said.message).toContain("ms");
});

test("started by hand it says why it won't serve, and leaves with what tells an init system not to try again", async () => {
  await using home = daemonHome();
  await home.start();
  const second = Bun.spawn([process.execPath, MAIN, "daemon", "serve"], {
    env: { COVEN_HOME: home.paths.home, PATH: "/usr/bin:/bin" },
    stderr: "pipe",
    stdout: "pipe",
  });
  expect((await new Response(second.stderr).text()).trim()).toBe(
    `Error: Another Coven daemon serves ${home.paths.home}.\nTry: coven doctor`,
  );
  expect(await second.exited).toBe(78);
});

test("a stray report variable makes it write nowhere", async () => {
  await using home = daemonHome();
  const child = Bun.spawn([process.execPath, MAIN, "daemon", "serve"], {
    env: { COVEN_HOME: home.paths.home, PATH: "/usr/bin:/bin", COVEN_REPORT_FD: "1" },
    stdout: "pipe",
    stderr: "pipe",
  });
  await until("it serves", () => existsSync(home.paths.identity));
  child.kill("SIGTERM");
  expect(await child.exited).toBe(0);
  expect(await new Response(child.stdout).text()).toBe("");
  expect(await new Response(child.stderr).text()).toBe("");
});

// An exception outside of any request ended the process, and every session with it.
test("an exception nobody catches is in the log with its stack, and the daemon goes on", async () => {
  await using home = daemonHome();
  const entry = join(home.base, "entry.ts");
  writeFileSync(
    entry,
    `import { serve } from ${JSON.stringify(SERVE)};
     process.on("SIGUSR2", () => { Promise.reject(new Error("second bug")); throw new Error("first bug"); });
     serve().then((code) => process.exit(code));`,
  );
  const { pid } = await startDaemon(home.paths, { command: [process.execPath, entry] });
  signalOwn(pid, "SIGUSR2");
  const events = () => logLines(home.paths).map(({ event }) => event);
  const accidents = () => events().filter((event) => String(event).startsWith("un"));
  await until("both are logged", () => accidents().length >= 2);
  expect(accidents().sort()).toEqual(["uncaught_exception", "unhandled_rejection"]);
  expect(logLines(home.paths).find(({ event }) => event === "uncaught_exception")).toMatchObject({
    message: "first bug",
    stack: expect.stringContaining("entry.ts"),
  });
  expect((await home.client.health()).daemon?.pid).toBe(pid);
});

rootOnly("on a full disk it says so, at once", async () => {
  await using home = daemonHome();
  mkdirSync(home.paths.home, { mode: 0o700 });
  const mounted = Bun.spawnSync([
    "mount",
    "-t",
    "tmpfs",
    "-o",
    "size=64k,mode=700",
    "tmpfs",
    home.paths.home,
  ]);
  expect(mounted.exitCode).toBe(0);
  try {
    const ballast = join(home.paths.home, "ballast");
    Bun.spawnSync(["dd", "if=/dev/zero", `of=${ballast}`], { stderr: "ignore" });
    const said = await rejectionOf(startDaemon(home.paths, home.options));
    expect(said.code).toBe("runtime_unavailable");
    expect(said.message).toMatch(/full|space/i);
    rmSync(ballast);
    expect(isLocked(home.paths.lock)).toBe(false);
  } finally {
    // The daemon that gave up may take a moment to be gone.
    await until("it is unmounted", () => Bun.spawnSync(["umount", home.paths.home]).exitCode === 0);
  }
});
