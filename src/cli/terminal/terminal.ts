// An attached session in our terminal: output, keys, sizes and signals, and the terminal as it was before when it is left.
import type { Attached, AttachFrame, CovenClient, TerminalSize } from "../../api/client.ts";
import { suspendSelf } from "../../os/signal.ts";
import type { Session } from "../../session/session.ts";
import { keyReader } from "./detach-key.ts";
import type { Early } from "./early-attach.ts";
import type { DetachKey } from "./key-names.ts";
import { terminalModes } from "./modes.ts";
import { picture, withoutLines } from "./picture.ts";
import { belowScreen, type Ground } from "./prompt-position.ts";
import { onSignals } from "./signals.ts";
import { openTty } from "./tty.ts";

export interface Viewing {
  readonly client: CovenClient;
  readonly session: Session;
  /** Type nothing, have no say in the size; Ctrl-C leaves as well. */
  readonly observe: boolean;
  readonly detach: DetachKey;
  /** It was launched just now, for this terminal. */
  readonly fresh: boolean;
  /** One line for the primary screen, shown before the first frame. */
  readonly hint: string;
  /** Of the window while attached. */
  readonly title: string;
  /** Attached already. */
  readonly early?: Early | undefined;
}

/** Why the terminal is the person's own again; `deaf` when it takes nothing, and words to it would wait for ever. */
export type Left = { readonly deaf?: boolean } & (
  | { readonly why: "detached" | "ended" | "lost" | "terminal gone" }
  | { readonly why: "signal"; readonly signal: NodeJS.Signals }
);

const CTRL_C = 3;
/** The start of an escape sequence waits so long for its rest, in milliseconds. */
const REST_MS = 50;
/** What is typed while the terminal stands still, in bytes. */
const MOST_KEYS = 64 * 1024;
/** For the last look at the screen, in milliseconds: only where the prompt comes depends on it. */
const LAST_LOOK_MS = 500;

/**
 * Shows the session until it ends, the detach key is pressed, a signal comes or the daemon goes. Standard input and
 * output must be terminals; they are as before when it resolves, and also when the process dies of an uncaught error.
 */
export function viewInTerminal(viewing: Viewing): Promise<Left> {
  const { client, session, observe, detach } = viewing;
  const done = Promise.withResolvers<Left>();
  const modes = terminalModes();
  const reader = keyReader(observe ? [detach.byte, CTRL_C] : [detach.byte]);
  const early: Uint8Array[] = [];
  let socket: Attached | undefined;
  let { early: waiting } = viewing;
  let begun = false;
  let needsWhole = false;
  let theirs: TerminalSize | undefined;
  let ours: TerminalSize | undefined;
  let restTimer: ReturnType<typeof setTimeout> | undefined;
  let leaving = false;
  let restored = true;
  let deaf = false;

  const tty = openTty({
    keys: typed,
    gone: () => leave({ why: "terminal gone" }),
    // What it has missed by the time it moves again is not worth sending: the screen is.
    stalled: hangUp,
    drained: attach,
  });
  const signals = onSignals({
    leave: (signal) => leave({ why: "signal", signal }),
    suspend,
    resume,
    resized() {
      const size = tty.size();
      if (!size || observe || (size.cols === ours?.cols && size.rows === ours?.rows)) return;
      ours = size;
      socket?.resize(size);
    },
    dying: () => giveBack(undefined),
  });

  function take(): void {
    restored = false;
    tty.take();
    // The title is kept on the terminal's own stack while it is ours.
    tty.write(`\x1b[22;2t\x1b]2;${viewing.title}\x1b\\`);
  }

  function giveBack(ground: Ground | undefined): void {
    if (restored) return;
    restored = true;
    const had = { alternate: modes.alternate, framed: modes.framed, rows: tty.size()?.rows ?? 24 };
    deaf = !tty.giveBack(`${modes.restore()}\x1b[23;2t${begun ? belowScreen(had, ground) : ""}`);
    modes.framed = false;
  }

  /** Anew, with a fresh screen; the old connection goes when the new one has our vote. */
  function attach(): void {
    if (leaving) return;
    const before = socket;
    ours = tty.size();
    const listener = {
      frame(frame: AttachFrame) {
        if (frame.type === "attached") before?.close();
        if (socket === mine) told(frame);
      },
      bytes: (bytes: Uint8Array, snapshot: boolean) => void (socket === mine && shown(bytes, snapshot)),
      closed: () => void (socket === mine && leave({ why: "lost" })),
    };
    const came = waiting;
    waiting = undefined;
    const mine: Attached = came
      ? came.claim(listener)
      : client.attach(session.id, { observe, ...(ours ? { size: ours } : {}), ...listener });
    socket = mine;
    if (came && ours && !observe && (came.size?.cols !== ours.cols || came.size.rows !== ours.rows)) {
      mine.resize(ours);
    }
    for (const keys of early.splice(0)) mine.type(keys);
  }

  function hangUp(): void {
    socket?.close();
    socket = undefined;
  }

  function told(frame: AttachFrame): void {
    if (frame.type === "exit") leave({ why: "ended" });
    if (frame.type === "exit" || frame.type === "error") return;
    const strange = !isOurs();
    theirs = { cols: frame.cols, rows: frame.rows };
    // What was drawn for somebody else's size is no ground to draw on for ours.
    if (frame.type === "resized" && strange && isOurs() && !observe) attach();
  }

  function isOurs(): boolean {
    return theirs?.cols === ours?.cols && theirs?.rows === ours?.rows;
  }

  function shown(bytes: Uint8Array, snapshot: boolean): void {
    if (leaving) return;
    if (snapshot) redraw(new TextDecoder().decode(bytes));
    else {
      const fit = modes.follow(bytes);
      tty.write(bytes.subarray(0, fit));
      if (fit === bytes.length) return;
      // It draws by absolute position: from here on it needs the whole screen. What it drew so far is on the daemon's.
      needsWhole = true;
      attach();
    }
  }

  function redraw(ansi: string): void {
    const { cols, rows } = ours ?? theirs ?? { cols: 80, rows: 24 };
    // What stands in a frame is the program's own, and drawn anew; anything else is scrolled up.
    const clear = begun ? modes.restore() + (modes.framed ? "\x1b[H\x1b[J" : "") : "";
    const { text, framed } = picture(ansi, {
      cols,
      rows,
      framed: modes.framed,
      whole: needsWhole,
      fresh: viewing.fresh && !begun,
    });
    begun = true;
    needsWhole = false;
    modes.framed = framed;
    const encoder = new TextEncoder();
    modes.follow(encoder.encode(withoutLines(text, ansi)));
    tty.write(clear);
    tty.write(encoder.encode(text));
    tty.listen();
  }

  function typed(bytes: Uint8Array): void {
    if (leaving) return;
    clearTimeout(restTimer);
    const { keys, left } = reader.read(bytes, modes.encodedKeys);
    type(keys);
    if (left) leave({ why: "detached" });
    else if (reader.held) restTimer = setTimeout(() => type(reader.flush()), REST_MS);
  }

  function type(keys: Uint8Array): void {
    if (observe || leaving || keys.length === 0) return;
    if (socket) socket.type(keys);
    else if (early.reduce((sum, one) => sum + one.length, 0) < MOST_KEYS) early.push(keys.slice());
  }

  function suspend(): void {
    if (leaving) return;
    hangUp();
    giveBack(undefined);
    suspendSelf();
  }

  function resume(): void {
    if (leaving) return;
    // Stopped by a SIGSTOP nobody can catch: the terminal was never given back.
    giveBack(undefined);
    take();
    attach();
  }

  function leave(left: Left): void {
    if (leaving) return;
    leaving = true;
    clearTimeout(restTimer);
    hangUp();
    void lastLook(left).then((ground) => {
      giveBack(ground);
      signals.stop();
      tty.close();
      done.resolve({ ...left, deaf });
    });
  }

  async function lastLook({ why }: Left): Promise<Ground | undefined> {
    if (why === "lost" || why === "terminal gone" || modes.alternate || !begun) return undefined;
    try {
      return await client.screen(session.id, { signal: AbortSignal.timeout(LAST_LOOK_MS) });
    } catch {
      return undefined;
    }
  }

  tty.write(`${viewing.hint}\r\n`);
  take();
  attach();
  return done.promise;
}
