// Holds `coven daemon …` and `coven doctor`: the words scripts read, and that looking changes nothing.
import { expect, test } from "bun:test";
import { chmodSync, existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { posixPtyHost } from "../../src/pty/posix.ts";
import { commandLine } from "../support/command-line.ts";
import { testUnless } from "../support/unless.ts";

const inPlace = posixPtyHost() ? undefined : "not Linux, or its C library is too old";

const NULLS = {
  pid: null,
  socket: null,
  started_at: null,
  uptime_seconds: null,
  version: null,
  api_version: null,
};

test("the life of a daemon in the words of the contract", async () => {
  await using line = commandLine();
  const socket = line.home.paths.socket;

  const before = await line.coven(["daemon", "status"]);
  expect([before.code, before.out]).toEqual([0, "Coven daemon: not running\n"]);
  expect(before.err).toContain("coven daemon start");
  expect((await line.coven(["daemon", "status", "--check"])).code).toBe(3);
  expect(JSON.parse((await line.coven(["daemon", "status", "--json"])).out)).toEqual({
    ok: false,
    status: "stopped",
    ...NULLS,
  });
  expect(await line.coven(["daemon", "stop"])).toEqual({
    code: 0,
    out: "Coven daemon: was not running\n",
    err: "",
  });
  expect(existsSync(line.home.paths.home)).toBe(false);

  const started = await line.coven(["daemon", "start"]);
  const pid = Number(/\(pid (\d+), /.exec(started.out)?.[1]);
  expect(started).toEqual({
    code: 0,
    out: expect.stringMatching(/^.*\nUptime \d+s, version \d+\.\d+\.\d+, API coven\.daemon\.v1\n$/),
    err: "",
  });
  expect(started.out).toStartWith(`Coven daemon: running (pid ${pid}, socket ${socket})\n`);
  expect((await line.coven(["daemon", "start"])).out).toStartWith(`Coven daemon: running (pid ${pid}, `);
  expect((await line.coven(["daemon", "status", "--check"])).code).toBe(0);
  expect(JSON.parse((await line.coven(["daemon", "status", "--json"])).out)).toMatchObject({
    ok: true,
    status: "running",
    pid,
    socket,
    started_at: expect.stringMatching(/^\d{4}-.*Z$/),
    uptime_seconds: expect.any(Number),
    api_version: "coven.daemon.v1",
  });

  const restarted = await line.coven(["daemon", "restart"]);
  expect(restarted.out).toMatch(/^Coven daemon: restarted \(pid \d+, socket .*\)\nUptime /);
  expect(restarted.out).not.toContain(`pid ${pid},`);
  expect(await line.coven(["daemon", "stop"])).toEqual({ code: 0, out: "Coven daemon: stopped\n", err: "" });
});

test("status says what the daemon holds and how it fares, beside the frozen words and members", async () => {
  await using line = commandLine();
  const id = (await line.coven(["run", "demo", "sleep 600", "--detach"])).out.trim();
  await line.coven(["run", "demo", "hi"]);
  const { out } = await line.coven(["daemon", "status"]);
  expect(out.split("\n")).toEqual([
    expect.stringMatching(/^Coven daemon: running \(pid \d+, socket .*\)$/),
    expect.stringMatching(/^Uptime \d+s, version \d+\.\d+\.\d+, API coven\.daemon\.v1$/),
    expect.stringMatching(/^This command: version \d+\.\d+\.\d+, API coven\.daemon\.v1$/),
    expect.stringMatching(/^Sessions: 1 live( \(.*\))?; records: 1 running, 1 completed$/),
    expect.stringMatching(/^Largest live: [0-9a-f]{8} demo sleep 600: \d+ B$/),
    expect.stringMatching(/^Longest unwatched: [0-9a-f]{8} demo sleep 600: \d+ B, unwatched for \d+s$/),
    expect.stringMatching(/^Ledger: .*B and .*B of write-ahead log$/),
    expect.stringMatching(/^Disk: takes writes, .*B free$/),
    expect.stringMatching(/^Events: [\d.]+ per second, \d+ \(.*B of output\) since it started$/),
    "Followers: 0, at most 0 events behind, 0 gaps",
    expect.stringMatching(/^Machine: .*B of memory, loop at most \d+ ms late/),
    "",
  ]);
  const json = JSON.parse((await line.coven(["daemon", "status", "--json"])).out);
  expect(json).toMatchObject({
    ok: true,
    client_api_version: "coven.daemon.v1",
    sessions: { live: 1, by_status: { running: 1, completed: 1 } },
    ledger: { bytes: expect.any(Number), wal_bytes: expect.any(Number) },
    storage: {
      state: "ok",
      bytes: expect.any(Number),
      free_bytes: expect.any(Number),
      days_left: null,
      waiting_bytes: 0,
      waiting_sessions: 0,
    },
    events: { total: expect.any(Number), per_second: expect.any(Number) },
    followers: { count: 0, lag_events: 0, gaps: 0 },
  });
  await line.coven(["kill", id]);
});

testUnless(inPlace)(
  "restart keeps the sessions that run, and ends them only with --end-sessions",
  async () => {
    await using line = commandLine();
    const id = (await line.coven(["run", "demo", "sleep 600", "--detach"])).out.trim();
    const before = (await line.home.client.health()).daemon;
    const kept = await line.coven(["daemon", "restart"]);
    expect(kept).toMatchObject({ code: 0, err: "" });
    expect(kept.out).toStartWith(`Coven daemon: restarted (pid ${before?.pid}, socket `);
    expect((await line.home.client.health()).daemon?.startedAt).not.toBe(before?.startedAt);
    expect((await line.home.client.session(id)).status).toBe("running");
    const ended = await line.coven(["daemon", "restart", "--end-sessions"]);
    expect(ended.out).toStartWith("Coven daemon: restarted (");
    expect(ended.out).not.toContain(`pid ${before?.pid},`);
    expect((await line.home.client.session(id)).status).toBe("killed");
  },
);

test("where sessions can't be kept stop and restart refuse while some are live, list them, and obey --force", async () => {
  await using line = commandLine();
  const id = (
    await line.coven(["run", "demo", "sleep 600", "--detach"], { env: { COVEN_PTY: "bun" } })
  ).out.trim();
  for (const verb of ["stop", "restart"]) {
    const { code, out, err } = await line.coven(["daemon", verb]);
    expect([code, out]).toEqual([1, ""]);
    expect(err).toBe(
      [
        "Error: 1 session is running and would be ended:",
        `  ${id.slice(0, 8)}  demo  sleep 600`,
        `Try: coven daemon ${verb} --force`,
        "     coven kill ID   (ends one of them)",
        "",
      ].join("\n"),
    );
  }
  expect((await line.coven(["daemon", "restart", "--force"])).out).toStartWith("Coven daemon: restarted (");
  expect((await line.home.client.session(id)).status).toBe("killed");
});

test("a home that can't be used is an error before anything is touched", async () => {
  await using line = commandLine();
  const file = join(line.home.base, "file");
  writeFileSync(file, "mine");
  const cases = [
    ["relative/home", "must be an absolute path"],
    [join(line.home.base, "x".repeat(120)), "bytes long"],
    [file, "is not a directory"],
  ] as const;
  for (const [home, says] of cases) {
    for (const words of [["sessions"], ["daemon", "start"]]) {
      const { code, err } = await line.coven(words, { env: { COVEN_HOME: home } });
      expect([code, err.split("\n")[0]]).toEqual([1, expect.stringContaining(says)]);
      expect(err).toContain("Try: ");
    }
    const doctor = await line.coven(["doctor"], { env: { COVEN_HOME: home } });
    expect(doctor.code).toBe(1);
    expect(doctor.out).toMatch(/^problem {2}home/m);
  }
});

interface Check {
  readonly area: string;
  readonly level: string;
  readonly what: string;
  readonly next: string;
}

test("doctor on a fresh machine: nothing broken, agents missing are warnings, nothing is made or started", async () => {
  await using line = commandLine();
  const { code, out, err } = await line.coven(["doctor"]);
  expect([code, err]).toEqual([0, ""]);
  for (const area of ["home", "store", "project", "daemon", "socket", "demo"])
    expect(out).toContain(` ${area} `);
  expect(out).toMatch(/^warning {2}codex .*not installed/m);
  expect(out).toContain("Try: npm install -g @openai/codex");
  expect(out).toEndWith("No problems, 3 warnings.\nNext: coven run demo 'say hello'\n");
  expect(existsSync(line.home.paths.home)).toBe(false);
});

test("doctor beside a running daemon, with an agent, as JSON; then a damaged ledger and a wrong socket", async () => {
  await using line = commandLine();
  line.home.script("codex", 'test "$1" = --version && echo "codex-cli 1.2.3"');
  mkdirSync(join(line.home.project, ".git"));
  await line.coven(["run", "demo", "hi"]);
  const checks = async (): Promise<{ code: number; checks: Map<string, Check> }> => {
    const { code, out } = await line.coven(["doctor", "--json"]);
    const { ok, checks } = JSON.parse(out) as { ok: boolean; checks: Check[] };
    expect(ok).toBe(code === 0);
    for (const one of checks) expect(one.next).not.toBe("");
    return { code, checks: new Map(checks.map((one) => [one.area, one])) };
  };
  const well = await checks();
  expect(well.code).toBe(0);
  const levels = Object.fromEntries(Array.from(well.checks, ([area, one]) => [area, one.level]));
  expect(levels).toEqual({
    coven: "ok",
    home: "ok",
    config: "ok",
    files: "ok",
    harnesses: "ok",
    store: "ok",
    disk: "ok",
    install: "ok",
    lock: "ok",
    project: "ok",
    daemon: "ok",
    socket: "ok",
    terminals: "ok",
    path: "ok",
    terminal: "ok",
    codex: "ok",
    claude: "warning",
    demo: "ok",
  });
  expect(well.checks.get("store")?.what).toStartWith("1 session, ");
  expect(well.checks.get("codex")?.what).toBe(`${line.home.bin}/codex (codex-cli 1.2.3)`);

  await line.coven(["daemon", "stop"]);
  writeFileSync(line.home.paths.ledger, "this is no database, whatever its name says".repeat(50));
  writeFileSync(line.home.paths.socket, "");
  chmodSync(line.home.paths.home, 0o755);
  const ill = await checks();
  expect(ill.code).toBe(1);
  expect(ill.checks.get("store")?.level).toBe("problem");
  expect(ill.checks.get("socket")?.level).toBe("problem");
  expect(ill.checks.get("home")).toMatchObject({
    level: "warning",
    next: `chmod 700 ${line.home.paths.home}`,
  });
  expect(ill.checks.get("daemon")?.level).toBe("ok");
});
