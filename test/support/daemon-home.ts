// A home in a temporary directory with real daemons in it, and that none of them outlives its test.
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type CovenClient, covenClient } from "../../src/api/client.ts";
import { isLocked } from "../../src/daemon/lock.ts";
import { type CovenPaths, covenPaths } from "../../src/paths.ts";
import { type LifecycleOptions, startDaemon, stopDaemon } from "../../src/supervise/lifecycle.ts";
import { claim } from "./signal.ts";
import { until } from "./until.ts";

export { until };

/** The daemon from its source, whoever the test's own main module is. */
export const MAIN = join(import.meta.dir, "../../src/main.ts");

/** One home, and what a test does with it. */
export interface DaemonHome extends AsyncDisposable {
  /** Everything of this test lies beneath it. */
  readonly base: string;
  readonly paths: CovenPaths;
  /** First on the PATH of the daemon and of commands. `coven` is there, as where it is installed. */
  readonly bin: string;
  /** A directory to launch sessions in. */
  readonly project: string;
  /** Options that start the daemon with this home's environment and nothing of the tester's. */
  readonly options: LifecycleOptions;
  readonly client: CovenClient;
  /** Starts it and returns its pid. */
  start(): Promise<number>;
  /** Puts an executable shell script on the daemon's PATH. */
  script(name: string, body: string): void;
}

/** Makes one. Dispose of it (`await using`): its daemon is stopped by force and its directory removed. */
export function daemonHome(env: Readonly<Record<string, string>> = {}): DaemonHome {
  const base = mkdtempSync(join(tmpdir(), "cv-d-"));
  const paths = covenPaths({ COVEN_HOME: join(base, "h") });
  const bin = join(base, "bin");
  const project = join(base, "p");
  for (const directory of [bin, project]) mkdirSync(directory);
  const own = { HOME: base, COVEN_HOME: paths.home, PATH: `${bin}:/usr/bin:/bin`, ...env };
  script(bin, "coven", `exec "${process.execPath}" "${MAIN}" "$@"`);
  claim(`COVEN_HOME=${paths.home}`);
  const pairs = Object.entries(own).map(([name, value]) => `${name}=${value}`);
  const handed = ["COVEN_REPORT_FD", "COVEN_HANDOVER_FD"].map((name) => `${name}="$${name}"`).join(" ");
  const command = ["/bin/sh", "-c", `exec /usr/bin/env -i ${handed} "$@"`, "sh", ...pairs];
  const options: LifecycleOptions = { command: [...command, process.execPath, MAIN, "daemon", "serve"] };
  return {
    base,
    paths,
    bin,
    project,
    options,
    client: covenClient(paths.socket),
    start: async () => (await startDaemon(paths, options)).pid,
    script: (name, body) => script(bin, name, body),
    async [Symbol.asyncDispose]() {
      // A test may leave a directory, a stranger or nothing at all in the daemon's place.
      await stopDaemon(paths, { force: true, answerMs: 500, patienceMs: 3_000 }).catch(() => {});
      rmSync(base, { recursive: true, force: true });
    },
  };
}

function script(directory: string, name: string, body: string): void {
  writeFileSync(join(directory, name), `#!/bin/sh\n${body}\n`);
  chmodSync(join(directory, name), 0o755);
}

/** Waits until nobody is the daemon of this home. */
export function gone(paths: CovenPaths): Promise<boolean> {
  return until("the lock is free", () => !isLocked(paths.lock));
}

/** Every entry beneath a directory with its mode: `{"coven.sock": "600"}`. */
export function modesBeneath(directory: string): Record<string, string> {
  const names = readdirSync(directory, { recursive: true }) as string[];
  return Object.fromEntries(
    names.sort().map((name) => [name, (lstatSync(join(directory, name)).mode & 0o777).toString(8)]),
  );
}

/** The lines of the daemon's log. */
export function logLines(paths: CovenPaths): Record<string, unknown>[] {
  return readFileSync(paths.log, "utf8")
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line));
}
