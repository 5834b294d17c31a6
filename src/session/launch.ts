// How a session begins: everything is checked and planned before a row is made or a process started.

import { CovenError } from "../errors.ts";
import type { Attention } from "./attention.ts";
import { boundaryOf, directoriesOf } from "./boundary.ts";
import { type Continued, continued, leavesChoice, noteHeld } from "./conversation.ts";
import { sessionEnvironment } from "./environment.ts";
import type { NewEvent } from "./event.ts";
import { type Familiar, promptAs } from "./familiar.ts";
import type { HandedSession } from "./handover.ts";
import { LiveSession } from "./live.ts";
import { refuseTaken } from "./name.ts";
import { type CovenOptions, graceMs } from "./options.ts";
import type { Asked, HarnessStart } from "./ports/harnesses.ts";
import type { Processes } from "./ports/processes.ts";
import type { CovenPorts } from "./ports.ts";
import {
  DEFAULT_SIZE,
  type LaunchMode,
  type Permission,
  type Session,
  type Size,
  titleOf,
  UNASKED,
  type Visibility,
} from "./session.ts";
import { Terminal } from "./terminal.ts";
import { type AskedWorktree, keptWorktree, worktreeOf } from "./worktree.ts";

/** `POST /sessions` as the domain takes it: shapes are checked, nothing else is. */
export interface LaunchRequest {
  readonly projectRoot: string;
  readonly harness: string;
  /** Blank: the harness is opened without one. */
  readonly prompt: string;
  readonly cwd?: string;
  readonly title?: string;
  /** What it is called; a name that no live session has. */
  readonly name?: string;
  readonly launchMode?: LaunchMode;
  readonly env?: Readonly<Record<string, string>>;
  /** Default true: `env` lies over the daemon's environment; false: it is the whole of it. */
  readonly inheritEnv?: boolean;
  readonly cols?: number;
  readonly rows?: number;
  /** Whom the harness is asked to be. */
  readonly familiar?: Familiar;
  readonly labels?: readonly string[];
  readonly visibility?: Visibility;
  readonly model?: string;
  readonly permission?: Permission;
  /** Absolute. */
  readonly addDirs?: readonly string[];
  readonly conversation?: NonNullable<Asked["conversation"]>;
  /** For the harness, as they are. */
  readonly args?: readonly string[];
  /** The client's own name for the conversation: kept, and nothing else. */
  readonly conversationId?: string;
  /** The id of a session that has ended: its conversation goes on in this one. */
  readonly continues?: string;
  /** Refused while another live session works in the same checkout. */
  readonly exclusive?: boolean;
  /** What it has in common with sessions that were started together. */
  readonly group?: string;
  /** The project root is a git worktree that was made for this session. */
  readonly worktree?: AskedWorktree;
  /** The one policy there is: the harness works alone, may write in its root and these directories, and asks nobody. */
  readonly launchPolicy?: {
    readonly approval: "never";
    readonly sandbox: "workspace-write";
    readonly addDirs?: readonly string[];
  };
}

/** What a launch will do, with nothing done yet. */
export interface LaunchPlan {
  /** The row to make, `created`. */
  readonly session: Session;
  /** The directory with the `.git` that its project lies in; outside of git the project itself. */
  readonly checkout: string;
  readonly start: HarnessStart;
  /** As the harness gets it. */
  readonly prompt: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly size: Size;
}

/** Throws `runtime_unavailable` (details `freeBytes`, `neededBytes`) when less memory is free than a launch may be made with. */
export function requireMemory(processes: Processes, neededBytes: number): void {
  const freeBytes = neededBytes > 0 ? processes.freeMemory() : undefined;
  if (freeBytes === undefined || freeBytes >= neededBytes) return;
  const mb = (bytes: number) => Math.floor(bytes / 1e6);
  throw new CovenError(
    "runtime_unavailable",
    `Only ${mb(freeBytes)} MB of memory are free, and launch.free_memory asks for ${mb(neededBytes)} MB. End a session, or change the setting.`,
    { freeBytes, neededBytes },
  );
}

/** A session takes five; a daemon without any could not even end one. */
const LEAST_DESCRIPTORS = 24;

/** Throws `runtime_unavailable` (details `reason`, `free`) when the daemon could hardly open another file. */
export function requireDescriptors(processes: Processes): void {
  const free = processes.freeDescriptors();
  if (free === undefined || free >= LEAST_DESCRIPTORS) return;
  throw new CovenError(
    "runtime_unavailable",
    `The daemon may open only ${free} files more, too few for another session. End a session, or close what is connected to it.`,
    { reason: "no_descriptors", free, hint: "coven sessions   (shows what is running)" },
  );
}

/**
 * Harness on the list, boundary, environment, program on the PATH: in this order, touching nothing.
 * Throws `invalid_request`, `name_taken` and `harness_not_found`.
 */
export function planLaunch(ports: CovenPorts, request: LaunchRequest): LaunchPlan {
  const { harnesses, world, env } = ports;
  harnesses.require(request.harness);
  if (request.name !== undefined) refuseTaken(ports.ledger, request.name);
  const boundary = boundaryOf(request.projectRoot, request.cwd);
  const earlier =
    request.continues === undefined ? undefined : continued(ports, request.continues, request.harness);
  const checkout = ports.checkouts.of(boundary.projectRoot);
  const worktree = request.worktree
    ? worktreeOf(request.worktree, boundary.projectRoot, checkout, earlier?.session)
    : keptWorktree(boundary.projectRoot, checkout, earlier?.session);
  const id = world.newId();
  const inherit = request.inheritEnv ?? true;
  const { cwd } = boundary;
  const environment = sessionEnvironment({
    base: env,
    overlay: request.env ?? {},
    inherit,
    sessionId: id,
    cwd,
    ...harnesses.environment(request.harness),
  });
  const mode = request.launchMode ?? "interactive";
  const asked = { ...askedOf(request), ...conversationOf(ports, request, id, earlier) };
  const prompt = promptAs(request.familiar, request.prompt.trim());
  const start = harnesses.start(request.harness, prompt, mode, environment, asked);
  const now = world.now();
  const session: Session = {
    id,
    project_root: boundary.projectRoot,
    harness: request.harness,
    title: titleOf(request.title, request.prompt.trim() || request.harness),
    status: "created",
    exit_code: null,
    archived_at: null,
    created_at: now,
    updated_at: now,
    cwd: boundary.cwd,
    launch_mode: mode,
    pid: null,
    signal: null,
    activity: null,
    attention: null,
    ...UNASKED,
    labels: request.labels ?? [],
    familiar_id: request.familiar?.id ?? null,
    visibility: request.visibility ?? "private",
    conversation_id: request.conversation?.id ?? (request.conversationId || null),
    model: asked.model ?? null,
    permission: asked.permission ?? null,
    add_dirs: asked.addDirs ?? [],
    base_commit: worktree?.base ?? checkout?.commit ?? null,
    worktree: worktree ?? null,
    group: request.group ?? null,
    name: request.name ?? null,
    continues: earlier?.session.id ?? null,
    agent_session_id: asked.conversation?.id ?? null,
  };
  const size = { cols: request.cols ?? DEFAULT_SIZE.cols, rows: request.rows ?? DEFAULT_SIZE.rows };
  return { session, checkout: checkout?.root ?? boundary.projectRoot, start, prompt, environment, size };
}

/** The conversation that is asked for, or that goes on; else a new one under the session's own id, where the harness takes one. */
function conversationOf(
  { harnesses }: CovenPorts,
  { harness, conversation, args = [] }: LaunchRequest,
  id: string,
  earlier: Continued | undefined,
): Pick<Asked, "conversation"> {
  if (conversation) return { conversation };
  if (earlier) return { conversation: { mode: "resume", id: earlier.conversation } };
  const ours = harnesses.conversations(harness).init && leavesChoice(args);
  return ours ? { conversation: { mode: "init", id } } : {};
}

/** Throws `invalid_request` for directories that are none, and for two members that say different things of the same. */
function askedOf({
  model,
  permission,
  addDirs,
  conversation,
  launchPolicy,
  args = [],
}: LaunchRequest): Asked {
  if (launchPolicy && (permission !== undefined || addDirs !== undefined)) {
    throw new CovenError(
      "invalid_request",
      "With launchPolicy neither permission nor addDirs can stand: they say the same.",
      {
        field: "launchPolicy",
        hint: "send launchPolicy alone, or leave it out",
      },
    );
  }
  const dirs = launchPolicy
    ? directoriesOf("launchPolicy.addDirs", launchPolicy.addDirs ?? [])
    : directoriesOf("addDirs", addDirs ?? []);
  return {
    ...(model === undefined ? {} : { model }),
    ...(permission === undefined ? {} : { permission }),
    ...(dirs.length > 0 ? { addDirs: dirs } : {}),
    ...(conversation ? { conversation } : {}),
    ...(args.length > 0 ? { args } : {}),
    ...(launchPolicy ? { unattended: true } : {}),
  };
}

/** Who is told of a live session. */
export interface LiveHooks {
  begun(live: LiveSession): void;
  wake(): void;
  attentionChanged(attention: Attention): void;
  ended(): void;
}

function liveSession(
  ports: CovenPorts,
  options: CovenOptions,
  id: string,
  harness: string,
  size: Size,
  { wake, attentionChanged, ended }: LiveHooks,
): { readonly live: LiveSession; readonly terminal: Terminal } {
  const { ledger, processes, world, log, screens, harnesses } = ports;
  const terminal = new Terminal(
    id,
    size,
    screens,
    options.scrollback ?? 1_000,
    harnesses.attention(harness).titles,
  );
  const recordInput = options.recordInput ?? false;
  const dependencies = {
    ledger,
    processes,
    world,
    log,
    graceMs: graceMs(options),
    recordInput,
    wake,
    attentionChanged(attention: Attention) {
      // A turn is over: what it has open then names the conversation that it is in.
      if (attention.state === "done" || attention.state === "waiting") noteHeld(ports, id, live.leader);
      attentionChanged(attention);
    },
    ending: () => noteHeld(ports, id, live.leader),
    ended,
  };
  const live = new LiveSession(id, dependencies, terminal);
  return { live, terminal };
}

/** Goes on with a session of the daemon before this one. Throws what keeps its terminal from being taken over; nothing runs here then. */
export function resumeLive(
  ports: CovenPorts,
  options: CovenOptions,
  handed: HandedSession,
  hooks: LiveHooks,
  why?: NewEvent,
): void {
  const { ptys, log } = ports;
  const { id, size, terminal: held, leader } = handed;
  const harness = ports.ledger.session(id)?.harness ?? "";
  const { live, terminal } = liveSession(ports, options, id, harness, size, hooks);
  try {
    const { data, exited: exit } = live;
    live.resume(
      handed,
      () => {
        const pty = held && ptys.adopt(adoptable(handed, held), { data, exit });
        hooks.begun(live);
        return pty ?? undefined;
      },
      why,
    );
  } catch (error) {
    terminal.close();
    throw error;
  }
  log.info("session_adopted", { sessionId: id, child: leader.pid });
}

/** A terminal as its next holder takes it. */
export function adoptable(
  { leader, size }: HandedSession,
  { fd, process, unwritten, exit }: NonNullable<HandedSession["terminal"]>,
): Parameters<CovenPorts["ptys"]["adopt"]>[0] {
  const held = { pid: leader.pid, fd, unwritten, ...size };
  return { ...held, ...(process === null ? {} : { process }), ...(exit ? { exit } : {}) };
}

/**
 * Row, screen, process, in this order: a crash from the row on recovers as orphaned. Throws `launch_failed`, or
 * `runtime_unavailable` when the machine has no terminal or process left to give; the row is `failed` then.
 */
export function startLive(
  ports: CovenPorts,
  options: CovenOptions,
  plan: LaunchPlan,
  hooks: LiveHooks,
): void {
  const { ptys, ledger, processes, world, log, keeper } = ports;
  const { id, cwd, harness } = plan.session;
  ledger.create(plan.session);
  // Who renders the output later must know for what size it was drawn; the default goes without saying.
  if (plan.size.cols !== DEFAULT_SIZE.cols || plan.size.rows !== DEFAULT_SIZE.rows) {
    ledger.append(id, [{ kind: "resize", payload: plan.size }], plan.session.created_at);
  }
  const { live, terminal } = liveSession(ports, options, id, harness, plan.size, hooks);
  try {
    const { start, prompt, environment: env, size } = plan;
    const { argv, given, ready } = start;
    const stdin = given === "stdin" ? { stdin: new TextEncoder().encode(prompt) } : {};
    const pty = ptys.spawn({ argv, cwd, env, ...size, ...stdin }, { data: live.data, exit: live.exited });
    const leader = processes.identify(pty.pid) ?? { pid: pty.pid, startedAt: null };
    live.begin(pty, leader);
    hooks.begun(live);
    if (given === "typed") live.typeOnceReady({ bytes: new TextEncoder().encode(prompt), ready });
    ledger.started(id, leader, world.now());
    const { pid, descriptor } = pty;
    if (descriptor !== undefined) keeper?.keep(id, { pid, descriptor });
    log.info("session_started", { sessionId: id, harness, child: pty.pid, driver: ptys.driver });
  } catch (error) {
    if (live.holdsTerminal) live.kill("the daemon: the launch failed");
    else terminal.close();
    throw launchFailure(ports, id, error, live.holdsTerminal);
  }
}

/**
 * What the client hears of a spawn that failed. Unless a process was `started` after all (its own exit settles it then),
 * the row becomes `failed` with an event that says why.
 */
function launchFailure(ports: CovenPorts, id: string, error: unknown, started: boolean): CovenError {
  const { ledger, world, log } = ports;
  const reason = error instanceof Error ? error.message : String(error);
  const busy = error instanceof CovenError && error.code === "runtime_unavailable";
  const code = busy ? "runtime_unavailable" : "launch_failed";
  log.error("launch_failed", { sessionId: id, code, reason });
  if (!started) {
    const failed = { status: "failed", exitCode: null, signal: null } as const;
    const why = { kind: "metadata", payload: { event: "launch_failed", reason } } as const;
    ledger.settle(
      id,
      failed,
      [why, { kind: "exit", payload: { exitCode: null, status: "failed" } }],
      world.now(),
    );
  }
  return new CovenError(code, `The harness could not be started: ${reason}`, { sessionId: id });
}
