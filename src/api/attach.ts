// The attach WebSocket: the screen as it is, then what follows it; keys and sizes the other way.

import type { ServerWebSocket, WebSocketHandler } from "bun";
import { CovenError, isCovenError } from "../errors.ts";
import { failureFields } from "../session/evidence.ts";
import type { StorageState } from "../session/ports/ledger.ts";
import type { Size } from "../session/session.ts";
import { type Attachment, OBSERVER } from "../session/viewers.ts";
import { draw } from "../vt/picture.ts";
import { noRoom, type Share } from "./budget.ts";
import { type FollowDependencies, follow, outputOf, sideBySide } from "./follow.ts";
import type { Monitor } from "./monitor.ts";
import { envelope } from "./respond.ts";
import { type AttachFrame, attachMessage } from "./schema.ts";
import { SharedFilter, type ViewerOutput } from "./shared-filter.ts";

/** What a client asked for with its upgrade; `viewer` is there once the socket is open. */
export interface AttachRequest {
  readonly id: string;
  readonly observe: boolean;
  /** It draws for itself: the screen is sent as data. */
  readonly picture: boolean;
  readonly size?: Size;
  /** The client's own name, where it wants to know what of its keys was taken. */
  readonly client?: string;
  /** The session in whose terminal it is shown. */
  readonly within?: string;
  /** When it was asked for, on the world's clock, and its id in the log. */
  readonly began: number;
  readonly requestId: string;
  viewer?: Viewer;
}

/** The largest message a client may send, in bytes: a paste, many times over. */
const MOST_MESSAGE_BYTES = 4 * 1024 * 1024;
/** What one client may have waiting in memory; it pulls no more from the ledger until that is gone. */
const MOST_WAITING_BYTES = 512 * 1024;
/**
 * A client that took nothing for so long, and then has so much to catch up with, gets the screen as it is instead.
 * One that keeps reading, however slowly, gets every byte.
 */
const STALL_MS = 2_000;
const MOST_BEHIND_BYTES = 1024 * 1024;
/** A client whose messages were refused so often is broken, or means harm: each refusal costs everybody a little. */
const MOST_REFUSALS = 100;

/** What attaching needs of the daemon. */
interface AttachDependencies extends FollowDependencies {
  readonly monitor: Pick<Monitor, "storage">;
}

/** Of the IANA registry of WebSocket close codes: come again in a moment. */
const SERVICE_RESTART = 1012;
/** How long a client gets to hang up by itself, in milliseconds. */
const HANG_UP_MS = 50;

/** The handlers that `Bun.serve` calls for every attached client. */
export function attachSockets(api: AttachDependencies): WebSocketHandler<AttachRequest> {
  const filters = new Map<string, SharedFilter>();
  const shared = (id: string): SharedFilter => {
    for (const [other, filter] of filters) if (!filter.watched) filters.delete(other);
    const found =
      filters.get(id) ?? new SharedFilter((after) => api.coven.output(id, after, api.budget.batch()));
    filters.set(id, found);
    return found;
  };
  return {
    // A quiet session is no reason to hang up, and a dead peer on a Unix socket shows at once.
    idleTimeout: 0,
    sendPings: false,
    perMessageDeflate: false,
    maxPayloadLength: MOST_MESSAGE_BYTES,
    backpressureLimit: 64 * 1024 * 1024,
    open(socket) {
      socket.data.viewer = new Viewer(api, socket, shared);
      void socket.data.viewer.begin();
    },
    message: (socket, message) => socket.data.viewer?.message(message),
    drain: (socket) => socket.data.viewer?.drained(),
    close: (socket) => socket.data.viewer?.leave(),
  };
}

/** One attached client. */
class Viewer {
  #attachment: Attachment = OBSERVER;
  #stopShowing = (): void => {};
  /** Without it what is shown is all there is. */
  #output: ViewerOutput | undefined;
  #asOfSeq = 0;
  #size: Size = { cols: 0, rows: 0 };
  #refusals = 0;
  /** It is told in a moment how much of its keys was taken. */
  #counting = false;
  /** As it was said last. */
  #storage: StorageState = "ok";
  readonly #gone = new AbortController();
  /** Resolves when the client has taken all it was sent, or has gone; there while it must take more first. */
  #full: PromiseWithResolvers<void> | undefined;
  readonly #share: Share;

  constructor(
    private readonly api: AttachDependencies,
    private readonly socket: ServerWebSocket<AttachRequest>,
    /** The filter that the viewers of a session share. */
    private readonly shared: (id: string) => SharedFilter,
  ) {
    this.#share = api.budget.share("socket");
  }

  /** Votes on the size first, so that the screen shown is of the size that counts. */
  async begin(): Promise<void> {
    const { coven, log, meter, world } = this.api;
    const { id, observe, size, client, within, began, requestId } = this.socket.data;
    try {
      this.#stopShowing = coven.shownWithin(within, id);
      const asked = { observe, ...(size ? { size } : {}), ...(client === undefined ? {} : { client }) };
      if (coven.isLive(id)) this.#attachment = coven.attach(id, asked);
      this.#show("attached");
      meter.attaches.observe((world.monotonic() - began) / 1000);
      while ((await this.#sendOutput()) === "far behind") {
        meter.gaps += 1;
        this.#show("gap");
      }
      if (coven.handingOver && coven.isRunning(id)) await this.#sendAway();
      else if (!this.#gone.signal.aborted) this.#exit();
    } catch (error) {
      const fields = { sessionId: id, requestId, ...failureFields(error) };
      if (isCovenError(error)) this.#say({ type: "error", ...envelope(error) });
      if (isCovenError(error) && error.code === "view_cycle") {
        log.warn("attach_refused", fields);
        this.#end(1008, "the session would show itself");
        return;
      }
      log.error("attach_failed", fields);
      this.#end(1011, "the session could not be shown");
    }
  }

  /** Bytes are keys; text is JSON. What is neither is refused with a code, and the client stays. */
  message(message: string | Buffer): void {
    if (this.#gone.signal.aborted) return;
    try {
      if (typeof message === "string") this.#resize(message);
      else this.#type(new Uint8Array(message));
    } catch (error) {
      const refused = isCovenError(error)
        ? error
        : new CovenError("invalid_request", "That is no message of attach.");
      this.#say({ type: "error", ...envelope(refused) });
      this.#refusals += 1;
      if (this.#refusals === MOST_REFUSALS) this.#end(1008, "too many messages were refused");
      // It sends what is refused, and does not read that it is.
      else if (this.socket.getBufferedAmount() > MOST_WAITING_BYTES) this.socket.terminate();
    }
  }

  /** What is refused was taken all the same: it is not to come again. */
  #type(keys: Uint8Array): void {
    const { place } = this.#attachment;
    try {
      this.#attachment.type(keys);
    } finally {
      if (place && !this.#counting) {
        this.#counting = true;
        this.api.world.soon(() => {
          this.#counting = false;
          if (!this.#gone.signal.aborted) this.#say({ type: "typed", count: place.taken });
        });
      }
    }
  }

  /** The client has taken all it was sent. */
  drained(): void {
    this.#share.set(this.socket.getBufferedAmount());
    this.#full?.resolve();
  }

  leave(): void {
    this.#gone.abort();
    this.#share.end();
    this.#full?.resolve();
    this.#stopShowing();
    this.#attachment.leave();
    this.#output?.leave();
  }

  /** A client that hangs up by itself has sent all its keys before; one that doesn't is hung up on. */
  async #sendAway(): Promise<void> {
    this.#say({ type: "restarting" });
    await new Promise<void>((waited) => this.api.world.after(HANG_UP_MS, waited));
    this.#end(SERVICE_RESTART, "the daemon is being replaced");
  }

  #resize(message: string): void {
    const { cols, rows } = attachMessage.parse(JSON.parse(message));
    this.#attachment.resize({ cols, rows });
  }

  #show(type: "attached" | "gap"): void {
    const { coven, budget } = this.api;
    const { id } = this.socket.data;
    if (!budget.fits(MOST_WAITING_BYTES, "socket")) throw noRoom();
    const now = coven.snapshot(id);
    const { asOfSeq, cols, rows, picture } = now?.image ?? coven.screen(id);
    this.#output?.leave();
    this.#output = now && this.shared(id).join(asOfSeq, now.filter);
    this.#asOfSeq = asOfSeq;
    this.#size = { cols, rows };
    const at = { asOfSeq, cols, rows };
    if (type === "attached") {
      // Nobody takes keys where nothing runs: none are to come again.
      const typed = this.#attachment.place?.before ?? null;
      const named = this.socket.data.client === undefined ? {} : { typed };
      this.#say({ type, session: coven.session(id), ...at, ...named });
    } else this.#say({ type, ...at });
    if (this.socket.data.picture) this.#say({ type: "screen", picture });
    else this.socket.sendBinary(Buffer.from(draw(picture).text));
    this.#share.set(this.socket.getBufferedAmount());
  }

  /** What came after the screen shown, until the session has ended or the client went, or is too far behind. */
  async #sendOutput(): Promise<"all" | "far behind"> {
    const { id: sessionId } = this.socket.data;
    const { signal } = this.#gone;
    const read = (afterSeq: number) => outputOf(this.api, sessionId, afterSeq);
    await this.#room();
    for await (const { rows, seq } of follow(this.api, {
      kind: "attach",
      sessionId,
      seq: this.#asOfSeq,
      read,
      stay: true,
      signal,
    })) {
      if (signal.aborted) break;
      this.#sayResized();
      this.#sayStorage();
      const output = this.#output;
      const seen = output ? rows.map((row) => ({ data: output.pass(row) })) : rows;
      for (const data of sideBySide(seen)) if (data.length > 0) this.socket.sendBinary(data);
      if (rows.length === 0) output?.caughtUp();
      if ((await this.#room()) >= STALL_MS && this.#isFarBehind(seq)) return "far behind";
    }
    return "all";
  }

  /** Waits while too much of what was sent has not been taken; the milliseconds that it took. */
  async #room(): Promise<number> {
    const { world, budget } = this.api;
    const waiting = this.socket.getBufferedAmount();
    this.#share.set(waiting);
    if (waiting === 0 || waiting <= (budget.fits(0, "stream") ? MOST_WAITING_BYTES : 0)) return 0;
    const since = world.monotonic();
    this.#full = Promise.withResolvers();
    await this.#full.promise;
    // Whoever has gone did not take long, it takes nothing any more.
    return this.#gone.signal.aborted ? 0 : world.monotonic() - since;
  }

  // Somebody else's terminal decides the size now: a client that draws for itself must know.
  #sayResized(): void {
    const size = this.api.coven.size(this.socket.data.id);
    if (!size || (size.cols === this.#size.cols && size.rows === this.#size.rows)) return;
    this.#size = size;
    this.#say({ type: "resized", ...size });
  }

  // Why what the program prints doesn't come, and that it comes again.
  #sayStorage(): void {
    const state = this.api.monitor.storage();
    if (state === this.#storage) return;
    this.#storage = state;
    this.#say({ type: "storage", state });
  }

  #exit(): void {
    const record = this.api.ledger.session(this.socket.data.id);
    if (!record) {
      this.#end(1000, "the session was sacrificed");
      return;
    }
    const { status, exit_code, signal } = record;
    this.#say({ type: "exit", status, exitCode: exit_code, ...(signal ? { signal } : {}) });
    this.#end(1000, "the session has ended");
  }

  #isFarBehind(seq: number): boolean {
    const rows = this.api.coven.output(this.socket.data.id, seq, MOST_BEHIND_BYTES);
    return rows.reduce((bytes, row) => bytes + row.data.length, 0) > MOST_BEHIND_BYTES / 2;
  }

  #say(frame: AttachFrame): void {
    this.socket.sendText(JSON.stringify(frame));
  }

  #end(code: number, reason: string): void {
    if (this.#gone.signal.aborted) return;
    this.leave();
    this.socket.close(code, reason);
  }
}
