// Owns the attach WebSocket: the screen as it is, then live output pulled from the ledger; keys and sizes the other way.
import type { ServerWebSocket, WebSocketHandler } from "bun";
import { CovenError, isCovenError } from "../errors.ts";
import type { Coven } from "../session/coven.ts";
import { failureFields } from "../session/evidence.ts";
import type { Log, QueryFilter, World } from "../session/ports.ts";
import { type Attachment, OBSERVER, type Size } from "../session/viewers.ts";
import type { Follower, Meter } from "./meter.ts";
import { sideBySide } from "./pieces.ts";
import { malformed, type Query } from "./query.ts";
import { envelope } from "./respond.ts";
import { attachMessage } from "./schema.ts";

/** What attaching needs of the house. */
export interface AttachHouse {
  readonly coven: Coven;
  readonly world: World;
  readonly log: Log;
  readonly meter: Meter;
}

/** What a client asked for with its upgrade; `viewer` is there once the socket is open. */
export interface AttachRequest {
  readonly id: string;
  readonly observe: boolean;
  readonly size?: Size;
  /** When it was asked for, on the world's clock, and its id in the log. */
  readonly began: number;
  readonly requestId: string;
  viewer?: Viewer;
}

/** The largest message a client may send, in bytes: a paste, many times over. */
const MOST_MESSAGE_BYTES = 4 * 1024 * 1024;
/** What one client may have waiting in memory; it pulls no more from the ledger until that is gone. */
const MOST_WAITING_BYTES = 512 * 1024;
const BATCH_BYTES = 256 * 1024;
/** How much one client is given in one turn of the loop, so that the others get theirs. */
const TURN_BYTES = 1024 * 1024;
/**
 * A client that took nothing for so long, and then has so much to catch up with, gets the screen as it is instead.
 * One that keeps reading, however slowly, gets every byte.
 */
const STALL_MS = 2_000;
const MOST_BEHIND_BYTES = 1024 * 1024;

/** What the query of an upgrade asks for: `mode` (interactive or observe), `cols` and `rows` of the client's terminal. */
export function attachRequest(id: string, query: Query): Pick<AttachRequest, "id" | "observe" | "size"> {
  const mode = query.get("mode") ?? "interactive";
  if (mode !== "interactive" && mode !== "observe") throw malformed("mode", "must be interactive or observe");
  const cols = query.integer("cols") ?? 0;
  const rows = query.integer("rows") ?? 0;
  for (const [name, side] of Object.entries({ cols, rows })) {
    if (side < 0 || side > 1_000) throw malformed(name, "must be 1..1000");
  }
  const observe = mode === "observe";
  return cols > 0 && rows > 0 ? { id, observe, size: { cols, rows } } : { id, observe };
}

/** The handlers that `Bun.serve` calls for every attached client. */
export function attachSockets(house: AttachHouse): WebSocketHandler<AttachRequest> {
  return {
    // A quiet session is no reason to hang up, and a dead peer on a Unix socket shows at once.
    idleTimeout: 0,
    sendPings: false,
    perMessageDeflate: false,
    maxPayloadLength: MOST_MESSAGE_BYTES,
    backpressureLimit: 64 * 1024 * 1024,
    open(socket) {
      socket.data.viewer = new Viewer(house, socket);
      socket.data.viewer.begin();
    },
    message: (socket, message) => socket.data.viewer?.message(message),
    drain: (socket) => socket.data.viewer?.drained(),
    close: (socket) => socket.data.viewer?.leave(),
  };
}

/** One attached client. */
class Viewer {
  #attachment: Attachment = OBSERVER;
  #unwatch: () => void = () => {};
  #filter: QueryFilter | undefined;
  readonly #follower: Follower;
  #unfollow: () => void = () => {};
  #size: Size = { cols: 0, rows: 0 };
  #stalledSince: number | undefined;
  #planned = false;
  #gone = false;

  constructor(
    private readonly house: AttachHouse,
    private readonly socket: ServerWebSocket<AttachRequest>,
  ) {
    this.#follower = { kind: "attach", sessionId: socket.data.id, seq: 0 };
  }

  /** Votes on the size first, so that the screen shown is of the size that counts. */
  begin(): void {
    const { coven, log, meter, world } = this.house;
    const { id, observe, size, began, requestId } = this.socket.data;
    try {
      if (coven.takesKeys(id)) this.#attachment = coven.attach(id, size ? { observe, size } : { observe });
      this.#show("attached");
      meter.attaches.observe((world.monotonic() - began) / 1000);
      this.#unfollow = meter.follow(this.#follower);
      this.#unwatch = coven.watch(id, () => this.#plan());
      this.#pump();
    } catch (error) {
      log.error("attach_failed", { sessionId: id, requestId, ...failureFields(error) });
      this.#end(1011, "the session could not be shown");
    }
  }

  /** Bytes are keys; text is JSON. What is neither is refused with a code, and the client stays. */
  message(message: string | Buffer): void {
    try {
      if (typeof message !== "string") this.#attachment.type(new Uint8Array(message));
      else this.#resize(message);
    } catch (error) {
      const refused = isCovenError(error)
        ? error
        : new CovenError("invalid_request", "That is no message of attach.");
      this.#say({ type: "error", ...envelope(refused) });
    }
  }

  /** The client has taken all it was sent. */
  drained(): void {
    const since = this.#stalledSince;
    this.#stalledSince = undefined;
    const { world, meter } = this.house;
    if (since !== undefined && world.monotonic() - since >= STALL_MS && this.#isFarBehind()) {
      meter.gaps += 1;
      this.#show("gap");
    }
    this.#pump();
  }

  leave(): void {
    this.#gone = true;
    this.#unwatch();
    this.#unfollow();
    this.#attachment.leave();
  }

  #resize(message: string): void {
    const { cols, rows } = attachMessage.parse(JSON.parse(message));
    this.#attachment.resize({ cols, rows });
  }

  #show(type: "attached" | "gap"): void {
    const { coven } = this.house;
    const { id } = this.socket.data;
    const now = coven.snapshot(id);
    const { asOfSeq, cols, rows, ansi } = now?.image ?? coven.screen(id);
    this.#filter = now?.filter;
    this.#follower.seq = asOfSeq;
    this.#size = { cols, rows };
    const session = type === "attached" ? { session: coven.session(id) } : {};
    this.#say({ type, ...session, asOfSeq, cols, rows });
    this.socket.sendBinary(Buffer.from(ansi));
  }

  #plan(): void {
    if (this.#planned || this.#gone) return;
    this.#planned = true;
    this.house.world.soon(() => {
      this.#planned = false;
      this.#pump();
    });
  }

  #pump(): void {
    const { coven, world } = this.house;
    const { id } = this.socket.data;
    for (let sent = 0; !this.#gone; ) {
      if (this.socket.getBufferedAmount() > MOST_WAITING_BYTES) {
        this.#stalledSince ??= world.monotonic();
        return;
      }
      if (sent >= TURN_BYTES) {
        this.#plan();
        return;
      }
      // Asked before the read: what was appended until it ended is then in what is read.
      const live = coven.isLive(id);
      const rows = coven.output(id, this.#follower.seq, BATCH_BYTES);
      this.#tellSize();
      const last = rows.at(-1);
      if (!last) {
        if (!live) this.#exit();
        return;
      }
      this.#follower.seq = last.seq;
      sent += this.#sendOutput(rows);
    }
  }

  /** Returns the bytes of the rows. */
  #sendOutput(rows: readonly { readonly data: Uint8Array }[]): number {
    let bytes = 0;
    for (const data of sideBySide(rows)) {
      bytes += data.length;
      const seen = this.#filter ? this.#filter.pass(data) : data;
      if (seen.length > 0) this.socket.sendBinary(seen);
    }
    return bytes;
  }

  // Somebody else's terminal decides the size now: a client that draws for itself must know.
  #tellSize(): void {
    const size = this.house.coven.size(this.socket.data.id);
    if (!size || (size.cols === this.#size.cols && size.rows === this.#size.rows)) return;
    this.#size = size;
    this.#say({ type: "resized", ...size });
  }

  #exit(): void {
    const { coven } = this.house;
    const { id } = this.socket.data;
    if (!coven.has(id)) {
      this.#end(1000, "the session was sacrificed");
      return;
    }
    const { status, exit_code, signal } = coven.session(id);
    this.#say({ type: "exit", status, exitCode: exit_code, ...(signal ? { signal } : {}) });
    this.#end(1000, "the session has ended");
  }

  #isFarBehind(): boolean {
    const rows = this.house.coven.output(this.socket.data.id, this.#follower.seq, MOST_BEHIND_BYTES);
    return rows.reduce((bytes, row) => bytes + row.data.length, 0) > MOST_BEHIND_BYTES / 2;
  }

  #say(frame: object): void {
    this.socket.sendText(JSON.stringify(frame));
  }

  #end(code: number, reason: string): void {
    if (this.#gone) return;
    this.leave();
    this.socket.close(code, reason);
  }
}
