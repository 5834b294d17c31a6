// One live session: what it prints, what is typed, how it is ended, and the single moment it is settled.

import { CovenError } from "../errors.ts";
import type { Answer, Attention } from "./attention.ts";
import { exitPayload, type NewEvent } from "./event.ts";
import { failureFields } from "./evidence.ts";
import type { HandedSession, Opening } from "./handover.ts";
import { onceReady, typeOnceShown } from "./once-ready.ts";
import { OutputLog } from "./output-log.ts";
import type { Ledger } from "./ports/ledger.ts";
import type { Processes, ProcessIdentity } from "./ports/processes.ts";
import type { Pty, PtyExit } from "./ports/pty.ts";
import type { Log, World } from "./ports/world.ts";
import { Refusals } from "./refusals.ts";
import { type Size, settlementOf } from "./session.ts";
import { endTreeSurely, leftRunning, outlivers, type StopReport, stopped } from "./stop.ts";
import type { Terminal } from "./terminal.ts";
import { type Known, keyOf } from "./tree.ts";
import { Turns } from "./typing.ts";
import { type Snapshot, sameSize, Viewers } from "./viewers.ts";

/** What a live session stands on, and whom it reports to. */
export interface LiveDependencies {
  readonly ledger: Ledger;
  readonly processes: Processes;
  readonly world: World;
  readonly log: Log;
  /** How long a process tree may take to end by itself, in milliseconds. */
  readonly graceMs: number;
  readonly recordInput: boolean;
  /** New events of this session are in the ledger, or it has settled. */
  wake(): void;
  /** It wants something else from a person. */
  attentionChanged(attention: Attention): void;
  /** It is about to be told to end. */
  ending(): void;
  /** It is settled: nothing more will be appended by the run. */
  ended(): void;
}

const UNKNOWN_END: NewEvent = {
  kind: "metadata",
  payload: {
    event: "orphaned",
    reason:
      "its program ended, and nobody could say how: it was no child of the daemon that went on after a crash",
    status: "running",
  },
};
const RESTARTED: NewEvent = { kind: "metadata", payload: { event: "daemon_restarted" } };

/** How a question for leave is answered. */
export interface AnswerOptions {
  /** Only this question. */
  readonly ifAttentionSeq?: number;
  /** For the record. */
  readonly reason?: string;
}

const SETTLE_RETRY_MS = 250;
/** Long enough for a program to have drawn in answer to the first of two sizes. */
const REDRAW_MS = 50;
/** A client whose daemon was replaced comes again within moments, or not at all. */
const COME_AGAIN_MS = 10_000;

/** One harness run while the daemon holds its terminal. */
export class LiveSession {
  readonly viewers = new Viewers(this);
  /** What it has printed. */
  readonly output: OutputLog;
  #printed = 0;
  #attention: Attention;
  #leader: ProcessIdentity | undefined;
  /** Whether the system has ended anybody for want of memory since it began, where it was. */
  #memoryRanOut = () => false;
  #killed = false;
  #killedBy: string | undefined;
  #exit: PtyExit | undefined;
  #stop: Promise<StopReport | undefined> | undefined;
  /** Of a tree that is being ended: who belongs to it, and when its time is over, on the world's clock. */
  readonly #treeKnown: Known = new Map();
  #graceEnds = 0;
  #settled = false;
  readonly #refusals = new Refusals();
  readonly #waitingEvents: NewEvent[] = [];
  readonly #typing: Turns;
  #opening: Opening | undefined;
  readonly #done = Promise.withResolvers<void>();

  constructor(
    readonly id: string,
    private readonly deps: LiveDependencies,
    private readonly terminal: Terminal,
  ) {
    const { ledger, world, log } = deps;
    this.#attention = { ...terminal.attention.now, seq: 0, at: world.now() };
    this.#typing = new Turns(
      {
        world,
        write: (bytes) => this.#type(bytes),
        bracketedPaste: () => this.terminal.bracketedPaste,
        printed: () => this.#printed,
        open: () => this.terminal.held,
      },
      (error) => log.warn("input_not_taken", { sessionId: id, ...failureFields(error) }),
    );
    this.output = new OutputLog(id, {
      ledger,
      world,
      log,
      kept: (rows) => {
        for (const row of rows) terminal.show(row.data);
        this.#noteAttention();
        deps.wake();
      },
      lost: () => this.#endTree(),
    });
  }

  /** The terminal is held and takes keys: true from the spawn to the harness's exit. */
  get holdsTerminal(): boolean {
    return this.terminal.held;
  }

  /** Its program is no child of this daemon, but of one that crashed. */
  get foreign(): boolean {
    return this.terminal.foreign;
  }

  /** What the program says it is doing (`Session.activity`). */
  get activity(): string | null {
    return this.terminal.activity;
  }

  /** Its first process; undefined before it began. */
  get leader(): ProcessIdentity | undefined {
    return this.#leader;
  }

  /** What it wants from a person (`Session.attention`). */
  get attention(): Attention {
    return this.#attention;
  }

  /** The program asked for application cursor keys. */
  get applicationCursor(): boolean {
    return this.terminal.applicationCursor;
  }

  /** In cells. */
  get size(): Size {
    return this.terminal.size;
  }

  /** Resolves once settled and its last screen kept. */
  get done(): Promise<void> {
    return this.#done.promise;
  }

  /** The spawn succeeded. */
  begin(pty: Pty, leader: ProcessIdentity): void {
    this.terminal.begin(pty);
    this.#leader = leader;
    const kills = this.deps.processes.memoryKills(leader.pid);
    const before = kills();
    this.#memoryRanOut = () => (kills() ?? before) !== before;
  }

  /** Bytes from the terminal, in order; while a promise that it returned is pending there is no room for more. */
  readonly data = (bytes: Uint8Array): Promise<void> | undefined => {
    if (this.#settled || bytes.length === 0) return undefined;
    this.#printed += bytes.length;
    return this.output.push(bytes);
  };

  /** The harness was reaped and its terminal drained; a tree that is being ended is waited for. */
  readonly exited = (exit: PtyExit): void => {
    this.#exit = exit;
    this.terminal.end();
    if (this.#stop)
      void this.#stop.then((report) => this.#settle(report ? [stopped(report, this.#killedBy)] : [], report));
    else void this.#endedByItself();
  };

  /** Types the bytes as they are; behind a text that is being submitted they wait their turn. Throws `send_input_failed`. */
  input(bytes: Uint8Array): void {
    if (this.#typing.busy) this.#typing.take({ kind: "keys", bytes, enterDue: false });
    else this.#type(bytes);
  }

  /**
   * The seq of the last event before what is typed next. With `ifAttentionSeq` throws `stale_prompt` unless it waits with that seq, and nobody
   * else's text is on its way to it. What was read from its terminal counts, what its program has only just printed can't.
   */
  seqBefore(ifAttentionSeq?: number): number {
    this.output.flush();
    const { state, seq } = this.#attention;
    if (ifAttentionSeq !== undefined && (state !== "waiting" || seq !== ifAttentionSeq || this.#typing.due)) {
      throw new CovenError("stale_prompt", `Session ${this.id} does not wait with that question any more.`, {
        sessionId: this.id,
        attention: this.#attention,
      });
    }
    return this.output.lastSeq;
  }

  /**
   * Types the keys that answer its question for leave, and says so in its events. Throws as `seqBefore`, and `not_waiting`.
   */
  answer(answer: Answer, keys: Uint8Array, { ifAttentionSeq, reason }: AnswerOptions): number {
    this.seqBefore(ifAttentionSeq);
    const { state, kind, source, seq } = this.#attention;
    // A program that says it is blocked, and not by what, asks for leave: codex says no more.
    const asks = kind === "permission" || (kind === null && source === "osc7501");
    if (state !== "waiting" || !asks || this.#typing.due) {
      throw new CovenError("not_waiting", `Session ${this.id} does not ask for leave just now.`, {
        sessionId: this.id,
        attention: this.#attention,
      });
    }
    this.#say({
      kind: "metadata",
      payload: { event: "answered", answer, attentionSeq: seq, reason: reason ?? null },
    });
    const before = this.output.lastSeq;
    this.input(keys);
    return before;
  }

  /** What a client has had done to it, as one of its events. */
  note(payload: Readonly<Record<string, unknown>>): void {
    this.#say({ kind: "metadata", payload });
  }

  /** Types the text and submits it as a person would; returns at once. */
  submit(text: Uint8Array): void {
    this.#typing.take({ kind: "submit", bytes: text, enterDue: false });
  }

  /** Types the text and submits it once the program is ready for it; keys come before it meanwhile: somebody may have to answer first. */
  typeOnceReady(opening: Opening): void {
    this.#opening = opening;
    const { world, log } = this.deps;
    const { bytes, ready } = opening;
    const on = {
      world,
      write: (keys: Uint8Array) => this.#type(keys),
      bracketedPaste: () => this.terminal.bracketedPaste,
      printed: () => this.#printed,
      attention: () => this.terminal.attention.now,
      rows: () => this.terminal.image(0)?.lines ?? [],
      open: () => this.terminal.held && this.#opening === opening,
    };
    const done = () => {
      if (this.#opening === opening) this.#opening = undefined;
    };
    const typing =
      ready === "shown"
        ? typeOnceShown(on, bytes)
        : onceReady(on, ready).then((isReady) => {
            if (!isReady || this.#opening !== opening) return;
            done();
            this.submit(bytes);
          });
    typing
      .catch((error) => log.warn("input_not_taken", { sessionId: this.id, ...failureFields(error) }))
      .finally(done);
  }

  /**
   * Gives terminal and screen a new size, recorded as an event; a size outside 1..1000 throws `invalid_request`. The size
   * they have already asks the program to draw everything anew, and nothing is recorded.
   */
  resize(cols: number, rows: number): void {
    if (sameSize(this.size, { cols, rows })) {
      this.#redraw();
      return;
    }
    this.terminal.resize(cols, rows, () => this.output.flush());
    this.#append({ kind: "resize", payload: { cols, rows } });
  }

  /** Ends the whole process tree; returns at once, the record says so when it is true. `by`: who asked, for the record. */
  kill(by: string): void {
    if (this.#killed) return;
    this.#killedBy = by;
    const kill: NewEvent = { kind: "kill", payload: { status: "killed" } };
    try {
      this.#append(kill);
    } catch (error) {
      // A full disk must not keep a process alive: the event goes into the last transaction.
      this.#waitingEvents.push(kill);
      this.deps.log.error("kill_event_waits", { sessionId: this.id, ...failureFields(error) });
    }
    this.#endTree();
  }

  /** The screen as it is now, with the seq it shows and the filter for what follows; undefined without screens. */
  snapshot(): Snapshot | undefined {
    this.output.flush();
    const filter = this.terminal.filter();
    const image = this.terminal.image(this.output.lastSeq);
    return image && filter ? { image, filter } : undefined;
  }

  /** Its terminal's end was found, and is told in a moment. */
  get ending(): boolean {
    return this.terminal.ending;
  }

  /**
   * Gives the terminal up and says all that is known of the session and stands in no ledger; within this turn of the loop. `takeBack` is the only
   * thing that may be done with it then. Throws where terminals can't be given up.
   */
  async handOver(): Promise<HandedSession> {
    const held = await this.terminal.release();
    this.output.flush();
    const { world } = this.deps;
    return {
      id: this.id,
      leader: this.#leader ?? { pid: 0, startedAt: null },
      size: this.size,
      terminal: held
        ? {
            fd: held.fd,
            process: held.process ?? null,
            unwritten: held.unwritten ?? new Uint8Array(0),
            exit: held.exit ?? null,
          }
        : null,
      exit: this.#exit ?? null,
      printed: this.#printed,
      waiting: this.output.waiting,
      screen: this.terminal.carry() ?? null,
      activity: this.terminal.activity,
      attention: this.#attention,
      viewers: this.viewers.known(),
      typists: this.viewers.typists.known(),
      typing: this.#typing.left(),
      opening: this.#opening,
      kill: this.#killed
        ? {
            by: this.#killedBy,
            eventWaits: this.#waitingEvents.length > 0,
            graceLeftMs: Math.max(0, this.#graceEnds - world.monotonic()),
            known: Array.from(this.#treeKnown.values()),
          }
        : null,
      memoryRanOut: this.#memoryRanOut(),
    };
  }

  /** The terminal that was given up, taken back by this same program. */
  takeBack(pty: Pty): void {
    this.terminal.begin(pty);
  }

  /** Goes on where the daemon before this one was; `take` takes its terminal over. Throws what that throws, with nothing begun. */
  resume(handed: HandedSession, take: () => Pty | undefined, why: NewEvent = RESTARTED): void {
    const { ledger, world } = this.deps;
    this.terminal.restore(handed.screen, handed.activity, handed.attention);
    if (handed.attention) this.#attention = handed.attention;
    const pty = take();
    this.output.resume(handed.waiting, ledger.lastSeq(this.id));
    this.#printed = handed.printed;
    if (pty) this.begin(pty, handed.leader);
    else this.#leader = handed.leader;
    const since = this.#memoryRanOut;
    this.#memoryRanOut = () => handed.memoryRanOut || since();
    this.viewers.expect(handed.viewers);
    this.viewers.typists.restore(handed.typists);
    world.after(COME_AGAIN_MS, () => this.viewers.expectNobody());
    this.#say(why);
    for (const typed of handed.typing) this.#typing.take(typed);
    if (handed.opening) this.typeOnceReady(handed.opening);
    const { kill } = handed;
    if (kill) {
      this.#killedBy = kill.by;
      if (kill.eventWaits) this.#waitingEvents.push({ kind: "kill", payload: { status: "killed" } });
      for (const one of kill.known) this.#treeKnown.set(keyOf(one), one);
      this.#endTree(kill.graceLeftMs);
    }
    if (handed.exit) this.exited(handed.exit);
  }

  /** Settled as orphaned, with what it has printed so far; the next daemon ends what is left of it. Throws what the ledger throws. */
  orphan(reason: string): void {
    if (this.#settled) return;
    const { ledger, world } = this.deps;
    const printed = this.output.waiting;
    const output: NewEvent[] = printed.length > 0 ? [{ kind: "output", data: printed }] : [];
    const why: NewEvent = { kind: "metadata", payload: { event: "orphaned", reason, status: "running" } };
    const orphaned = { status: "orphaned", exitCode: null, signal: null } as const;
    ledger.settle(this.id, orphaned, [...output, why], world.now(), { leader: this.#leader ?? null });
    this.#settled = true;
    this.output.clear();
  }

  /** Settles without waiting any longer for the harness; for a daemon that must go. */
  abandon(): void {
    if (this.#settled) return;
    this.#killed = true;
    this.#exit ??= { exitCode: null, signal: null };
    this.terminal.end();
    this.#settle([]);
    if (this.#settled) return;
    this.deps.log.error("output_lost", { sessionId: this.id, bytes: this.output.waiting.length });
  }

  /** A program that has printed nothing may not even listen for sizes yet. */
  #redraw(): void {
    if (this.#printed > 0) this.terminal.redraw((run) => void this.deps.world.after(REDRAW_MS, run));
  }

  /** What must be recorded and can't be is not typed either: whoever is refused may try again. */
  #type(bytes: Uint8Array): void {
    if (this.deps.recordInput)
      this.#append({ kind: "input", payload: { data: new TextDecoder().decode(bytes) } });
    this.terminal.write(bytes);
    this.terminal.attention.typed(bytes);
    this.#noteAttention();
  }

  /** A change of what it wants is an event, and `seq` its number. */
  #noteAttention(): void {
    if (this.#settled || !this.terminal.attention.changed()) return;
    const { now } = this.terminal.attention;
    const at = this.deps.world.now();
    this.#say({ kind: "metadata", payload: { event: "attention", ...now } }, at);
    this.#attention = { ...now, seq: this.output.lastSeq, at };
    this.deps.attentionChanged(this.#attention);
  }

  #endTree(graceMs = this.deps.graceMs): void {
    this.#killed = true;
    const { processes, world, log } = this.deps;
    const gone = () => this.#exit !== undefined;
    const failed = (error: unknown) =>
      log.error("stop_failed", { sessionId: this.id, ...failureFields(error) });
    if (this.#stop) return;
    this.deps.ending();
    this.#graceEnds = world.monotonic() + graceMs;
    const known = this.#treeKnown;
    const plan = { processes, world, graceMs, known, sessionId: this.id, leader: this.#leader };
    this.#stop = endTreeSurely({ ...plan, gone, failed });
    void this.#stop.then(() => this.output.end());
  }

  /** What is only for the record: a disk that refuses it stops nothing. */
  #say(event: NewEvent, at?: string): void {
    try {
      this.#append(event, at);
    } catch (error) {
      this.deps.log.warn("event_not_kept", { sessionId: this.id, ...failureFields(error) });
    }
  }

  #append(event: NewEvent, at?: string): void {
    this.output.append(event, at);
    this.deps.wake();
  }

  /** Nobody killed it; whoever it leaves running is named. */
  async #endedByItself(): Promise<void> {
    const { processes, world, log } = this.deps;
    const plan = { processes, world, sessionId: this.id, leader: this.#leader };
    const left = await outlivers(plan).catch((error: unknown) => {
      log.error("leftovers_unknown", { sessionId: this.id, ...failureFields(error) });
      return [];
    });
    this.#settle([...this.#wantOfMemory(), ...leftRunning(left)]);
  }

  /** A SIGKILL that nobody here sent, in a time in which the system has ended somebody for want of memory: most likely this one. */
  #wantOfMemory(): NewEvent[] {
    if (this.#exit?.signal !== "SIGKILL" || !this.#memoryRanOut()) return [];
    const reason =
      "it was ended by SIGKILL, and the system has ended programs for want of memory while it ran";
    this.deps.log.warn("out_of_memory", { sessionId: this.id });
    return [{ kind: "metadata", payload: { event: "out_of_memory", reason } }];
  }

  /** `last` comes right before the exit event. */
  #settle(last: readonly NewEvent[], report?: StopReport): void {
    if (this.#settled || !this.#exit) return;
    const { ledger, world, log } = this.deps;
    const settlement = settlementOf(this.#exit, this.#killed);
    const unknown = settlement.status === "orphaned";
    const printed = this.output.waiting;
    const output: NewEvent[] = printed.length > 0 ? [{ kind: "output", data: printed }] : [];
    const exit: NewEvent = unknown ? UNKNOWN_END : { kind: "exit", payload: exitPayload(settlement) };
    try {
      const events = [...output, ...this.#waitingEvents, ...last, exit];
      const left = report?.survived.length ? { leader: this.#leader ?? null } : undefined;
      ledger.settle(this.id, settlement, events, world.now(), left);
    } catch (error) {
      if (this.#refusals.isNews())
        log.error("settle_failed", { sessionId: this.id, ...failureFields(error) });
      world.after(SETTLE_RETRY_MS, () => this.#settle(last, report));
      return;
    }
    this.#settled = true;
    this.output.clear();
    this.terminal.show(printed);
    log.info("session_settled", { sessionId: this.id, ...settlement });
    this.deps.ended();
    this.deps.wake();
    this.#keepScreen();
  }

  #keepScreen(): void {
    const { ledger, log } = this.deps;
    try {
      const image = this.terminal.image(ledger.lastSeq(this.id));
      if (image && ledger.session(this.id)) ledger.saveScreen(this.id, image);
    } catch (error) {
      log.warn("screen_not_kept", { sessionId: this.id, ...failureFields(error) });
    } finally {
      this.terminal.close();
      this.#done.resolve();
    }
  }
}
