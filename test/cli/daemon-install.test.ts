// Holds `coven daemon install|uninstall`: with the real systemd user manager where one comes up here, with a script that does
// the same for one unit everywhere. The files are real, and so are the executable and the daemon that is started from them.

import { afterAll, beforeAll, describe, expect } from "bun:test";
import {
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { compile } from "../../npm/compile.ts";
import { here } from "../npm/staged.ts";
import { type CommandLine, commandLine, type Left } from "../support/command-line.ts";
import { runs, signalOwn } from "../support/signal.ts";
import { type Manager, realManager, scriptedManager } from "../support/systemd.ts";
import { type Lack, notLinux, testUnless } from "../support/unless.ts";
import { until } from "../support/until.ts";

const linux = process.platform === "linux";
const root = join(import.meta.dir, "..", "..");
const trial = mkdtempSync(join(tmpdir(), "cv-sd-"));
/** Whether the real one comes up is asked once, by bringing it up. */
const real = linux ? await realManager(trial) : undefined;
const noManager: Lack = real === undefined ? "no systemd user manager comes up here" : undefined;
await real?.[Symbol.asyncDispose]();
afterAll(() => rmSync(trial, { recursive: true, force: true }));

/**
 * What is installed is an executable of our own, in a place of its own, as a user has it. From source it would be whichever Bun
 * runs the tests: `npx bun run test` has it in npx's cache, and nothing in there may be installed.
 */
const executable = join(trial, here().executable);
beforeAll(async () => {
  if (linux)
    await compile({ root, entry: join(root, "src", "main.ts"), target: here(), outfile: executable });
}, 60_000);

interface Scene extends AsyncDisposable {
  readonly line: CommandLine;
  readonly manager: Manager;
  coven(...words: string[]): Promise<Left>;
  /** The pid `daemon status` names, or undefined. */
  pid(): Promise<number | undefined>;
}

async function scene(kind: Manager["kind"], broken = false): Promise<Scene> {
  const line = commandLine([executable]);
  const made =
    kind === "systemd"
      ? await realManager(line.home.base)
      : scriptedManager(line.home.base, `${line.home.bin}:/usr/bin:/bin`, broken);
  if (made === undefined) throw new Error("it came up a moment ago");
  const coven = (...words: string[]) => line.coven(words, { env: made.env });
  return {
    line,
    manager: made,
    coven,
    pid: async () => JSON.parse((await coven("daemon", "status", "--json")).out).pid ?? undefined,
    async [Symbol.asyncDispose]() {
      // First who would start it again.
      rmSync(made.unit, { force: true });
      if (kind === "systemd") made.systemctl("daemon-reload");
      await coven("daemon", "stop", "--force");
      await made[Symbol.asyncDispose]();
      await line[Symbol.asyncDispose]();
    },
  };
}

const wanted = (unit: string) => join(dirname(unit), "default.target.wants", "coven.service");

describe.each(["systemd", "script"] as const)("kept by a %s", (kind) => {
  const here = testUnless(notLinux, kind === "systemd" ? noManager : undefined);

  here(
    "installed, stopped, started by a command, restarted, uninstalled: never one beside the one it keeps",
    async () => {
      await using at = await scene(kind);
      const { manager, coven } = at;
      const home = at.line.home.paths.home;
      const kept = () => manager.systemctl("is-active", "--quiet", "coven.service").code === 0;

      const installed = await coven("daemon", "install");
      expect(installed).toMatchObject({ code: 0, err: expect.stringContaining("loginctl enable-linger ") });
      expect(installed.out).toStartWith(`Wrote ${manager.unit}\nCoven daemon: running (pid `);
      const text = readFileSync(manager.unit, "utf8");
      expect(text).toContain(`"COVEN_HOME=${home}"`);
      expect(text).toMatch(/^ExecStart=".*" "daemon" "serve"$/m);
      expect(lstatSync(wanted(manager.unit)).isSymbolicLink()).toBe(true);
      expect(readdirSync(dirname(manager.unit)).filter((name) => name.endsWith(".tmp"))).toEqual([]);
      const first = await at.pid();
      if (kind === "systemd") {
        expect(manager.systemctl("show", "coven.service", "--property=MainPID", "--value").out).toBe(
          `${first}`,
        );
      }

      // Twice is once: nothing is stopped for it.
      const again = await coven("daemon", "install");
      expect(again.err).toContain(`Installed already: ${manager.unit}`);
      expect(await at.pid()).toBe(first);

      expect((await coven("daemon", "stop")).out).toBe("Coven daemon: stopped\n");
      await until("the manager knows that it ended", () => !kept());
      // A command that needs the daemon has the manager start it; it used to start one of its own beside the unit.
      expect((await coven("sessions", "--json")).out).toBe('{"sessions":[]}\n');
      expect(kept()).toBe(true);

      const second = await at.pid();
      expect((await coven("daemon", "restart")).out).toStartWith("Coven daemon: restarted (pid ");
      expect(kept()).toBe(true);
      expect(await at.pid()).not.toBe(second);

      const removed = await coven("daemon", "uninstall");
      expect(removed).toMatchObject({ code: 0, out: `Removed ${manager.unit}\n` });
      expect([existsSync(manager.unit), await at.pid()]).toEqual([false, undefined]);
      expect(() => lstatSync(wanted(manager.unit))).toThrow("ENOENT");
      expect((await coven("daemon", "uninstall")).out).toBe("Coven daemon: was not installed\n");
    },
    30_000,
  );

  here(
    "live sessions are never ended unasked",
    async () => {
      await using at = await scene(kind);
      const id = (await at.coven("run", "demo", "sleep 600", "--detach")).out.trim();
      const refused = await at.coven("daemon", "install");
      expect([refused.code, refused.out]).toEqual([1, ""]);
      expect(refused.err).toContain(`running and would be ended:\n  ${id.slice(0, 8)}  demo  sleep 600\n`);
      // By the path it was started with: that is what works here.
      expect(refused.err).toContain(`Try: ${executable} daemon install --force`);
      expect(existsSync(at.manager.unit)).toBe(false);

      expect((await at.coven("daemon", "install", "--force")).code).toBe(0);
      expect((await at.line.home.client.session(id)).status).toBe("killed");
      const next = (await at.coven("run", "demo", "sleep 600", "--detach")).out.trim();
      expect((await at.coven("daemon", "uninstall")).err).toContain(`  ${next.slice(0, 8)}  demo`);
      expect(existsSync(at.manager.unit)).toBe(true);
      expect(at.manager.systemctl("stop", "coven.service").code).toBe(4);
      expect((await at.line.home.client.session(next)).status).toBe("running");
      expect((await at.coven("daemon", "uninstall", "--force")).code).toBe(0);
    },
    30_000,
  );

  here(
    "where the program that it would start is gone, restart refuses and ends nothing",
    async () => {
      await using at = await scene(kind);
      await at.coven("daemon", "install");
      const before = await at.pid();
      const id = (await at.coven("run", "demo", "sleep 600", "--detach")).out.trim();
      const text = readFileSync(at.manager.unit, "utf8");
      writeFileSync(at.manager.unit, text.replace(executable, `${executable}-gone`));
      at.manager.systemctl("daemon-reload");
      const { code, err } = await at.coven("daemon", "restart", "--force");
      expect([code, err]).toEqual([1, expect.stringContaining(`${executable}-gone`)]);
      expect(await at.pid()).toBe(before);
      expect((await at.line.home.client.session(id)).status).toBe("running");
      // What mends it.
      expect((await at.coven("daemon", "install", "--force")).code).toBe(0);
      expect(readFileSync(at.manager.unit, "utf8")).toBe(text);
    },
    30_000,
  );

  here(
    "a daemon that cannot start is given up on, with its own reason",
    async () => {
      await using at = await scene(kind);
      await at.coven("daemon", "install");
      await at.coven("daemon", "stop");
      writeFileSync(at.line.home.paths.config, '[record]\ninput = "no"\n');
      const { code, err } = await at.coven("sessions");
      expect(code).toBe(1);
      expect(err).toContain("record.input must be true or false");
    },
    30_000,
  );
});

testUnless(noManager)(
  "systemd brings it back after a crash, and finds nothing wrong with the file",
  async () => {
    await using at = await scene("systemd");
    await at.coven("daemon", "install");
    const first = await at.pid();
    if (first === undefined) throw new Error("no daemon");
    signalOwn(first, "SIGKILL");
    const pidNow = () =>
      Number(at.manager.systemctl("show", "coven.service", "--property=MainPID", "--value").out);
    const second = await until("systemd has started another", () => {
      const pid = pidNow();
      return pid > 0 && pid !== first && runs(pid) ? pid : undefined;
    });
    await at.coven("daemon", "start");
    expect(await at.pid()).toBe(second);
    const check = Bun.spawnSync(["systemd-analyze", "--user", "--man=no", "verify", at.manager.unit], {
      env: { PATH: "/usr/bin:/bin", ...at.manager.env },
    });
    expect([check.exitCode, check.stderr.toString()]).toEqual([0, ""]);
  },
  30_000,
);

testUnless(noManager)(
  "a reload has the daemon go on as the program that the unit names, with its session",
  async () => {
    await using at = await scene("systemd");
    await at.coven("daemon", "install");
    const before = await at.pid();
    const id = (await at.coven("run", "demo", "sleep 600", "--detach")).out.trim();
    const startedAt = JSON.parse((await at.coven("daemon", "status", "--json")).out).started_at;
    expect(at.manager.systemctl("reload", "coven.service").code).toBe(0);
    const status = JSON.parse((await at.coven("daemon", "status", "--json")).out);
    expect(status.pid).toBe(before);
    expect(status.started_at).not.toBe(startedAt);
    expect((await at.line.home.client.session(id)).status).toBe("running");
    const main = at.manager.systemctl(
      "show",
      "coven.service",
      "--property=MainPID,ActiveState",
      "--value",
    ).out;
    expect(main.split("\n").sort()).toEqual([String(before), "active"]);
    expect((await at.coven("kill", id)).code).toBe(0);
  },
  30_000,
);

/** The pid systemd has for the daemon, once there is another than these and it answers. */
async function nextPid(at: Scene, before: readonly number[]): Promise<number> {
  const main = () =>
    Number(at.manager.systemctl("show", "coven.service", "--property=MainPID", "--value").out);
  return until(
    "systemd has started another, and it serves",
    () => {
      const pid = main();
      if (pid <= 0 || before.includes(pid) || !runs(pid)) return undefined;
      return readIdentity(at.line.home.paths.identity)?.pid === pid ? pid : undefined;
    },
    20_000,
  );
}

function readIdentity(path: string): { pid?: number } | undefined {
  try {
    return JSON.parse(readFileSync(path, "utf8"));
  } catch {
    return undefined;
  }
}

/** The most that one crash may take of what a session prints: what was read in one turn of the loop and not recorded (docs/SAFETY.md). */
const MOST_LOST = 512 * 1024;

// Before, every session ended with a daemon that was killed.
testUnless(noManager)(
  "sessions outlive a daemon that is killed: floods and prompts go on, exit codes and keys arrive, and a reload follows",
  async () => {
    await using at = await scene("systemd");
    const { client, project: projectRoot } = at.line.home;
    await at.coven("daemon", "install");
    at.line.home.script("codex", 'eval "$1"');
    const launch = (prompt: string) =>
      client.launch({ projectRoot, harness: "codex", prompt, cols: 90, rows: 30 });
    const shows = (id: string, what: RegExp) =>
      until(`it shows ${what}`, async () => what.test((await client.screen(id)).lines.join("\n")));
    const last = 1_500_000;
    const flood = await launch(`i=0; while [ $i -lt ${last} ]; do i=$((i+1)); echo line $i; done; exit 7`);
    const asks = await launch(
      "printf '\\033[?1049h\\033[?2004hname? \\033]7501;state=blocked:kind=question\\007'; read -r name; echo hello $name; read -r more; exit 3",
    );
    const short = await launch("read -r go; sleep 0.3; exit 5");
    await shows(asks.id, /name\?/);
    await shows(flood.id, /line \d{5}/);
    const pids = [await nextPid(at, [])];
    for (const [crash, keys] of ["you\r", ""].entries()) {
      // It ends while nobody is there: its exit code is known all the same.
      if (crash === 0) await client.input(short.id, "go\r");
      signalOwn(pids.at(-1) ?? 0, "SIGKILL");
      pids.push(await nextPid(at, pids));
      const sessions = await Promise.all([flood, asks].map(({ id }) => client.session(id)));
      expect(sessions.map(({ status, pid }) => [status, pid])).toEqual([
        ["running", flood.pid],
        ["running", asks.pid],
      ]);
      const { cols, rows, lines, alternate } = await client.screen(asks.id);
      expect([cols, rows, lines[0]?.slice(0, 5), alternate]).toEqual([90, 30, "name?", true]);
      expect((await client.session(asks.id)).attention).toMatchObject(
        keys === "" ? { state: "unknown", source: "input" } : { state: "waiting", kind: "question" },
      );
      if (keys !== "") await client.input(asks.id, keys);
      await shows(asks.id, /hello you/);
    }
    // And replaced in place, it hands on programs that are nobody's children there.
    expect(at.manager.systemctl("reload", "coven.service").code).toBe(0);
    await client.input(asks.id, "now\r");
    const ended = ({ id }: { readonly id: string }) =>
      until(
        "it has ended",
        async () => {
          const { status, exit_code } = await client.session(id);
          return status === "running" ? undefined : [status, exit_code];
        },
        60_000,
      );
    expect(await Promise.all([asks, short, flood].map(ended))).toEqual([
      ["failed", 3],
      ["failed", 5],
      ["failed", 7],
    ]);
    const said = (await client.sessionEvents(asks.id)).events
      .filter(({ kind }) => kind === "metadata")
      .map(({ payload_json }) => JSON.parse(payload_json).event);
    expect(said.filter((event) => event !== "attention")).toEqual([
      "daemon_crashed",
      "daemon_crashed",
      "daemon_restarted",
    ]);
    let seen = 0;
    let missing = 0;
    const chunks: Uint8Array[] = [];
    for await (const chunk of client.output(flood.id)) chunks.push(chunk);
    const printed = Buffer.concat(chunks).toString("latin1");
    for (const [, number = ""] of printed.matchAll(/^line (\d+)\r$/gm)) {
      // In order, and none twice.
      if (Number(number) <= seen) throw new Error(`${number} after ${seen}`);
      missing += (Number(number) - seen - 1) * `line ${number}\r\n`.length;
      seen = Number(number);
    }
    expect(seen).toBe(last);
    expect(missing).toBeLessThan(2 * MOST_LOST);
    const left = at.manager.systemctl("show", "coven.service", "--property=NFileDescriptorStore", "--value");
    expect(left.out).toBe("0");
  },
  120_000,
);

testUnless(noManager)(
  "a kill that was under way when the daemon was killed ends its session all the same",
  async () => {
    await using at = await scene("systemd");
    await at.coven("daemon", "install");
    const { id, pids: resisting } = await resists(at);
    const pids = [await nextPid(at, [])];
    await at.line.home.client.kill(id);
    signalOwn(pids[0] ?? 0, "SIGKILL");
    await nextPid(at, pids);
    await until(
      "it is settled",
      async () => (await at.line.home.client.session(id)).status === "killed",
      20_000,
    );
    expect(resisting.filter(runs)).toEqual([]);
  },
  60_000,
);

/** A session whose two processes ignore whatever they may, one of them in a session of its own. */
async function resists({ line }: Scene): Promise<{ id: string; pids: number[] }> {
  const ignores = `trap "" HUP TERM INT`;
  const forever = "while :; do sleep 1; done";
  line.home.script(
    "codex",
    `${ignores}; (setsid sh -c '${ignores}; ${forever}' </dev/null >/dev/null 2>&1 & echo "pid $!"); echo up; ${forever}`,
  );
  const { client, project: projectRoot } = line.home;
  const { id, pid } = await client.launch({ projectRoot, harness: "codex", prompt: "go" });
  for (;;) {
    const printed = (await client.screen(id)).lines.join("\n");
    if (printed.includes("up")) return { id, pids: [pid ?? 0, Number(/pid (\d+)/.exec(printed)?.[1])] };
    await Bun.sleep(20);
  }
}

testUnless(noManager)(
  "at a logout the daemon ends its sessions by their own rules, and the record says so",
  async () => {
    await using at = await scene("systemd");
    await at.coven("daemon", "install");
    const { id, pids } = await resists(at);
    // Ended in order, it stops what it keeps.
    await at.manager[Symbol.asyncDispose]();
    expect(pids.filter(runs)).toEqual([]);
    await at.line.home.start();
    expect((await at.line.home.client.session(id)).status).toBe("killed");
  },
  30_000,
);

// Regression: after five crashes within ten seconds systemd gave up. Nobody ended what resists, and nobody answered, until a person came.
testUnless(noManager)(
  "systemd brings it back however often it crashes in a row, and where it keeps no terminals (a unit of before) what is left of sessions is ended in the end",
  async () => {
    await using at = await scene("systemd");
    await at.coven("daemon", "install");
    const before = readFileSync(at.manager.unit, "utf8").replace(
      /^(NotifyAccess|FileDescriptorStoreMax)=.*\n/gm,
      "",
    );
    writeFileSync(at.manager.unit, before);
    at.manager.systemctl("daemon-reload");
    // What it has been told of its socket counts from the next start on.
    const first = await nextPid(at, []);
    signalOwn(first, "SIGKILL");
    await nextPid(at, [first]);
    const { id, pids: resisting } = await resists(at);
    const pids = [await nextPid(at, [])];
    for (let crash = 0; crash < 7; crash++) {
      signalOwn(pids.at(-1) ?? 0, "SIGKILL");
      pids.push(await nextPid(at, pids));
    }
    await until("all of it is gone", () => !resisting.some(runs), 20_000);
    expect((await at.line.home.client.session(id)).status).toBe("orphaned");
    expect(runs(pids.at(-1) ?? 0)).toBe(true);
  },
  60_000,
);

// Regression: it was started five times in as many seconds, each time in vain.
testUnless(noManager).each([
  [
    "a setting that can't be meant",
    "78",
    async (at: Scene) => writeFileSync(at.line.home.paths.config, '[record]\ninput = "no"\n'),
  ],
  ["another daemon of this home", "78", async (at: Scene) => void (await at.line.home.start())],
  [
    "a program that is gone",
    "203",
    async ({ manager }: Scene) => {
      const text = readFileSync(manager.unit, "utf8");
      writeFileSync(manager.unit, text.replace(executable, `${executable}-gone`));
      manager.systemctl("daemon-reload");
    },
  ],
])(
  "what starting again does not mend is tried once: %s",
  async (_, code, spoil) => {
    await using at = await scene("systemd");
    const show = (name: string) =>
      at.manager.systemctl("show", "coven.service", `--property=${name}`, "--value").out;
    await at.coven("daemon", "install");
    await at.coven("daemon", "stop");
    await until("it knows", () => show("ActiveState") === "inactive");
    await spoil(at);
    at.manager.systemctl("start", "coven.service");
    await until("it has given up", () => show("ActiveState") === "failed");
    expect([show("NRestarts"), show("Result"), show("ExecMainStatus")]).toEqual(["0", "exit-code", code]);
  },
  30_000,
);

testUnless(notLinux)("where no manager answers: said, and nothing stopped or written", async () => {
  await using at = await scene("script", true);
  await at.coven("daemon", "start");
  const before = await at.pid();
  const { code, err } = await at.coven("daemon", "install");
  expect(code).toBe(1);
  expect(err).toContain("Error: systemd cannot be asked to keep the daemon: Failed to connect to bus");
  expect(existsSync(at.manager.unit)).toBe(false);
  expect(await at.pid()).toBe(before);
});

testUnless(notLinux)("the unit of another home is left alone, and starts nothing here", async () => {
  await using at = await scene("script");
  mkdirSync(dirname(at.manager.unit), { recursive: true });
  const theirs = '[Service]\nExecStart="/bin/true"\nEnvironment="COVEN_HOME=/another"\n';
  writeFileSync(at.manager.unit, theirs);
  for (const verb of ["install", "uninstall"]) {
    const { code, err } = await at.coven("daemon", verb);
    expect([code, err]).toEqual([1, expect.stringContaining("belongs to the daemon of another COVEN_HOME")]);
  }
  expect((await at.coven("daemon", "start")).code).toBe(0);
  expect(readFileSync(at.manager.unit, "utf8")).toBe(theirs);
  expect(existsSync(join(at.line.home.base, "asked"))).toBe(false);
});

testUnless(notLinux).each([
  ".npm/_npx/1a2b/node_modules/coven/bin",
  "dlx-4711",
  "bunx-1000-coven",
  ".bunx-0/x@1",
])("what a package runner keeps in %s is not installed: it may be deleted at any time", async (cache) => {
  const borrowed = join(trial, cache, "coven");
  mkdirSync(dirname(borrowed), { recursive: true });
  linkSync(executable, borrowed);
  await using line = commandLine([borrowed]);
  const made = scriptedManager(line.home.base, `${line.home.bin}:/usr/bin:/bin`);
  const { code, err } = await line.coven(["daemon", "install"], { env: made.env });
  expect([code, err]).toEqual([1, expect.stringContaining("may be deleted at any time")]);
  expect(err).toContain("Try: npm install --global @opencoven/cli && coven daemon install\n");
  expect([existsSync(made.unit), existsSync(line.home.paths.home)]).toEqual([false, false]);
});
