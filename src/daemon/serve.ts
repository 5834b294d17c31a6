// Owns the daemon from its first instruction to its last: the composition root. What is opened here in order is closed in reverse.
import { requestContext } from "../api/request-id.ts";
import { startServer } from "../api/server.ts";
import { readConfig } from "../config.ts";
import { CovenError } from "../errors.ts";
import { harnesses } from "../harness/harnesses.ts";
import { makeHome } from "../home.ts";
import { type CovenPaths, covenPaths } from "../paths.ts";
import { selfCommand } from "../program.ts";
import { ptyHost } from "../pty/drivers.ts";
import { systemProcesses } from "../pty/processes.ts";
import { screenHost } from "../screen/host.ts";
import { Coven } from "../session/coven.ts";
import { openLedger } from "../store/ledger.ts";
import { API_VERSION, COVEN_VERSION } from "../version.ts";
import { removeIdentity, writeIdentity } from "./identity.ts";
import { type Lock, tryLock } from "./lock.ts";
import { errorFields, openLog } from "./log.ts";
import { watchPeers } from "./peers.ts";
import { asCovenError, reporter } from "./report.ts";
import { startRetention } from "./retention.ts";
import { bindSocket } from "./socket.ts";
import { type Step, takeDown } from "./stopping.ts";
import { becomePrivate, underUmask } from "./umask.ts";
import { startVitals } from "./vitals.ts";
import { watchModes } from "./watch-modes.ts";
import { realWorld } from "./world.ts";

/** Longer than any orderly end of every session takes (grace, drain, settle). */
const SESSIONS_MS = 15_000;
/** How long answers under way may still take once nothing new is accepted. */
const ANSWERS_MS = 1_000;

/**
 * Is the daemon of `COVEN_HOME` until it is asked to stop (`POST /shutdown`, SIGTERM, SIGINT); resolves to the exit code.
 * Rejects, with nothing left open, when it cannot become it; whoever started it gets the reason as well.
 */
export async function serve(): Promise<number> {
  // Before any file is made: nothing of ours is ever readable for others, whatever the starter's umask was.
  const umask = becomePrivate();
  // The terminal it was started from may close; that is no reason to go.
  process.on("SIGHUP", () => {});
  const report = reporter(process.env);
  for (const name of ["BUN_OPTIONS", "BUN_BE_BUN"]) delete process.env[name];
  try {
    const paths = covenPaths(process.env);
    makeHome(paths);
    // No directory is kept from being removed or unmounted by a daemon that once started in it.
    process.chdir("/");
    const lock = tryLock(paths.lock);
    if (!lock) {
      report({ outcome: "held" });
      throw new CovenError("runtime_unavailable", `Another Coven daemon serves ${paths.home}.`);
    }
    const { stopped } = await open(paths, lock, umask);
    report({ outcome: "serving", pid: process.pid });
    await stopped;
    return 0;
  } catch (error) {
    report({ outcome: "failed", error: asCovenError(error) });
    throw error;
  }
}

/** Opens everything, or nothing: what was opened before a failure is closed again. Harnesses start under `umask`. */
async function open(paths: CovenPaths, lock: Lock, umask: number): Promise<{ stopped: Promise<void> }> {
  const world = realWorld;
  const began = world.monotonic();
  const identity = { pid: process.pid, startedAt: world.now(), socket: paths.socket };
  const log = openLog(paths.log, world.now, {}, requestContext);
  watchAccidents(log);
  let going = false;
  /** What there is to do when it goes, the last opened first. */
  const steps: Step[] = [
    {
      name: "log",
      ms: 0,
      run: () => {
        if (going) log.info("daemon_stopped");
        log.close();
      },
    },
    { name: "lock", ms: 0, run: () => lock.release() },
  ];
  const opened = (...more: Step[]) => steps.unshift(...more);

  try {
    // A setting that cannot be meant is refused now, in words, rather than ignored: recording and retention are among them.
    const { config, warnings } = readConfig(paths.config);
    for (const warning of warnings) log.warn("config_warning", { warning });
    const ptys = underUmask(ptyHost(process.env), umask);
    const opening = world.monotonic();
    const signs = startVitals(openLedger(paths.ledger, { after: world.after }), paths.ledger, world);
    const { ledger } = signs;
    opened({ name: "ledger", ms: 0, run: () => ledger.close() }, { name: "vitals", ms: 0, run: signs.stop });
    const { sessionsByStatus: sessions, ledgerBytes, walBytes } = signs.vitals();
    const openMs = Math.round(world.monotonic() - opening);
    log.info("ledger_opened", { ledger: paths.ledger, ledgerBytes, walBytes, sessions, openMs });
    const coven = new Coven(
      {
        ledger,
        ptys,
        processes: systemProcesses(),
        harnesses: harnesses({ manifestDir: paths.harnesses, self: selfCommand }),
        world,
        log,
        screens: screenHost(),
        env: ownEnvironment(),
      },
      { scrollback: config["screen.scrollback"], recordInput: config["record.input"] },
    );
    coven.recover();
    const rules = { days: config["retention.days"], maxBytes: config["retention.max_bytes"] };
    const keepToRules = startRetention({ ledger, world, log, sacrifice: (id) => coven.sacrifice(id) }, rules);
    opened({ name: "retention", ms: 0, run: keepToRules });

    const { promise: stopped, resolve } = Promise.withResolvers<void>();
    const stop = (why: string): void => {
      if (going) return;
      going = true;
      log.info("daemon_stopping", { why, live: coven.live().length });
      void takeDown(steps, log).then(resolve);
    };

    // Accepted connections keep the name the socket was bound under.
    const peers = watchPeers(`${paths.socket}.tmp`, log);
    const { bound, name } = await bindSocket(paths.socket, (unix) =>
      startServer({
        unix,
        coven,
        identity,
        version: COVEN_VERSION,
        log,
        world,
        vitals: signs,
        onlyOurs: () => peers.onlyOurs(),
        shutdown: () => stop("asked to"),
      }),
    );
    log.info("socket_bound", { socket: paths.socket });
    opened(
      // First the name: from here on nobody new comes in, and the next daemon waits for the lock.
      { name: "socket", ms: 0, run: () => name.remove() },
      { name: "modes", ms: 0, run: watchModes(paths, { world, log }) },
      { name: "identity", ms: 0, run: () => removeIdentity(paths.identity, identity) },
      { name: "sessions", ms: SESSIONS_MS, run: () => coven.close() },
      { name: "answers", ms: ANSWERS_MS, run: () => bound.stop() },
      { name: "connections", ms: ANSWERS_MS, run: () => bound.stop(true) },
    );
    writeIdentity(paths.identity, identity);
    for (const signal of ["SIGTERM", "SIGINT"] as const) process.on(signal, () => stop(signal));
    log.info("daemon_started", {
      version: COVEN_VERSION,
      contract: API_VERSION,
      socket: paths.socket,
      ledger: paths.ledger,
      pty: ptys.driver,
      bun: Bun.version,
      startMs: Math.round(world.monotonic() - began),
    });
    return { stopped };
  } catch (error) {
    log.error("daemon_not_started", { version: COVEN_VERSION, ...errorFields(error) });
    await takeDown(steps, log);
    throw error;
  }
}

/** The daemon outlives its bugs: each is in the log with its stack, and the sessions go on. */
function watchAccidents(log: ReturnType<typeof openLog>): void {
  process.on("uncaughtException", (error) => log.error("uncaught_exception", errorFields(error)));
  process.on("unhandledRejection", (reason) => log.error("unhandled_rejection", errorFields(reason)));
}

function ownEnvironment(): Record<string, string> {
  const set = (entry: [string, string | undefined]): entry is [string, string] => entry[1] !== undefined;
  return Object.fromEntries(Object.entries(process.env).filter(set));
}
