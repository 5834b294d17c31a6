// The composition root: the parts of a daemon put together, in the process of `serve` and in tests alike.

import { closeSync } from "node:fs";
import type { Monitor } from "../api/monitor.ts";
import { isExternalId as isSessionId } from "../api/parse.ts";
import { startServer } from "../api/server.ts";
import { ExternalAdapters } from "../control/external/adapters.ts";
import { ControlPlane } from "../control/plane.ts";
import type { PolicyRule } from "../control/policy.ts";
import { CovenError } from "../errors.ts";
import { type FamiliarEntry, readFamiliars } from "../familiars.ts";
import { checkoutOf } from "../git/checkout.ts";
import { canReplaceProcess, replaceProcess } from "../os/replace-process.ts";
import { newOwnerKey, readOwnerKey, showsKey, writeOwnerKey } from "../owner-key.ts";
import type { CovenPaths } from "../paths.ts";
import { Coven } from "../session/coven.ts";
import type { Handed } from "../session/handover.ts";
import { type CovenOptions, graceMs } from "../session/options.ts";
import type { Log } from "../session/ports/world.ts";
import type { CovenPorts } from "../session/ports.ts";
import { openEarlier } from "../store/earlier-ledger.ts";
import { type Owned, openLedger } from "../store/ledger.ts";
import { API_VERSION } from "../version.ts";
import { watchCrowd } from "./crowd.ts";
import { earlierOf } from "./earlier.ts";
import { relief } from "./greediest.ts";
import {
  HANDOVER_VARIABLE,
  type HandoverVersion,
  handoverVersions,
  inheritance,
  writeHandover,
} from "./handover.ts";
import { type DaemonIdentity, mendIdentity, removeIdentity, writeIdentity } from "./identity.ts";
import { errorFields } from "./log.ts";
import { type LedgerMonitor, startMonitor } from "./monitor.ts";
import { type NotifySettings, watchNotifications } from "./notify.ts";
import { watchPeers } from "./peers.ts";
import { restarter } from "./restart.ts";
import { type RetentionRules, startRetention } from "./retention.ts";
import { watchSizes } from "./session-size.ts";
import { bindSocket, keepSocket } from "./socket.ts";
import { watchModes } from "./watch-modes.ts";
import { every } from "./world.ts";

/** What one daemon is told. */
export interface DaemonConfig extends CovenOptions {
  /** Of a home that exists and is private; its lock is the caller's. */
  readonly paths: CovenPaths;
  /** This build (`health.covenVersion`). */
  readonly version: string;
  readonly retention: RetentionRules;
  /** The most output that a live session keeps, in bytes; 0 or left out: all. */
  readonly sessionMaxBytes?: number;
  /** Which actions may be done, where the user has said so. */
  readonly policies?: readonly PolicyRule[];
  /** How long somebody may take to decide on an action, in milliseconds, and who beside the owner may. */
  readonly approvals?: {
    readonly ms?: number;
    readonly approvers?: readonly string[];
    readonly approveOwn?: boolean;
  };
  /** The ledger may not grow past this many pages of 8 KiB; no bound when left out. */
  readonly maxPages?: number;
}

/** The world it runs in. */
export interface DaemonPorts extends Omit<CovenPorts, "ledger" | "checkouts"> {
  /** Called when a client has asked it to stop and may; returns at once, so that the answer still goes out. */
  shutdown(force: boolean): void;
  /** Called when the ledger could only be opened for reading and the disk takes writes now: the daemon is to be made anew. */
  reopen(): void;
  /** What the user has set of notifications, read each time; nobody is told where it is left out. */
  readonly notify?: () => NotifySettings;
  /** How this process is replaced by another program; left out where it must not be. */
  readonly succession?: Succession;
  /** What the program before this one has left: its sessions, or why they are lost; and the descriptor by which the ledger is held. */
  readonly inherited?: {
    readonly handed?: Handed | undefined;
    readonly lost?: string | undefined;
    readonly owned?: number | undefined;
  };
}

/** What replacing this process takes beside the daemon's own parts. */
interface Succession {
  /** The descriptor of the daemon's lock, where it can be told. */
  lock(): number | undefined;
  /** That harnesses start under. */
  readonly umask: number;
  /** This very program: argv without `daemon serve`. */
  self(): readonly string[];
}

/** A daemon that serves. Disposing of it ends its sessions and takes everything down in order; never rejects. */
export interface Daemon extends AsyncDisposable {
  readonly coven: Coven;
  readonly identity: DaemonIdentity;
  /** Takes the socket's name away: nobody new comes in, and who is connected stays. Disposing of it does so first. */
  leave(): void;
  readonly monitor: LedgerMonitor<ReturnType<typeof openLedger>> & Monitor;
}

/** Longer than any orderly end of every session takes (grace, drain, settle). */
const SESSIONS_MS = 15_000;
/** As above, of adapters. */
const ADAPTERS_MS = 5_000;
/** How often it is looked whether the ledger's file is where it was, with nothing written. */
const MINUTE_MS = 60_000;
/** How often a daemon that can only read looks whether the disk takes writes. */
const STORAGE_MS = 1_000;
/** How long answers under way may still take once nothing new is accepted. */
const ANSWERS_MS = 1_000;
/** As above, where nothing is lost: a client that was cut off comes again and goes on. */
const HANDOVER_ANSWERS_MS = 250;

const COULD_NOT_SERVE = "the daemon was replaced, and the new one could not serve";

/** Opens everything and serves. When a part of it throws, what was opened before is closed again. */
export async function createDaemon(config: DaemonConfig, ports: DaemonPorts): Promise<Daemon> {
  const { paths, version } = config;
  const { world, log } = ports;
  const began = world.monotonic();
  const identity = { pid: process.pid, startedAt: world.now(), socket: paths.socket };
  // What is opened in order is closed in reverse.
  await using opened = new AsyncDisposableStack();
  const closing = (name: string, close: () => unknown, ms = 0) =>
    opened.defer(() => closePart(log, name, close, ms));

  let sayStorage = (): void => {};
  let sayNews = (): void => {};
  const monitor = startMonitor(
    openLedger(paths.ledger, {
      ...config,
      after: world.after,
      owned: ports.inherited?.owned,
      ballast: true,
      announced: () => sayNews(),
      storageChanged: (state, reason) => {
        log[state === "ok" ? "info" : "error"]("storage", { state, reason });
        sayStorage();
      },
    }),
    paths.ledger,
    world,
  );
  const { ledger } = monitor;
  closing("monitor", monitor.stop);
  closing("ledger", () => ledger.close());
  closing("ledger's place", every(world, MINUTE_MS, ledger.verify));
  const { sessionsByStatus: sessions, ledgerBytes, walBytes } = monitor.statistics();
  const openMs = Math.round(world.monotonic() - began);
  log.info("ledger_opened", { ledger: paths.ledger, ledgerBytes, walBytes, sessions, openMs });

  const coven = new Coven({ ...ports, ledger, checkouts: { of: checkoutOf } }, config);
  let serving = false;
  const from = ledger.feedEnd().place;
  sayStorage = () => coven.storageChanged();
  sayNews = () => coven.feedChanged();
  if (ledger.readOnly) {
    log.error("storage", { state: ledger.storage(), reason: "opened for reading only" });
    const look = () => ledger.writable() && ports.reopen();
    closing("storage", every(world, STORAGE_MS, look));
  } else {
    coven.recover(ports.inherited?.handed, ports.inherited?.lost);
    // Their terminals go with this process; what is left of them the next daemon ends.
    closing("adopted sessions", () => serving || coven.orphan(COULD_NOT_SERVE));
    // A worktree is the person's own: it stays, and `coven worktrees` shows it.
    const sacrifice = (id: string) => coven.sacrifice(id, { oneOfMany: true, keepsWorktree: true });
    closing("retention", startRetention({ ledger, world, log, sacrifice }, config.retention));
  }

  const sizes = watchSizes(
    { ledger, running: () => coven.running(), taken: monitor.taken, world, log },
    ledger.readOnly ? 0 : (config.sessionMaxBytes ?? 0),
  );
  closing("sizes", sizes.stop);
  const readings = { ...monitor, printed: sizes.printed };
  const earlier = earlierOf(paths.earlierLedger, openEarlier, ledger, world, isSessionId);
  closing("earlier", earlier.close);
  const external = new ExternalAdapters({
    ...{ directory: paths.controlAdapters, logs: paths.logs, version, world, log },
    ...{ env: ports.env, processes: ports.processes, graceMs: graceMs(config) },
  });
  const { ms: approvalMs, ...deciding } = config.approvals ?? {};
  const control = new ControlPlane({
    ...{ store: ledger, world, log, policies: config.policies ?? [], external, ...deciding },
    ...(approvalMs === undefined ? {} : { approvalMs }),
    changed({ id, action, origin }, how) {
      try {
        ledger.announce({ type: `approval.${how}`, data: { id, action, origin } }, world.now());
      } catch (error) {
        // It is only for those who follow everything: a disk that refuses it stops nothing.
        log.warn("feed_not_kept", { approval: id, ...errorFields(error) });
      }
    },
  });
  const ownerKey = newOwnerKey();
  // Accepted connections keep the name the socket was bound under.
  const peers = watchPeers(`${paths.socket}.tmp`, log);
  const restart = restarter({
    unable: whyNotInPlace(ports),
    self: () => ports.succession?.self() ?? [],
    env: ports.env,
    world,
    log,
    requireReady() {
      if (monitor.storage() === "ok") return;
      throw new CovenError(
        "runtime_unavailable",
        `The ledger takes nothing just now (${monitor.storage()}).`,
      );
    },
    handoverVersions: () => handoverVersions(coven.hasForeign),
    handOver: (command, version) => handOver(command, version),
  });
  const { notify } = ports;
  let isShown = (_: string): boolean => false;
  const notifications = watchNotifications({
    ...{ coven, ledger, world, log, env: ports.env, from },
    settings: notify ?? (() => ({ command: [], desktop: false })),
    isWatched: (id) => isShown(id) && !coven.isAway(id),
  });
  closing("notifications", notifications.stop);
  const serve = (unix: string) =>
    startServer({
      unix,
      coven,
      ledger,
      control,
      isOwner: (shown) => showsKey(shown, ownerKey),
      harnesses: () => ports.harnesses.list(ports.env),
      earlier,
      familiars: () => readFamiliars(paths.familiars).map(atRest),
      identity,
      version,
      log,
      world,
      monitor: readings,
      onlyOurs: () => peers.onlyOurs(),
      relieve: relief(peers, { world, log }),
      shutdown: (force) => ports.shutdown(force),
      notifications,
      restart,
    });
  const { bound, name } = await bindSocket(paths.socket, serve, { wasOurs: ports.inherited !== undefined });
  isShown = (id) => bound.isShown(id);
  log.info("socket_bound", { socket: paths.socket });
  if (!ledger.readOnly) control.recover();
  closing("connections", () => bound.stop(true), ANSWERS_MS);
  closing("answers", () => bound.stop(), ANSWERS_MS);
  closing("sessions", () => coven.close(), SESSIONS_MS);
  closing("adapters", () => external.close(), ADAPTERS_MS);
  closing("control", () => control.close());
  closing("identity", () => removeIdentity(paths.identity, identity));
  closing("modes", watchModes(paths, { world, log }));
  // First the name: from then on nobody new comes in, and the next daemon waits for the lock.
  const listen = (unix: string) => bound.listen(unix);
  let socket = keepSocket(paths.socket, name, listen, { world, log });
  const resume = async () => (coven.handingOver ? undefined : socket.renew());
  const crowd = { peers, world, log, pause: () => bound.pause(), resume };
  closing("crowd", watchCrowd(crowd));
  const leave = () => {
    socket.stop();
    socket.name().remove();
  };
  closing("socket", leave);
  try {
    writeIdentity(paths.identity, identity);
  } catch (error) {
    // `health` says the same. On a disk without room for it the daemon is there to be read from.
    if (!ledger.readOnly && !ports.inherited) throw error;
    log.warn("identity_not_written", errorFields(error));
  }
  const mend = () => {
    try {
      if (mendIdentity(paths.identity, identity)) log.warn("identity_mended", { path: paths.identity });
    } catch (error) {
      log.warn("identity_not_written", errorFields(error));
    }
  };
  closing("identity's place", every(world, MINUTE_MS, mend));
  const showOwner = (missing: boolean) => {
    try {
      if (missing && readOwnerKey(paths.ownerKey) === ownerKey) return;
      writeOwnerKey(paths.ownerKey, ownerKey);
    } catch (error) {
      // Until it can be written nobody decides but who the settings let.
      log.warn("owner_key_not_written", errorFields(error));
    }
  };
  showOwner(false);
  closing(
    "owner's key",
    every(world, MINUTE_MS, () => showOwner(true)),
  );
  log.info("daemon_started", {
    version,
    contract: API_VERSION,
    socket: paths.socket,
    ledger: paths.ledger,
    pty: ports.ptys.driver,
    bun: Bun.version,
    startMs: Math.round(world.monotonic() - began),
  });

  /** Returns only where it failed: rejects, and all is as it was. */
  async function handOver(command: readonly string[], version: HandoverVersion): Promise<never> {
    const began = world.monotonic();
    // The name stays: it leads to nobody until the next program puts its own socket there.
    socket.stop();
    bound.pause();
    coven.sendAway(true);
    control.wakeAll();
    try {
      const deadline = world.monotonic() + HANDOVER_ANSWERS_MS;
      while (bound.busy() > 0 && world.monotonic() < deadline) {
        await new Promise<void>((turn) => world.after(1, turn));
      }
      return await succeed(command, ports, { coven, ledger, began, version });
    } catch (error) {
      coven.sendAway(false);
      socket = keepSocket(paths.socket, socket.name(), listen, { world, log });
      await socket.renew();
      throw error;
    }
  }

  serving = true;
  const parts = opened.move();
  return { coven, identity, monitor: readings, leave, [Symbol.asyncDispose]: () => parts.disposeAsync() };
}

/** As 0.4.6 sends who is not at work; nothing here knows who is. */
function atRest(entry: FamiliarEntry) {
  const rest = { status: "offline", last_seen: "—", active_sessions: 0, memory_freshness: "—" } as const;
  return { ...entry, ...rest };
}

/** Why this daemon can't be replaced in place; undefined where it can. */
function whyNotInPlace({ ptys, succession }: DaemonPorts): string | undefined {
  if (!succession || !canReplaceProcess()) return "only on Linux can one program go on in another's place";
  return ptys.driver === "posix"
    ? undefined
    : `the terminals of the driver ${ptys.driver} can't be handed over`;
}

/** Replaces this process by the program. Rejects where it could not, and the sessions go on here. */
async function succeed(
  command: readonly string[],
  { succession, env, log, world }: DaemonPorts,
  {
    coven,
    ledger,
    began,
    version,
  }: {
    readonly coven: Coven;
    readonly ledger: Owned;
    readonly began: number;
    readonly version: HandoverVersion;
  },
): Promise<never> {
  const lock = succession?.lock();
  if (!succession || lock === undefined) throw new Error("the descriptor of the daemon's lock is unknown");
  // From here to the end it is one turn of the loop: what is read meanwhile would be nobody's.
  const alone = world.monotonic();
  const handed = await coven.handOver();
  let document: number | undefined;
  try {
    const terminals = handed.sessions.flatMap(({ terminal }) =>
      [terminal?.fd, terminal?.process].filter((fd) => typeof fd === "number"),
    );
    const owned = ledger.leave();
    document = writeHandover({ ...handed, pid: process.pid, umask: succession.umask }, version);
    const now = world.monotonic();
    const sessions = handed.sessions.length;
    const [clientsMs, sessionsMs] = [alone - began, now - alone].map(Math.round);
    log.info("handed_over", { sessions, clientsMs, sessionsMs });
    return replaceProcess(
      [...command, "daemon", "serve"],
      { ...env, [HANDOVER_VARIABLE]: inheritance(document, { lock, ledger: owned }) },
      [document, lock, owned, ...terminals],
    );
  } catch (error) {
    if (document !== undefined) closeSync(document);
    coven.takeBack(handed);
    log.error("handover_failed", errorFields(error));
    throw error;
  }
}

/** Closes one part; when that fails or takes longer than `ms`, the log says so and the next part follows. */
async function closePart(log: Log, part: string, close: () => unknown, ms: number): Promise<void> {
  let timer: Timer | undefined;
  try {
    const closed = close();
    if (!(closed instanceof Promise)) return;
    const late = new Promise<"late">((resolve) => {
      timer = setTimeout(resolve, ms, "late");
    });
    if ((await Promise.race([closed, late])) === "late") log.warn("stop_step_late", { step: part, ms });
  } catch (error) {
    log.error("stop_step_failed", { step: part, ...errorFields(error) });
  } finally {
    clearTimeout(timer);
  }
}
