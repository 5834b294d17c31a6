// The client's end of the attach WebSocket: frames and bytes in, keys and sizes out.
import type { Picture } from "../vt/picture.ts";
import { AWAY_MS, CUT_MS } from "./client-resume.ts";
import type { ClientSocket, Transport } from "./client-transport.ts";
import type { AttachFrame, AttachMessage } from "./schema.ts";

/** What the daemon hangs up with before another program goes on in its place (IANA's registry of close codes). */
const RESTARTING = 1012;

/** A terminal's size in cells, each side 1..1000. */
export interface TerminalSize {
  readonly cols: number;
  readonly rows: number;
}

export interface AttachOptions {
  /** Hangs up, as `close` does. */
  readonly signal?: AbortSignal;
  /** Neither types nor has a say in the size. */
  readonly observe?: boolean;
  /** False: nobody is shown what comes. Default true. */
  readonly shown?: boolean;
  /** This terminal's size; the session takes it, unless observed. */
  readonly size?: TerminalSize;
  /** Each frame and each message of bytes, in order; `snapshot` marks the one that is the whole screen. With `picture` that comes as data instead. */
  picture?(picture: Picture): void;
  frame(frame: Exclude<AttachFrame, { readonly type: "screen" | "typed" }>): void;
  bytes(bytes: Uint8Array, snapshot: boolean): void;
  /**
   * The daemon is being replaced, or has gone; it is looked for. What is typed meanwhile waits. When it answers, another frame `attached` and a whole screen
   * come; when it doesn't, `closed`.
   */
  away?(): void;
  /**
   * So many bytes of keys will not arrive (`lost` false: more than may wait were typed while nobody took any), or nobody can say whether they did: they were on their way to a daemon that
   * crashed. They are not sent again.
   */
  refused?(bytes: number, lost: boolean): void;
  /** Once, last, unless `close` was called before: the daemon hung up, went away, or refused. */
  closed(): void;
}

/** One attached terminal. What is sent before the connection stands waits for it. */
export interface Attached {
  type(keys: Uint8Array): void;
  /** The same size again makes the program draw anew. */
  resize(size: TerminalSize): void;
  /** Hangs up; nothing is called any more. What was typed before still arrives. */
  close(): void;
}

/** A paste goes in pieces, each well below what the daemon takes in one message. */
const MOST_MESSAGE_BYTES = 256 * 1024;

/** What may wait while nobody takes it, in bytes. */
const MOST_WAITING_BYTES = 1024 * 1024;
/** Close codes by which the daemon means that it is over (RFC 6455): done, refused, failed. */
const MEANT = new Set([1000, 1002, 1003, 1007, 1008, 1009, 1010, 1011]);
const AGAIN_MS = 20;

/** One message of keys, until it is known that it was taken. */
interface Message {
  readonly keys: Uint8Array<ArrayBuffer>;
  sent: boolean;
}

/**
 * Opens the WebSocket, again where the daemon is replaced; `pathOf` gives the path for a size and a name. Never throws: `closed` is called when it
 * fails. Each key arrives once, in order, or is refused aloud.
 */
export function openAttach(
  webSocket: Transport["webSocket"],
  pathOf: (size: TerminalSize | undefined, client: string | undefined) => string,
  options: AttachOptions,
): Attached {
  const client = options.observe ? undefined : crypto.randomUUID();
  /** What the daemon has not said it took, or, where it says nothing, what was not sent. */
  const messages: Message[] = [];
  let { size } = options;
  /** How many it has taken, as it counts. */
  let taken = 0;
  /** It says how many. */
  let counts: boolean | undefined;
  let socket: ClientSocket | undefined;
  /** The connection stands, and what is typed goes out at once. */
  let open = false;
  /** Sizes that were asked for before it stood. */
  let resizes: TerminalSize[] = [];
  let snapshotNext = false;
  let over = false;
  let ended = false;
  /** It has been attached at least once. */
  let begun = false;
  /** It is not the first connection any more. */
  let comesAgain = false;
  /** Until when somebody must answer, while nobody does. */
  let deadline: number | undefined;
  /** Keys that came while too many waited: from the first on none is taken, so that no text loses its middle. */
  let refusing = false;
  let again: ReturnType<typeof setTimeout> | undefined;

  function connect(first = false): void {
    const mine = webSocket(`/api/v1${pathOf(size, client)}`, {
      open() {
        if (socket !== mine) return;
        // One that comes again waits to hear what was taken.
        if (first) flush();
        if (over) mine.close();
      },
      message(data) {
        if (socket === mine && !over) heard(data);
      },
      closed(code) {
        if (socket === mine) lost(code);
      },
    });
    socket = mine;
  }

  /** The connection is over, or never stood. */
  function lost(code: number): void {
    socket = undefined;
    open = false;
    if (over) return;
    const now = performance.now();
    if (ended || MEANT.has(code) || (deadline !== undefined && now > deadline)) {
      over = true;
      clearTimeout(again);
      options.signal?.removeEventListener("abort", close);
      options.closed();
      return;
    }
    if (deadline === undefined) {
      deadline = now + (code === RESTARTING ? AWAY_MS : CUT_MS);
      options.away?.();
    }
    comesAgain = true;
    again = setTimeout(connect, AGAIN_MS);
  }

  /** Sends all that waits. */
  function flush(): void {
    if (!socket?.isOpen()) return;
    open = true;
    for (const message of messages) post(message);
    if (counts === false) messages.length = 0;
    for (const one of resizes.splice(0)) sendSize(one);
  }

  function post(message: Message): void {
    if (message.sent) return;
    message.sent = true;
    socket?.send(message.keys);
  }

  function sendSize(to: TerminalSize): void {
    socket?.send(JSON.stringify({ type: "resize", ...to } satisfies AttachMessage));
  }

  function heard(data: string | ArrayBuffer): void {
    if (typeof data !== "string") {
      const snapshot = snapshotNext;
      snapshotNext = false;
      options.bytes(new Uint8Array(data), snapshot);
      return;
    }
    // The daemon's own words; test/contract holds their shape.
    const frame = JSON.parse(data) as AttachFrame;
    snapshotNext = frame.type === "attached" || frame.type === "gap";
    switch (frame.type) {
      case "screen":
        options.picture?.(frame.picture);
        return;
      case "typed":
        settle(frame.count);
        return;
      case "attached":
        attached(frame);
        break;
      case "exit":
        ended = true;
        break;
      case "restarting":
        // Whoever hangs up first has lost no key.
        if (!over) {
          const before = socket;
          options.frame(frame);
          before?.close();
          lost(RESTARTING);
        }
        return;
    }
    options.frame(frame);
  }

  /** The daemon has taken so many. */
  function settle(count: number): void {
    messages.splice(0, Math.max(0, count - taken));
    taken = Math.max(taken, count);
  }

  function attached({ typed, session }: Extract<AttachFrame, { readonly type: "attached" }>): void {
    deadline = undefined;
    refusing = false;
    begun = true;
    counts = typed !== undefined;
    if (!comesAgain) {
      if (!counts) forgetSent();
      return;
    }
    if (typeof typed === "number") settle(typed);
    else {
      // Nobody knows what became of what was on its way.
      const unknown = forgetSent();
      taken = 0;
      if (unknown > 0 && session.status === "running") options.refused?.(unknown, true);
    }
    for (const message of messages) message.sent = false;
    flush();
  }

  /** Returns how many bytes that was. */
  function forgetSent(): number {
    const sent = messages.filter((message) => message.sent);
    messages.splice(0, sent.length);
    return sent.reduce((sum, { keys }) => sum + keys.length, 0);
  }

  function close(): void {
    if (over) return;
    over = true;
    clearTimeout(again);
    options.signal?.removeEventListener("abort", close);
    const unsent = begun && !open ? messages.reduce((sum, { keys }) => sum + keys.length, 0) : 0;
    if (unsent > 0) options.refused?.(unsent, false);
    socket?.close();
  }

  options.signal?.addEventListener("abort", close);
  connect(true);
  if (options.signal?.aborted) close();
  return {
    type(keys) {
      if (over || keys.length === 0) return;
      const waiting = open ? 0 : messages.reduce((sum, { keys: one }) => sum + one.length, 0);
      refusing ||= waiting + keys.length > MOST_WAITING_BYTES && begun && !open;
      if (refusing) {
        options.refused?.(keys.length, false);
        return;
      }
      for (let at = 0; at < keys.length; at += MOST_MESSAGE_BYTES) {
        // A copy: the buffer may be the reader's, and this may wait.
        const message = { keys: new Uint8Array(keys.subarray(at, at + MOST_MESSAGE_BYTES)), sent: false };
        if (open) post(message);
        if (!open || counts !== false) messages.push(message);
      }
    },
    resize(to) {
      size = to;
      if (over) return;
      if (open) sendSize(to);
      else resizes = [to];
    },
    close,
  };
}
