// How a session's whole process tree is ended, and how that is proved.
import type { NewEvent } from "./event.ts";
import type { Processes, ProcessIdentity, ProcessInfo } from "./ports/processes.ts";
import type { World } from "./ports/world.ts";
import { type Known, keyOf, treeOf } from "./tree.ts";

/** A process as it stands in an event: never its arguments. */
export interface NamedProcess {
  readonly pid: number;
  readonly name: string;
}

/** What was ended, and what is still there although it was killed. */
export interface StopReport {
  readonly ended: NamedProcess[];
  readonly survived: NamedProcess[];
}

/** Whose tree it is. */
export interface StopTarget {
  readonly processes: Processes;
  readonly sessionId: string;
  /** The harness as it was recorded; undefined when nothing is known of it. */
  readonly leader: ProcessIdentity | undefined;
}

/** How it is ended. */
export interface StopPlan extends StopTarget {
  readonly world: World;
  /** How long the tree may take to end by itself, in milliseconds. */
  readonly graceMs: number;
  /** Who is known to belong to it, and was asked to end: filled as they are found. */
  readonly known?: Known;
}

const POLL_MS = 25;
const VERIFY_MS = 1_000;
const KILL_POLL_MS = 5;
const RETRY_MS = 250;
/** A process in the middle of an exec shows no environment for a moment, so one look that finds nobody proves little. */
const EMPTY_LOOKS = 3;

/**
 * Ends a session whose leader this daemon started. The first signals are sent before this returns; it resolves when
 * everybody is gone, at the latest `graceMs` plus one second later. Never rejects for what a process does.
 */
export function endTree(plan: StopPlan): Promise<StopReport> {
  return new Stop(plan, true).run();
}

/**
 * As endTree, and again until the leader is `gone` or somebody was found: a process without a descriptor to spare can't
 * read the process table, and a kill that was accepted must not be forgotten for that.
 */
export async function endTreeSurely(
  plan: StopPlan & { gone(): boolean; failed(error: unknown): void },
): Promise<StopReport | undefined> {
  for (;;) {
    const report = await endTree(plan).catch(plan.failed);
    if (plan.gone() || (report && report.ended.length + report.survived.length > 0))
      return report ?? undefined;
    await pause(plan.world, RETRY_MS);
  }
}

/**
 * Ends what is left of a session that another daemon held: its recorded leader if pid and start time still belong
 * together, that leader's tree, and whoever carries the mark.
 */
export function endLeftovers(plan: StopPlan): Promise<StopReport> {
  return new Stop(plan, false).run();
}

/** Processes that have shown no environment for as long as anybody looked: they have none. By keyOf. */
const withoutEnvironment = new Set<string>();
const MOST_WITHOUT = 10_000;
/** An exec takes microseconds; on a busy machine the process may have to wait in the middle of one. */
const SILENT_MS = 250;

/**
 * Who outlives a natural exit: alive in the leader's session, or carrying the mark. They are left alone. One look is enough, unless it
 * meets somebody who shows no environment: in the middle of an exec, it may be ours. Then it is looked again, 5 ms apart, for 250 ms at the
 * most; whoever shows none until then is not waited for again. `ledByUs`: its leader was a child of this daemon.
 */
export async function outlivers(
  { processes, sessionId, leader, world }: StopTarget & Pick<StopPlan, "world">,
  ledByUs = true,
): Promise<NamedProcess[]> {
  const known: Known = new Map();
  const deadline = world.monotonic() + SILENT_MS;
  for (;;) {
    const silent = new Set<string>();
    const add = (one: ProcessInfo) => void silent.add(keyOf(one));
    const found = treeOf(processes, { sessionId, leader, known, ledByUs, silent: add });
    for (const one of found) known.set(keyOf(one), one);
    const unsure = Array.from(silent).filter((key) => !known.has(key) && !withoutEnvironment.has(key));
    if (unsure.length === 0) return found.map(named);
    if (world.monotonic() < deadline) {
      await pause(world, KILL_POLL_MS);
      continue;
    }
    if (withoutEnvironment.size > MOST_WITHOUT) withoutEnvironment.clear();
    for (const key of unsure) withoutEnvironment.add(key);
    return found.map(named);
  }
}

/** The last event but one of a session that was ended: who asked for it, who was ended with it, and who is still there; named, never a number alone. */
export function stopped(report: StopReport, by: string | undefined): NewEvent {
  return { kind: "metadata", payload: { event: "stopped", ...(by === undefined ? {} : { by }), ...report } };
}

/** The last event but one of a session that ended by itself: who outlives it, if anybody does. */
export function leftRunning(processes: readonly NamedProcess[]): NewEvent[] {
  return processes.length === 0 ? [] : [{ kind: "metadata", payload: { event: "left_running", processes } }];
}

class Stop {
  readonly #known: Known;

  constructor(
    private readonly plan: StopPlan,
    private readonly ledByUs: boolean,
  ) {
    this.#known = plan.known ?? new Map();
  }

  async run(): Promise<StopReport> {
    const { world, graceMs } = this.plan;
    const deadline = world.monotonic() + graceMs;
    // Newcomers are looked for only when all we know of are gone: looking costs a pass over the whole table.
    for (let empty = 0; empty < EMPTY_LOOKS; ) {
      const some = this.#alive() || this.#ask(this.#find());
      empty = some ? 0 : empty + 1;
      if (world.monotonic() >= deadline) return this.#kill();
      if (empty < EMPTY_LOOKS) await pause(world, some ? POLL_MS : KILL_POLL_MS);
    }
    return this.#report();
  }

  async #kill(): Promise<StopReport> {
    const { world, processes } = this.plan;
    const deadline = world.monotonic() + VERIFY_MS;
    // Looked for again in every round: a process may have started others since, or be starting them right now.
    for (let empty = 0; empty < EMPTY_LOOKS; ) {
      const found = this.#find();
      // The newest first: it is the one that may be gone, with another in its place, in a moment.
      for (const one of found.toReversed()) processes.signal(one, "SIGKILL");
      const some = found.length > 0;
      empty = some ? 0 : empty + 1;
      if (world.monotonic() >= deadline) break;
      if (empty < EMPTY_LOOKS) await pause(world, KILL_POLL_MS);
    }
    return this.#report();
  }

  /** Everybody of the tree who is alive now, the leader first; from now on they are known. */
  #find(): ProcessInfo[] {
    const { processes, sessionId, leader } = this.plan;
    const found = treeOf(processes, { sessionId, leader, known: this.#known, ledByUs: this.ledByUs });
    for (const one of found) this.#known.set(keyOf(one), one);
    const isFirst = (one: ProcessInfo) => Number(one.pid === leader?.pid);
    return found.sort((a, b) => isFirst(b) - isFirst(a));
  }

  /**
   * A terminal's hangup, then the usual request to end, and a stopped process wakes up to hear both. The leader hears
   * it before its children go, or a shell would take their end for the end of its work and exit as if all were well.
   */
  #ask(found: readonly ProcessInfo[]): boolean {
    const { processes } = this.plan;
    for (const one of found) {
      for (const signal of ["SIGHUP", "SIGTERM", "SIGCONT"] as const) processes.signal(one, signal);
    }
    return found.length > 0;
  }

  #alive(): boolean {
    for (const one of this.#known.values()) if (this.#isAlive(one)) return true;
    return false;
  }

  #isAlive(one: ProcessInfo): boolean {
    const now = this.plan.processes.identify(one.pid);
    return now !== undefined && now.startedAt === one.startedAt && !now.dead;
  }

  #report(): StopReport {
    const all = Array.from(this.#known.values());
    const survived = all.filter((one) => this.#isAlive(one));
    const ended = all.filter((one) => !survived.includes(one));
    return { ended: ended.map(named), survived: survived.map(named) };
  }
}

function named({ pid, name }: ProcessInfo): NamedProcess {
  return { pid, name };
}

function pause(world: World, ms: number): Promise<void> {
  return new Promise((go) => {
    world.after(ms, go);
  });
}
