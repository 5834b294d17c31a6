// The authority over every session: who may be launched, what runs, what may be done to it.
import { CovenError } from "../errors.ts";
import { bytesOf } from "../vt/keys.ts";
import type { Answer } from "./attention.ts";
import { noteHeld, noteSaid } from "./conversation.ts";
import type { OutputRow } from "./event.ts";
import { failureFields } from "./evidence.ts";
import { completeExternal, type ExternalRequest, registerExternal } from "./external.ts";
import type { FeedType } from "./feed.ts";
import type { Handed } from "./handover.ts";
import { IdempotencyKeys } from "./idempotency-keys.ts";
import { blankScreen, redrawLastScreen } from "./last-screen.ts";
import {
  type LaunchRequest,
  type LiveHooks,
  planLaunch,
  requireDescriptors,
  requireMemory,
  startLive,
} from "./launch.ts";
import type { AnswerOptions, LiveSession } from "./live.ts";
import { rename } from "./name.ts";
import { type CovenOptions, graceMs } from "./options.ts";
import type { ScreenImage } from "./ports/screen.ts";
import type { CovenPorts } from "./ports.ts";
import { recoverOrphans } from "./recover.ts";
import * as rituals from "./rituals.ts";
import { DEFAULT_SIZE, isArchived, isSettled, type Session, type Size } from "./session.ts";
import { Showing } from "./showing.ts";
import { giveUp, type Holder, takeBack, takeOver } from "./succession.ts";
import { type Attachment, OBSERVER, type Snapshot } from "./viewers.ts";
import { Watchers } from "./watchers.ts";

/** How something is typed. */
export interface InputOptions {
  readonly submit?: boolean | undefined;
  /** Only while it waits with this seq. */
  readonly ifAttentionSeq?: number | undefined;
  readonly idempotencyKey?: string | undefined;
}

/** A launch that was taken. */
export interface Launched {
  readonly session: Session;
  /** False for one that this key has launched before. */
  readonly created: boolean;
  /** Ids of the other live sessions in the same checkout, as it began. */
  readonly alongside: readonly string[];
}

/** The authority. Every method is synchronous unless it says otherwise, and throws CovenError. What only reads is asked of the ledger. */
export class Coven {
  readonly #running = new Map<string, LiveSession>();
  readonly #watchers: Watchers;
  readonly #showing = new Showing();
  readonly #feedWatchers = new Set<() => void>();
  readonly #keys = new IdempotencyKeys();
  /** Where each that runs works, once it was asked for. */
  readonly #checkouts = new Map<string, string>();
  readonly #inputKeys = new IdempotencyKeys();
  #stopping = false;
  #handingOver = false;
  #stopSweeping = (): void => {};

  constructor(
    private readonly ports: CovenPorts,
    private readonly options: CovenOptions = {},
  ) {
    this.#watchers = new Watchers(ports.world.now);
  }

  /** Another program is about to go on in this one's place: whoever follows is sent away, and comes again. */
  get handingOver(): boolean {
    return this.#handingOver;
  }

  /** True once the daemon is going; launches are refused from then on. */
  get stopping(): boolean {
    return this.#stopping;
  }

  /**
   * Boundary, harness, environment, program on the PATH, ledger row, spawn: in this order. A key used before gives
   * that launch's record and `created: false`. Throws `runtime_unavailable`, `invalid_request`,
   * `harness_not_found` (no row is made) and `launch_failed` (a `failed` row says why).
   */
  launch(request: LaunchRequest, idempotencyKey?: string): Launched {
    const before = this.ports.ledger.session(this.#keys.answerTo(idempotencyKey) ?? "");
    if (before) return { session: this.withActivity(before), created: false, alongside: [] };
    if (this.#stopping)
      throw new CovenError("runtime_unavailable", "The daemon is stopping; launch again in a moment.");
    requireDescriptors(this.ports.processes);
    requireMemory(this.ports.processes, this.options.leastFreeMemory ?? 0);
    const plan = planLaunch(this.ports, request);
    const { id } = plan.session;
    const alongside = this.#liveIn(plan.checkout);
    if (request.exclusive && alongside.length > 0) throw inUse(plan.checkout, alongside);
    startLive(this.ports, this.options, plan, this.#hooks(id));
    this.#keys.remember(idempotencyKey, id);
    return { session: this.session(id), created: true, alongside };
  }

  /** Ids of the live sessions that work in a checkout. */
  #liveIn(checkout: string): string[] {
    const { ledger, checkouts } = this.ports;
    return Array.from(this.#running).flatMap(([id, live]) => {
      let place = this.#checkouts.get(id);
      if (place === undefined) {
        const root = ledger.session(id)?.project_root ?? "";
        place = checkouts.of(root)?.root ?? root;
        this.#checkouts.set(id, place);
      }
      return live.holdsTerminal && place === checkout ? [id] : [];
    });
  }

  /** One record, archived or not; throws `session_not_found`. */
  session(id: string): Session {
    const session = this.ports.ledger.session(id);
    if (session) return this.withActivity(session);
    throw new CovenError("session_not_found", `There is no session ${id}.`, { sessionId: id });
  }

  /** A record as the ledger has it, with what its program is doing now. */
  withActivity(record: Session): Session {
    const live = this.#running.get(record.id);
    return live ? { ...record, activity: live.activity, attention: live.attention } : record;
  }

  /**
   * The record of a session that takes keys, or can be ended; throws `session_not_found`, then `session_not_live`, or for one that somebody else
   * runs and that was to be ended `external_session_not_killable`.
   */
  requireLive(id: string, what: "keys" | "kill" = "keys"): Session {
    const session = this.session(id);
    if (what === "kill" && session.external && !isSettled(session.status)) {
      throw new CovenError(
        "external_session_not_killable",
        `Session ${id} was started by somebody else, who has to end it.`,
        {
          sessionId: id,
          hint: "end the program itself; whoever registered it then says that it is complete",
        },
      );
    }
    this.#liveSession(id, session);
    return session;
  }

  /**
   * Types the bytes as they are, or with `submit` as a text that a person submits with an Enter of its own. Returns the seq of the last event before
   * them. The same key again types nothing and returns the first one's. Throws as requireLive, `send_input_failed`, and with
   * `ifAttentionSeq` `stale_prompt`.
   */
  input(id: string, bytes: Uint8Array, options: InputOptions = {}): { seq: number; typed: boolean } {
    const { submit = false, ifAttentionSeq, idempotencyKey } = options;
    const live = this.#liveSession(id);
    const key = idempotencyKey === undefined ? undefined : `${id} ${idempotencyKey}`;
    const before = this.#inputKeys.answerTo(key);
    if (before !== undefined) return { seq: Number(before), typed: false };
    const seq = live.seqBefore(ifAttentionSeq);
    if (submit) live.submit(bytes);
    else live.input(bytes);
    this.#inputKeys.remember(key, String(seq));
    return { seq, typed: true };
  }

  /**
   * Answers a question for leave with the keys that its harness takes for it. Returns the seq of the last event before them. Throws as requireLive,
   * `stale_prompt`, `not_waiting`, and `not_supported` where nobody knows the keys.
   */
  answer(id: string, answer: Answer, options: AnswerOptions = {}): number {
    const live = this.#liveSession(id);
    const { harness } = this.session(id);
    const keys = this.ports.harnesses.attention(harness).answers?.[answer];
    if (!keys) {
      throw new CovenError("not_supported", `Nobody knows which keys answer ${harness}.`, {
        sessionId: id,
        harness,
      });
    }
    const typed = keys.map((key) => bytesOf(key, live.applicationCursor) ?? key).join("");
    const seq = live.answer(answer, new TextEncoder().encode(typed), options);
    this.ports.log.info("session_answered", { sessionId: id, answer });
    return seq;
  }

  /** A client's hold on a live session; `observe` neither types nor votes on the size. Throws as requireLive. */
  attach(
    id: string,
    { observe, size, client }: { readonly observe: boolean; readonly size?: Size; readonly client?: string },
  ): Attachment {
    const live = this.#liveSession(id);
    return observe ? OBSERVER : live.viewers.join(size, client);
  }

  /**
   * What a session prints is shown in the terminal of another one, `within`, until the returned function is called. A client in no session, or in one of another
   * home, and a session that has ended close no circle. Throws `view_cycle`.
   */
  shownWithin(within: string | undefined, id: string): () => void {
    if (within === undefined || !this.#running.has(within) || !this.isRunning(id)) return () => {};
    return this.#showing.begin(within, id);
  }

  /** The screen of a live session and the filter for what follows it; undefined when it is not live. */
  snapshot(id: string): Snapshot | undefined {
    return this.#running.get(id)?.snapshot();
  }

  /** The screen as it is, or as it was last. Throws `session_not_found`. */
  screen(id: string): ScreenImage {
    this.session(id);
    const { ledger, screens } = this.ports;
    const image = this.snapshot(id)?.image ?? ledger.screen(id);
    if (image || !screens) return image ?? blankScreen(ledger.lastSeq(id), DEFAULT_SIZE);
    return redrawLastScreen(ledger, screens, id, DEFAULT_SIZE);
  }

  /** Whoever is attached has its terminal in the background. */
  isAway(id: string): boolean {
    return this.#running.get(id)?.viewers.away ?? false;
  }

  /** The size of a session that is live, in cells. */
  size(id: string): Size | undefined {
    return this.#running.get(id)?.size;
  }

  /** The daemon holds its terminal now: input, resize and kill would be taken. */
  isLive(id: string): boolean {
    return this.#running.get(id)?.holdsTerminal ?? false;
  }

  /** Both 1..1000; throws as requireLive, and `invalid_request`. */
  resize(id: string, cols: number, rows: number): void {
    this.#liveSession(id).resize(cols, rows);
  }

  /** Accepted at once; the whole process tree is ended in the background. `by`: who asked, for the record. Throws as requireLive, and `kill_failed`. */
  kill(id: string, by = "a client"): void {
    const live = this.#liveSession(id);
    try {
      live.kill(by);
    } catch (error) {
      this.ports.log.error("kill_failed", { sessionId: id, ...failureFields(error), code: "kill_failed" });
      throw new CovenError("kill_failed", "The session could not be ended.", { sessionId: id });
    }
    this.ports.log.info("session_kill", { sessionId: id });
  }

  /** A `metadata` event of a live session; throws as requireLive. */
  note(id: string, payload: Readonly<Record<string, unknown>>): void {
    this.#liveSession(id).note(payload);
  }

  /** A run that somebody else started, put on the list. Throws as `registerExternal`, and `runtime_unavailable`. */
  registerExternal(request: ExternalRequest): { session: Session; created: boolean } {
    const registered = registerExternal(this.ports.ledger, request, this.ports.world.now());
    if (registered.created) this.#announce("session.launched", registered.session.id);
    return registered;
  }

  /** It has ended. Throws `session_not_found`, `not_external_session`. */
  completeExternal(id: string, exitCode: number | null): Session {
    completeExternal(this.ports.ledger, this.session(id), exitCode, this.ports.world.now());
    this.#watchers.wake(id);
    return this.session(id);
  }

  /** What it is called from now on; null: nothing. Of one that lives an event says so. Throws `session_not_found`, `name_taken`. */
  rename(id: string, name: string | null): Session {
    const session = this.session(id);
    const { ledger, world } = this.ports;
    if (!rename(ledger, session, name) || isSettled(session.status)) return this.session(id);
    const payload = { event: "renamed", name, before: session.name };
    const live = this.#running.get(id);
    if (live) live.note(payload);
    else ledger.append(id, [{ kind: "metadata", payload }], world.now());
    this.#watchers.wake(id);
    return this.session(id);
  }

  /** Throws `session_not_found`, `session_running`. */
  archive(id: string): Session {
    const session = this.session(id);
    rituals.archive(this.ports.ledger, session, this.ports.world.now());
    if (!isArchived(session)) this.#announce("session.archived", id);
    return this.session(id);
  }

  /** Throws `session_not_found`. */
  summon(id: string): Session {
    const session = this.session(id);
    rituals.summon(this.ports.ledger, session, this.ports.world.now());
    if (isArchived(session)) this.#announce("session.summoned", id);
    return this.session(id);
  }

  /**
   * Deletes record and events; returns how many events went. Throws `session_not_found`, `session_running`, and `worktree_not_removed` while the git worktree
   * that was made for it is there, unless it `keepsWorktree`: no record, and nobody would know of it.
   */
  sacrifice(id: string, { oneOfMany = false, keepsWorktree = false } = {}): number {
    const session = this.session(id);
    if (!keepsWorktree) rituals.refuseWorktree(session, this.ports.checkouts);
    const gone = rituals.sacrifice(this.ports.ledger, session, oneOfMany);
    this.ports.log.info("session_sacrificed", { sessionId: id, events: gone });
    this.#watchers.wake(id);
    return gone;
  }

  /** As the ledger's `output`; what is of this turn of the loop comes from memory. */
  output(id: string, afterSeq: number, maxBytes: number): OutputRow[] {
    const running = this.#running.get(id)?.output.after(afterSeq, maxBytes);
    return running ?? this.ports.ledger.output(id, afterSeq, maxBytes);
  }

  /** Since when nobody has watched a session that runs (RFC 3339); undefined while somebody does. */
  unwatchedSince({ id, created_at }: Session): string | undefined {
    return this.#watchers.count(id) > 0 ? undefined : (this.#watchers.leftAt(id) ?? created_at);
  }

  /** More events may still come: true from the launch until it is settled. */
  isRunning(id: string): boolean {
    if (this.#running.has(id)) return true;
    const session = this.ports.ledger.session(id);
    return session?.external === true && !isSettled(session.status);
  }

  /** The records of all that run. */
  running(): Session[] {
    return Array.from(this.#running.keys(), (id) => this.session(id));
  }

  /** What the ledger refuses to take for now: how many sessions have printed it, in bytes. The rest is held back in their programs. */
  waiting(): { readonly sessions: number; readonly bytes: number } {
    const each = Array.from(this.#running.values(), ({ output }) => output.refusedBytes).filter(
      (bytes) => bytes > 0,
    );
    return { sessions: each.length, bytes: each.reduce((sum, bytes) => sum + bytes, 0) };
  }

  /** Tells all who follow a session that runs that the disk takes what is recorded, or that it doesn't any more. */
  storageChanged(): void {
    for (const id of this.#running.keys()) this.#watchers.wake(id);
  }

  /** Calls `wake` when the feed has a new entry; returns the way out. */
  watchFeed(wake: () => void): () => void {
    this.#feedWatchers.add(wake);
    return () => void this.#feedWatchers.delete(wake);
  }

  /** The feed has a new entry. */
  feedChanged(): void {
    for (const wake of [...this.#feedWatchers]) wake();
  }

  /** Calls `wake` after new events are in the ledger, when it settled, when it was sacrificed; returns the way out. */
  watch(id: string, wake: () => void): () => void {
    return this.#watchers.add(id, wake);
  }

  /**
   * At daemon start: every row left unsettled becomes `orphaned`, and what is left of its processes is ended; but sessions that the program before this
   * one handed over go on. Of one that can't be taken over the record says why. `lost`: why nothing could be.
   */
  recover(handed?: Handed, lost?: string): void {
    const failed = takeOver(this.#holder, handed?.sessions ?? []);
    for (const [key, id] of handed?.launchKeys ?? []) this.#keys.remember(key, id);
    for (const [key, seq] of handed?.inputKeys ?? []) this.#inputKeys.remember(key, seq);
    if (this.ports.ledger.feedEnd().place > 0) this.#announce("daemon.restarted");
    this.ports.keeper?.forgetRest();
    this.#stopSweeping = recoverOrphans(this.ports, graceMs(this.options), {
      adopted: new Set(this.#running.keys()),
      why: (id) => failed.get(id) ?? lost,
      ending: (id, leader) => {
        noteHeld(this.ports, id, leader);
        noteSaid(this.ports, id);
      },
    });
  }

  /** Records every session that runs as orphaned, for a daemon that must end without ending them. */
  orphan(reason: string): void {
    for (const live of this.#running.values()) {
      try {
        live.orphan(reason);
      } catch (error) {
        this.ports.log.error("session_not_orphaned", { sessionId: live.id, ...failureFields(error) });
      }
    }
  }

  #hooks(id: string): LiveHooks {
    return {
      begun: (live) => this.#running.set(id, live),
      wake: () => this.#watchers.wake(id),
      attentionChanged: (attention) => this.#announce("session.attention", id, attention),
      ended: () => this.#ended(id),
    };
  }

  get #holder(): Holder {
    return {
      ports: this.ports,
      options: this.options,
      running: this.#running,
      hooks: (id) => this.#hooks(id),
    };
  }

  /** Whether the program of a session is no child of this daemon, which whoever it is handed to must know what to do about. */
  get hasForeign(): boolean {
    return Array.from(this.#running.values()).some(({ foreign }) => foreign);
  }

  /** From now on whoever follows a session is sent away; taken back by `false`. Sessions go on. */
  sendAway(away: boolean): void {
    this.#handingOver = away;
    for (const [id, live] of this.#running) {
      live.viewers.freeze(away);
      if (away) this.#watchers.wake(id);
    }
    if (away) this.feedChanged();
  }

  /**
   * Gives every terminal up and says all that the next program must know. It may take some turns of the loop until it can begin; from the first terminal
   * on it is one turn, in which the caller must go on with it: replace this program, or `takeBack`. Rejects with all as it was.
   */
  async handOver(): Promise<Handed> {
    const sessions = await giveUp(this.#holder);
    return { sessions, launchKeys: this.#keys.entries(), inputKeys: this.#inputKeys.entries() };
  }

  /** What was handed over, and nobody took. */
  takeBack({ sessions }: Handed): void {
    takeBack(this.#holder, sessions);
  }

  /** Ends every live session as killed and resolves when all are settled, or settled without their harness after a deadline. */
  async close(): Promise<void> {
    this.#stopping = true;
    this.#stopSweeping();
    const { world, log } = this.ports;
    const all = Array.from(this.#running.values());
    for (const live of all) {
      try {
        live.kill("the daemon: it was stopped");
      } catch (error) {
        log.error("kill_failed", { sessionId: live.id, ...failureFields(error), code: "kill_failed" });
      }
    }
    const done = Promise.all(all.map((live) => live.done));
    const deadline = Promise.withResolvers<void>();
    const cancel = world.after(graceMs(this.options) + 3_000, deadline.resolve);
    await Promise.race([done, deadline.promise]);
    cancel();
    for (const live of all) live.abandon();
    await Promise.race([done, new Promise<void>((go) => world.after(500, go))]);
  }

  /** What is only for those who follow everything: a disk that refuses it stops nothing. */
  #announce(type: FeedType, sessionId?: string, data?: unknown): void {
    const { ledger, world, log } = this.ports;
    try {
      ledger.announce({ type, data, ...(sessionId === undefined ? {} : { sessionId }) }, world.now());
    } catch (error) {
      log.warn("feed_not_kept", { type, sessionId, ...failureFields(error) });
    }
  }

  #ended(id: string): void {
    this.#checkouts.delete(id);
    noteSaid(this.ports, id);
    this.#running.delete(id);
    this.#watchers.forget(id);
    this.ports.keeper?.forget(id);
  }

  #liveSession(id: string, session = this.session(id)): LiveSession {
    const live = this.#running.get(id);
    if (live?.holdsTerminal) return live;
    throw new CovenError("session_not_live", `Session ${id} is not running.`, {
      sessionId: id,
      status: session.status,
    });
  }
}

/** The refusal of a launch that wants a checkout for itself. */
function inUse(checkout: string, sessions: readonly string[]): CovenError {
  const one = sessions.length === 1;
  return new CovenError(
    "checkout_in_use",
    `${one ? "Another live session works" : `${sessions.length} live sessions work`} in ${JSON.stringify(checkout)}.`,
    { checkout, sessions, hint: "the same with --worktree   (a checkout of its own)" },
  );
}
