// The program of an external adapter while a daemon lives: started when it is first needed, asked, held to its bounds, started again after a pause, ended with
// all that it started.
import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, openSync, writeSync } from "node:fs";
import { CovenError } from "../../errors.ts";
import { findProgram } from "../../harness/lookup.ts";
import { endBeforeUs } from "../../os/memory.ts";
import { openTo } from "../../os/own-files.ts";
import { SESSION_MARK } from "../../session/environment.ts";
import type { Processes } from "../../session/ports/processes.ts";
import type { Log, World } from "../../session/ports/world.ts";
import { endLeftovers, endTree } from "../../session/stop.ts";
import type { CapabilityStatus } from "../adapter.ts";
import { type AdapterMessage, initialized, Lines } from "./lines.ts";
import { type ExternalManifest, missingOf } from "./manifest.ts";

/** How long a program may take until it answers the first question. */
const START_MS = 10_000;
/** How long it may be silent about what nobody waits for any more. */
const CANCEL_MS = 5_000;
/** The pause after it ended by itself, and the longest, twice as long each time. */
const PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 60_000;
/** How long the output of one that has ended is still read. */
const LAST_WORDS_MS = 250;
const MOST_CALLS = 16;
/** Answers to questions that nobody asked, or asked long ago. */
const MOST_STRAYS = 20;
/** Of what is kept of one answer. */
const MOST_RESULT = 64 * 1024;
const MOST_WORDS = 1_000;
/** Kept of what it writes to standard error, from each start on. */
const MOST_LOG = 256 * 1024;
const PROTOCOL = 1;
const INVALID_PARAMS = -32_602;

/** What every adapter is given of the daemon's environment. */
const USUAL = ["PATH", "HOME", "USER", "LOGNAME", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "TMPDIR"];

/** What it is run with. */
export interface ProgramPorts {
  readonly env: Readonly<Record<string, string>>;
  readonly processes: Processes;
  readonly world: World;
  readonly log: Log;
  /** This build, which the program is told. */
  readonly version: string;
  /** By which everybody that it starts is found again, also by the next daemon. */
  readonly mark: string;
  /** Where its standard error goes. */
  readonly errors: string;
  /** How long it may take to end by itself, in milliseconds. */
  readonly graceMs: number;
}

/** How it stands. */
export interface ProgramState {
  readonly state: "idle" | "starting" | "running" | "pausing" | "ending";
  readonly pid: number | null;
  /** How often it was started. */
  readonly starts: number;
  /** Why it ended last, where it wasn't asked to. */
  readonly problem: string | null;
}

interface Call {
  readonly done: (result: Readonly<Record<string, unknown>>) => void;
  readonly failed: (error: Error) => void;
}

/** One that runs. */
interface Running {
  readonly child: ChildProcess;
  readonly leader: { readonly pid: number; readonly startedAt: string | null };
  readonly calls: Map<number, Call>;
  /** Nobody waits for these any more; each with the way to stop waiting for its silence. */
  readonly left: Map<number, () => void>;
  readonly lines: Lines;
  strays: number;
  /** Of standard error. */
  logged: number;
  over: boolean;
}

/** The one program of one adapter. */
export class AdapterProgram {
  #running: Running | undefined;
  #starting: Promise<Running> | undefined;
  #ending: Promise<unknown>;
  #closed = false;
  #next = 1;
  #starts = 0;
  #failures = 0;
  #notBefore = 0;
  #problem: string | null = null;
  /** As it says itself. */
  #said = new Map<string, CapabilityStatus>();

  /** `before`: when the one of this mark before it is gone. */
  constructor(
    readonly manifest: ExternalManifest,
    private readonly ports: ProgramPorts,
    before: Promise<unknown> = Promise.resolve(),
  ) {
    const { processes, world, mark: sessionId, graceMs } = ports;
    // What a daemon that was killed has left behind; nothing is started before that is gone.
    this.#ending = before
      .then(() => endLeftovers({ processes, world, sessionId, graceMs, leader: undefined }))
      .catch((error: unknown) =>
        ports.log.warn("adapter_leftovers", { adapter: manifest.id, reason: String(error) }),
      );
  }

  get state(): ProgramState {
    const { pid } = this.#running?.leader ?? { pid: null };
    const pausing = this.#notBefore > this.ports.world.monotonic();
    const state = this.#running ? (this.#starting ? "starting" : "running") : pausing ? "pausing" : "idle";
    return { state: this.#closed ? "ending" : state, pid, starts: this.#starts, problem: this.#problem };
  }

  /** How a capability stands: as the program has said, or by what is installed. */
  status(capability: string): CapabilityStatus {
    if (this.missing() !== undefined || (this.#failures > 0 && !this.#running)) return "missingSetup";
    return this.#said.get(capability) ?? "available";
  }

  /** What isn't there; undefined where it could be started. */
  missing(): string | undefined {
    return missingOf(this.manifest, this.ports.env);
  }

  /** Asks it to do something; starts it where it doesn't run. Rejects with a CovenError that says what went wrong, and when the signal says that nobody waits. */
  async ask(
    params: Readonly<Record<string, unknown>>,
    signal: AbortSignal,
  ): Promise<Readonly<Record<string, unknown>>> {
    const running = await this.#ready(signal);
    if (running.calls.size + running.left.size >= MOST_CALLS) {
      throw this.#failure(`it has ${MOST_CALLS} things to do already`, "busy");
    }
    if (running.over) throw this.#failure("it has just ended", "ended");
    const id = this.#next++;
    const result = await new Promise<Readonly<Record<string, unknown>>>((done, failed) => {
      running.calls.set(id, { done, failed });
      signal.addEventListener("abort", () => {
        if (!running.calls.delete(id)) return;
        this.#leave(running, id);
        failed(this.#failure("nobody waits for it any more", "cancelled"));
      });
      this.#send(running, { id, method: "action", params });
    });
    this.#failures = 0;
    if (JSON.stringify(result).length > MOST_RESULT) {
      throw this.#failure(`its answer is larger than ${MOST_RESULT} bytes`, "too_large");
    }
    return result;
  }

  /** Ends it for good, with everybody it started; resolves when they are gone, or have survived SIGKILL. */
  async close(): Promise<void> {
    this.#closed = true;
    if (this.#running) this.#end(this.#running, "the daemon ends it");
    await this.#ending;
  }

  async #ready(signal: AbortSignal): Promise<Running> {
    if (this.#running && !this.#starting) return this.#running;
    this.#starting ??= this.#start().finally(() => {
      this.#starting = undefined;
    });
    const aborted = Promise.withResolvers<never>();
    const leave = () => aborted.reject(this.#failure("nobody waits for it any more", "cancelled"));
    signal.addEventListener("abort", leave);
    try {
      return await Promise.race([this.#starting, aborted.promise]);
    } finally {
      signal.removeEventListener("abort", leave);
    }
  }

  async #start(): Promise<Running> {
    const { world, log } = this.ports;
    await this.#ending;
    const pause = this.#notBefore - world.monotonic();
    if (pause > 0) await new Promise<void>((go) => void world.after(pause, go));
    if (this.#closed) throw this.#failure("the daemon ends it", "ending");
    const running = this.#spawned();
    this.#running = running;
    this.#starts += 1;
    log.info("adapter_started", { adapter: this.manifest.id, pid: running.leader.pid });
    const answered = Promise.withResolvers<Readonly<Record<string, unknown>>>();
    running.calls.set(0, { done: answered.resolve, failed: answered.reject });
    const late = () => this.#end(running, `it did not answer within ${START_MS / 1000} seconds of its start`);
    const cancel = world.after(START_MS, late);
    try {
      const params = { protocol: PROTOCOL, adapter: this.manifest.id, coven: this.ports.version };
      this.#send(running, { id: 0, method: "initialize", params });
      const { success, data } = initialized.safeParse(await answered.promise);
      if (!success) {
        this.#end(running, "its first answer is none of the protocol");
        throw this.#failure("its first answer is none of the protocol", "protocol");
      }
      this.#hear(data.capabilities ?? {});
      this.#problem = null;
      return running;
    } finally {
      cancel();
    }
  }

  #spawned(): Running {
    const { id, command, environment } = this.manifest;
    const { env, world, processes, mark, errors } = this.ports;
    const [name = "", ...args] = command;
    const found = findProgram(name, env);
    const missing = this.missing();
    if (!found || missing !== undefined)
      throw this.#unable(`there is no ${JSON.stringify(missing ?? name)} here`);
    const open = [found.path, ...args].flatMap((path) => (path.startsWith("/") ? (openTo(path) ?? []) : []));
    if (open[0] !== undefined) throw this.#unable(open[0]);
    const given = [...USUAL, ...environment].flatMap((one) => {
      const value = env[one];
      return value === undefined ? [] : [[one, value] as const];
    });
    const [program = "", ...first] = found.command;
    const child = spawn(program, [...first, ...args], {
      cwd: "/",
      env: { ...Object.fromEntries(given), [SESSION_MARK]: mark },
      stdio: ["pipe", "pipe", "pipe"],
      // A session of its own: no signal that is meant for the daemon's group reaches it.
      detached: true,
    });
    const { pid } = child;
    const running: Running = {
      ...{
        child,
        calls: new Map(),
        left: new Map(),
        lines: new Lines(world.monotonic),
        strays: 0,
        logged: 0,
      },
      leader: {
        pid: pid ?? 0,
        startedAt: pid === undefined ? null : (processes.identify(pid)?.startedAt ?? null),
      },
      over: false,
    };
    if (pid !== undefined) endBeforeUs(pid);
    child.on("error", (error) => this.#end(running, `it could not be started: ${error.message}`));
    child.on("exit", (code, by) => {
      // Its last words may come behind its end; what it has started may hold its output open for ever.
      const end = () => this.#end(running, by === null ? `it ended with ${code}` : `it ended by ${by}`);
      child.on("close", end);
      world.after(LAST_WORDS_MS, end);
    });
    child.stdin?.on("error", () => {});
    child.stdout?.on("error", () => {});
    child.stdout?.on("data", (chunk: Buffer) => this.#within(running, () => this.#read(running, chunk)));
    child.stderr?.on("error", () => {});
    child.stderr?.on("data", (chunk: Buffer) =>
      this.#within(running, () => {
        running.lines.count(chunk.length);
        keep(running, chunk, errors);
      }),
    );
    if (pid === undefined) {
      running.over = true;
      throw this.#unable(`${id} could not be started`);
    }
    return running;
  }

  /** Whatever breaks a bound ends it. */
  #within(running: Running, work: () => void): void {
    if (running.over) return;
    try {
      work();
    } catch (error) {
      this.#end(running, error instanceof Error ? error.message : String(error));
    }
  }

  #read(running: Running, chunk: Buffer): void {
    for (const message of running.lines.take(chunk)) {
      if (running.over) return;
      if ("method" in message) this.#hear(message.params.capabilities);
      else this.#answered(running, message);
    }
  }

  #answered(running: Running, message: Exclude<AdapterMessage, { method: string }>): void {
    const call = running.calls.get(message.id);
    if (!call) {
      const late = running.left.get(message.id);
      if (late) late();
      else if (++running.strays > MOST_STRAYS) throw new Error("it answers what nobody asked");
      running.left.delete(message.id);
      return;
    }
    running.calls.delete(message.id);
    if ("result" in message) {
      call.done(message.result);
      return;
    }
    const { code, message: words } = message.error;
    const why = words.slice(0, MOST_WORDS);
    call.failed(
      code === INVALID_PARAMS
        ? new CovenError("invalid_request", why, { field: "args", adapter: this.manifest.id })
        : new CovenError("runtime_unavailable", why, {
            ...{ reason: "adapter", adapter: this.manifest.id, adapterCode: code },
          }),
    );
  }

  /** Of its own capabilities alone. */
  #hear(said: Readonly<Record<string, CapabilityStatus>>): void {
    for (const { id } of this.manifest.capabilities) {
      const status = said[id];
      if (status) this.#said.set(id, status);
    }
  }

  /** Tells it that nobody waits; one that then says nothing hangs, and is ended. */
  #leave(running: Running, id: number): void {
    const hangs = () =>
      this.#end(running, "it hangs: it did not answer, and not when it was told to give up");
    running.left.set(id, this.ports.world.after(CANCEL_MS, hangs));
    this.#send(running, { method: "cancel", params: { id } });
  }

  #send({ child, over }: Running, message: Readonly<Record<string, unknown>>): void {
    if (!over) child.stdin?.write(`${JSON.stringify({ jsonrpc: "2.0", ...message })}\n`);
  }

  /** Once for each; `why` counts as a failure unless the daemon itself ends it. */
  #end(running: Running, why: string): void {
    if (running.over) return;
    running.over = true;
    const { world, processes, log, mark: sessionId, graceMs } = this.ports;
    if (this.#running === running) this.#running = undefined;
    this.#said.clear();
    if (!this.#closed) {
      this.#problem = why;
      this.#failures += 1;
      this.#notBefore = world.monotonic() + Math.min(PAUSE_MS * 2 ** (this.#failures - 1), LONGEST_PAUSE_MS);
      log.warn("adapter_ended", { adapter: this.manifest.id, pid: running.leader.pid, reason: why });
    }
    for (const cancel of running.left.values()) cancel();
    for (const call of running.calls.values()) call.failed(this.#failure(why, "ended"));
    running.calls.clear();
    running.child.stdin?.destroy();
    running.child.stdout?.destroy();
    running.child.stderr?.destroy();
    const { leader } = running;
    if (leader.pid === 0) return;
    // Also those that left its session and carry its mark.
    const ended = endTree({ processes, world, sessionId, graceMs, leader });
    this.#ending = ended.catch((error: unknown) =>
      log.warn("adapter_not_ended", { adapter: this.manifest.id, reason: String(error) }),
    );
  }

  /** It can't be started as it is; counts as a failure. */
  #unable(why: string): CovenError {
    this.#problem = why;
    this.#failures += 1;
    this.#notBefore = this.ports.world.monotonic() + PAUSE_MS;
    this.ports.log.warn("adapter_not_started", { adapter: this.manifest.id, reason: why });
    return this.#failure(why, "not_started");
  }

  #failure(why: string, reason: string): CovenError {
    const { id } = this.manifest;
    return new CovenError("runtime_unavailable", `The adapter ${id}: ${why}.`, { reason, adapter: id });
  }
}

/** From the start of each program on, and never more than a little. */
function keep(running: Running, chunk: Buffer, path: string): void {
  const room = MOST_LOG - running.logged;
  if (room <= 0) return;
  try {
    const fd = openSync(path, running.logged === 0 ? "w" : "a", 0o600);
    try {
      running.logged += writeSync(fd, chunk.subarray(0, room));
    } finally {
      closeSync(fd);
    }
  } catch {
    // The disk is full, or the folder gone: nobody waits for these words.
    running.logged = MOST_LOG;
  }
}
