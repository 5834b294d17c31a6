// A daemon in the test's own process, made as `serve` makes it: a real ledger, real terminals, the real socket; with scripted harnesses.
import { chmodSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type CovenClient, covenClient } from "../../src/api/client.ts";
import type { ServerOptions } from "../../src/api/server.ts";
import type { ApprovalStore } from "../../src/control/approval.ts";
import type { PolicyRule } from "../../src/control/policy.ts";
import { createDaemon, type DaemonConfig } from "../../src/daemon/daemon.ts";
import { realWorld } from "../../src/daemon/world.ts";
import { harnesses } from "../../src/harness/harnesses.ts";
import { systemProcesses } from "../../src/os/processes.ts";
import { covenPaths } from "../../src/paths.ts";
import { ptyHost } from "../../src/pty/drivers.ts";
import { screenHost } from "../../src/screen/host.ts";
import type { Coven } from "../../src/session/coven.ts";
import type { CovenOptions } from "../../src/session/options.ts";
import type { Ledger } from "../../src/session/ports/ledger.ts";
import type { World } from "../../src/session/ports/world.ts";
import { isSettled, type Session, UNASKED } from "../../src/session/session.ts";
import { until } from "./until.ts";

/** One line of evidence, as the daemon would have written it. */
export interface LogLine {
  readonly level: "info" | "warn" | "error";
  readonly event: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** A daemon that runs; `close` ends its sessions and takes its directory away. */
export interface TestDaemon {
  /** Everything it writes is in here; the path is short enough for a socket. */
  readonly dir: string;
  /** An empty project directory, canonical. */
  readonly project: string;
  readonly socket: string;
  readonly client: CovenClient;
  readonly coven: Coven;
  readonly ledger: Ledger;
  readonly approvals: ApprovalStore;
  /** What the server tells of its own state. */
  readonly monitor: ServerOptions["monitor"];
  readonly log: readonly LogLine[];
  /** What `POST /shutdown` asked for, in order; nothing is stopped. */
  readonly shutdowns: readonly boolean[];
  readonly identity: { readonly pid: number; readonly startedAt: string; readonly socket: string };
  /** How many followers wait for news of any session right now. */
  watchers(): number;
  /** Launches the `codex` of this daemon: its prompt is run by `sh`. `exec cat` echoes and stays. */
  launch(script: string, over?: Partial<Parameters<Coven["launch"]>[0]>): Promise<Session>;
  /** The record once the session has settled; fails after ten seconds. */
  settled(id: string): Promise<Session>;
  /** A finished session in the ledger with this output, without any process: one event per chunk. */
  finished(output: readonly (string | Uint8Array)[]): Session;
  close(): Promise<void>;
}

export interface TestDaemonOptions extends CovenOptions {
  readonly world?: World;
  /** Laid over the daemon's environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** The ledger may not grow past this many pages: a disk that is full, by SQLite's own measure. */
  readonly maxPages?: number;
  /** The most output that a session keeps, in bytes. */
  readonly sessionMaxBytes?: number;
  /** Where its directory is made; the system's temporary one unless given. */
  readonly base?: string;
  /** Which actions may be done, as the settings say it. */
  readonly policies?: readonly PolicyRule[];
  /** Who beside the owner decides on approvals, and in which time. */
  readonly approvalRules?: NonNullable<DaemonConfig["approvals"]>;
  /** Puts something into its directory before the daemon starts. */
  before?(dir: string): void;
}

/**
 * `codex` runs the last element of its argv (the prompt) with `sh -c` and ignores the rest; `claude` prints its argv, one
 * element in a line, and ends. Both are small scripts on a PATH of their own, so no agent need be installed.
 */
const SCRIPTS = {
  codex: '#!/bin/sh\nfor prompt; do :; done\nexec sh -c "$prompt"\n',
  claude: `#!/bin/sh\nfor a in "$@"; do printf '%s\\n' "$a"; done\n`,
} as const;

/** Opens a daemon. Close it in `afterEach` or `afterAll`. */
export async function startTestDaemon(options: TestDaemonOptions = {}): Promise<TestDaemon> {
  const dir = realpathSync(mkdtempSync(join(options.base ?? tmpdir(), "cv-")));
  const project = join(dir, "project");
  const bin = join(dir, "bin");
  const socket = join(dir, "coven.sock");
  for (const made of [project, bin]) mkdirSync(made);
  for (const [name, script] of Object.entries(SCRIPTS)) {
    writeFileSync(join(bin, name), script);
    chmodSync(join(bin, name), 0o755);
  }
  options.before?.(dir);
  const log: LogLine[] = [];
  const line =
    (level: LogLine["level"]) =>
    (event: string, fields: LogLine["fields"] = {}) =>
      void log.push({ level, event, fields });
  const world = options.world ?? realWorld;
  const shutdowns: boolean[] = [];
  const main = join(import.meta.dir, "../../src/main.ts");
  const served = await createDaemon(
    {
      graceMs: 300,
      ...options,
      paths: covenPaths({ COVEN_HOME: dir }),
      version: "0.0.0-test",
      retention: { days: 0, maxBytes: 0, clockOkUntil: "" },
      ...(options.approvalRules ? { approvals: options.approvalRules } : {}),
    },
    {
      ptys: ptyHost(process.env),
      processes: systemProcesses(),
      harnesses: harnesses({ manifestDir: join(dir, "harnesses"), self: [process.execPath, main] }),
      world,
      log: { info: line("info"), warn: line("warn"), error: line("error") },
      screens: screenHost(),
      env: { PATH: `${bin}:/usr/bin:/bin`, HOME: dir, LANG: "C.UTF-8", ...options.env },
      shutdown: (force) => void shutdowns.push(force),
      reopen: () => {},
    },
  );
  // What it says while it starts is the same for every test.
  log.length = 0;
  const { coven, identity, monitor } = served;
  const { ledger } = monitor;
  let watching = 0;
  const watch = coven.watch.bind(coven);
  coven.watch = (id, wake) => {
    const unwatch = watch(id, wake);
    watching += 1;
    return () => {
      watching -= 1;
      unwatch();
    };
  };
  const client = covenClient(socket);

  return {
    dir,
    project,
    socket,
    client,
    coven,
    ledger,
    approvals: served.monitor.ledger,
    monitor,
    log,
    shutdowns,
    identity,
    watchers: () => watching,
    launch: (script, over = {}) =>
      client.launch({ projectRoot: project, harness: "codex", prompt: script, ...over }),
    settled: (id) =>
      until(`session ${id} is settled`, () => {
        const session = coven.session(id);
        return isSettled(session.status) ? session : undefined;
      }),
    finished: (output) => {
      const id = world.newId();
      const now = world.now();
      const made = {
        status: "created",
        exit_code: null,
        archived_at: null,
        pid: null,
        signal: null,
        activity: null,
        attention: null,
        ...UNASKED,
      } as const;
      ledger.create({
        ...made,
        id,
        project_root: project,
        cwd: project,
        harness: "codex",
        title: "finished",
        created_at: now,
        updated_at: now,
        launch_mode: "nonInteractive",
      });
      const rows = output.map((data) => ({ kind: "output", data: bytesOf(data) }) as const);
      const exit = { kind: "exit", payload: { exitCode: 0, status: "completed" } } as const;
      ledger.append(id, rows, now);
      ledger.settle(id, { status: "completed", exitCode: 0, signal: null }, [exit], now);
      return coven.session(id);
    },
    close: async () => {
      await served[Symbol.asyncDispose]();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

function bytesOf(data: string | Uint8Array): Uint8Array {
  return typeof data === "string" ? new TextEncoder().encode(data) : data;
}
