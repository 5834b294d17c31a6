// The process of the daemon: what it sets up for itself, who may be it, and when it goes.
import { requestContext } from "../api/request-id.ts";
import { readConfig } from "../config.ts";
import { CovenError } from "../errors.ts";
import { harnesses } from "../harness/harnesses.ts";
import { versions } from "../harness/questions.ts";
import { makeHome } from "../home.ts";
import { reapInherited } from "../os/children.ts";
import { closeOnExec } from "../os/descriptors.ts";
import { environment } from "../os/environment.ts";
import { systemProcesses } from "../os/processes.ts";
import { unblockSignals } from "../os/signal-mask.ts";
import { type CovenPaths, covenPaths } from "../paths.ts";
import { selfCommand } from "../program.ts";
import { ptyHost } from "../pty/drivers.ts";
import { screenHost } from "../screen/host.ts";
import type { TerminalKeeper } from "../session/ports/pty.ts";
import type { Log } from "../session/ports/world.ts";
import { COVEN_VERSION } from "../version.ts";
import { createDaemon, type Daemon, type DaemonPorts } from "./daemon.ts";
import { type Inherited, takeHandover } from "./handover.ts";
import { withInput } from "./harness-input.ts";
import { becomePrivate, forHarnesses } from "./harness-processes.ts";
import { terminalKeeper } from "./keeper.ts";
import { adoptLock, type Lock, tryLock } from "./lock.ts";
import { errorFields, openLog } from "./log.ts";
import { asCovenError, reporter } from "./report.ts";
import { realWorld } from "./world.ts";

export { exitCodeOf } from "./report.ts";

/**
 * Is the daemon of `COVEN_HOME` until it is asked to stop (`POST /shutdown`, SIGTERM, SIGINT); resolves to the exit code.
 * Rejects, with nothing left open, when it cannot become it; whoever started it gets the reason as well.
 */
export async function serve(): Promise<number> {
  // Before any file is made: nothing of ours is ever readable for others, whatever the starter's umask was.
  const started = becomePrivate();
  // The terminal it was started from may close; that is no reason to go.
  process.on("SIGHUP", () => {});
  const report = reporter(process.env);
  for (const name of ["BUN_OPTIONS", "BUN_BE_BUN"]) delete process.env[name];
  const inherited = takeHandover(process.env);
  try {
    const paths = covenPaths(process.env);
    makeHome(paths);
    // No directory is kept from being removed or unmounted by a daemon that once started in it.
    process.chdir("/");
    using held = new DisposableStack();
    const lock = (inherited && adoptLock(paths.lock, inherited.lock)) ?? tryLock(paths.lock);
    if (!lock) {
      report({ outcome: "held" });
      throw new CovenError("runtime_unavailable", `Another Coven daemon serves ${paths.home}.`, {
        reason: "held",
      });
    }
    held.defer(() => lock.release());
    const log = openLog(paths.log, realWorld.now, {}, requestContext);
    held.defer(() => log.close());
    watchAccidents(log);
    const keeper = terminalKeeper(process.env, { world: realWorld, log });
    await serveUntilAsked(paths, log, { started, lock, inherited, keeper }, () =>
      report({ outcome: "serving", pid: process.pid }),
    );
    log.info("daemon_stopped");
    return 0;
  } catch (error) {
    report({ outcome: "failed", error: asCovenError(error) });
    throw error;
  }
}

/** What this process is beside its daemon. */
interface Holder {
  /** The umask it was started with. */
  readonly started: number;
  readonly lock: Lock;
  readonly inherited: Inherited | undefined;
  readonly keeper: TerminalKeeper | undefined;
}

/** Has a daemon serve until somebody asks it to stop, and takes it down. */
async function serveUntilAsked(
  paths: CovenPaths,
  log: Log,
  { started, lock, inherited, keeper }: Holder,
  serving: () => void,
): Promise<void> {
  const left = legacyOf(inherited, log);
  const umask = left.umask ?? started;
  const { promise: asked, resolve: stop } = Promise.withResolvers<string>();
  for (const signal of ["SIGTERM", "SIGINT"] as const) process.on(signal, () => stop(signal));
  // Those that came while one program replaced another were held back.
  if (inherited) unblockSignals();
  let legacy: Legacy | undefined = inherited ? { ...left, owned: inherited.ledger } : undefined;
  for (let why: string | undefined; why === undefined; ) {
    const { promise: writable, resolve: reopen } = Promise.withResolvers<undefined>();
    await using daemon = await startedDaemon(paths, log, umask, {
      shutdown() {
        // Before the answer goes out: who has it and looks for a daemon finds none, and waits for the lock.
        daemon.leave();
        stop("asked to");
      },
      reopen: () => reopen(undefined),
      keeper,
      succession: { lock: lock.descriptor, umask, self: selfCommand },
      ...(legacy ? { inherited: legacy } : {}),
    });
    // Where the disk takes nothing nobody is adopted yet: their programs wait, and the next daemon begins with them.
    legacy = daemon.monitor.ledger.readOnly && legacy ? { ...legacy, owned: undefined } : undefined;
    serving();
    why = await Promise.race([asked, writable]);
    log.info("daemon_stopping", {
      why: why ?? "the disk takes writes again",
      live: daemon.coven.running().length,
    });
  }
}

type Legacy = NonNullable<DaemonPorts["inherited"]>;

/** The sessions that were left to this process and the umask they began under, or why they are lost. */
function legacyOf(inherited: Inherited | undefined, log: Log): Legacy & { readonly umask?: number } {
  if (!inherited) return {};
  const { handover } = inherited;
  if (!("problem" in handover)) {
    reapInherited(new Set(handover.sessions.map(({ leader }) => leader.pid)));
    return { handed: handover, umask: handover.umask };
  }
  // Nobody knows which descriptors are terminals; at least no child gets them.
  closeOnExec();
  log.error("handover_not_read", { reason: handover.problem });
  return {
    lost: `the daemon was replaced, and the new one could not read what was handed over: ${handover.problem}`,
  };
}

/** The daemon on this machine, as its user has set it up. */
async function startedDaemon(
  paths: CovenPaths,
  log: Log,
  umask: number,
  asked: Pick<DaemonPorts, "shutdown" | "reopen" | "succession" | "inherited" | "keeper">,
): Promise<Daemon> {
  try {
    // A setting that cannot be meant is refused now, in words, rather than ignored: recording and retention are among them.
    const { config, policies, warnings } = readConfig(paths.config);
    for (const warning of warnings) log.warn("config_warning", { warning });
    return await createDaemon(
      {
        paths,
        version: COVEN_VERSION,
        scrollback: config["screen.scrollback"],
        recordInput: config["record.input"],
        leastFreeMemory: config["launch.free_memory"],
        policies,
        approvals: {
          ms: config["policy.wait_minutes"] * 60_000,
          approvers: config["policy.approvers"],
          approveOwn: config["policy.approve_own"],
        },
        sessionMaxBytes: config["retention.session_max"],
        retention: {
          days: config["retention.days"],
          maxBytes: config["retention.max_bytes"],
          clockOkUntil: config["retention.clock_ok"],
        },
      },
      {
        ptys: forHarnesses(withInput(ptyHost(process.env), paths.home, selfCommand), umask),
        processes: systemProcesses(),
        harnesses: harnesses({
          manifestDir: paths.harnesses,
          self: selfCommand,
          enabled: () => readConfig(paths.config).config["harness.enabled"],
          versionOf: versions(),
        }),
        notify() {
          const { config } = readConfig(paths.config);
          return { command: config["notify.command"], desktop: config["notify.desktop"] };
        },
        world: realWorld,
        log,
        screens: screenHost(),
        env: environment(),
        ...asked,
      },
    );
  } catch (error) {
    log.error("daemon_not_started", { version: COVEN_VERSION, ...errorFields(error) });
    throw error;
  }
}

/** The daemon outlives its bugs: each is in the log with its stack, and the sessions go on. */
function watchAccidents(log: Log): void {
  process.on("uncaughtException", (error) => log.error("uncaught_exception", errorFields(error)));
  process.on("unhandledRejection", (reason) => log.error("unhandled_rejection", errorFields(reason)));
}
