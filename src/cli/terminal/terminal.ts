// An attached session in our terminal: output, keys, sizes and signals, and the terminal as it was before when it is left.
import type { Attached, AttachOptions, CovenClient, TerminalSize } from "../../api/client.ts";
import type { CovenError } from "../../errors.ts";
import { suspendSelf } from "../../os/signal.ts";
import type { Session } from "../../session/session.ts";
import type { Picture } from "../../vt/picture.ts";
import { notTyped } from "../client/keys-lost.ts";
import { standstill } from "../client/storage.ts";
import { ENTER_SCREEN, LEAVE_SCREEN, painter } from "../ui/full-screen.ts";
import { keyReader as keyNames } from "../ui/key-input.ts";
import { say } from "../ui/out.ts";
import { onTerminalSignals } from "../ui/terminal-signals.ts";
import { cut, wrapped } from "../ui/width.ts";
import { behindDetachKey, keyReader } from "./detach-key.ts";
import { type EarlyAttach, refusalIn } from "./early-attach.ts";
import type { DetachKey } from "./key-names.ts";
import { terminalModes } from "./modes.ts";
import { placed } from "./picture.ts";
import { belowScreen, type LastScreen } from "./prompt-position.ts";
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
  readonly early?: EarlyAttach | undefined;
}

/** Why the session left the terminal. `stuck`: the terminal takes no output, and writing to it would wait for ever. */
export type Left = { readonly stuck?: boolean } & (
  | { readonly why: "detached" | "ended" | "lost" | "terminal gone" }
  /** To another session: the next or previous of those that are live, the one that was shown before, or the next that waits. */
  | { readonly why: "switched"; readonly to: "next" | "previous" | "last" | "waiting" }
  /** Back to the list of sessions. */
  | { readonly why: "board" }
  | { readonly why: "signal"; readonly signal: NodeJS.Signals }
  /** When it came again: it may not be shown here any more. */
  | { readonly why: "refused"; readonly error: CovenError }
);

interface OpenLog {
  take(bytes: Uint8Array): void;
  /** All of it anew. */
  redraw(): void;
  close(): void;
}

type SaidFrame = Parameters<AttachOptions["frame"]>[0];

const CTRL_C = 3;
/** The start of an escape sequence waits so long for its rest, in milliseconds. */
const REST_MS = 50;
/** How long the detach key waits for a key behind it, in milliseconds. */
const DETACH_MS = 600;
/** How long the line of keys stays, in milliseconds, unless a key is pressed. */
const KEYS_MS = 5_000;
/** What is kept of keys that are pressed while nothing is attached, in bytes. */
const MOST_KEYS = 64 * 1024;
/** What takes longer is said, in milliseconds. */
const SLOW_MS = 300;
/** How long we wait for the last screen, in milliseconds: only the position of the prompt depends on it. */
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
  /** Keys that were pressed while nothing was attached. */
  const pendingKeys: Uint8Array[] = [];
  let socket: Attached | undefined;
  /** It looks for its daemon. */
  let away = false;
  let { early } = viewing;
  let begun = false;
  let needsWhole = false;
  let theirs: TerminalSize | undefined;
  let ours: TerminalSize | undefined;
  let restTimer: ReturnType<typeof setTimeout> | undefined;
  /** Runs while the detach key was pressed and the next key is not known. */
  let detachTimer: ReturnType<typeof setTimeout> | undefined;
  /** Runs while the line of keys is shown. */
  let keysTimer: ReturnType<typeof setTimeout> | undefined;
  /** Runs while the daemon is away and nobody has been told. */
  let slowTimer: ReturnType<typeof setTimeout> | undefined;
  /** What was typed and will not arrive: how much, and the line that says so. */
  let refusedBytes = 0;
  let notice: string | undefined;
  let leaving = false;
  /** The log, while it stands over the session; what would have ended the view meanwhile ends it afterwards. */
  let log: OpenLog | undefined;
  let leftMeanwhile: Left | undefined;
  let restored = true;
  let stuck = false;

  const tty = openTty({
    keys: onKeys,
    gone: () => leave({ why: "terminal gone" }),
    // Once the terminal takes output again it gets the screen, not everything it has missed.
    stalled: hangUp,
    drained: attach,
  });
  const signals = onTerminalSignals({
    leave: (signal) => leave({ why: "signal", signal }),
    suspend,
    resume,
    resized() {
      const size = tty.size();
      if (!size || observe || (size.cols === ours?.cols && size.rows === ours?.rows)) return;
      ours = size;
      socket?.resize(size);
      log?.redraw();
    },
    dying: () => giveBack(undefined),
  });

  function take(): void {
    restored = false;
    tty.take();
    // The title is kept on the terminal's own stack while it is ours.
    tty.write(`\x1b[22;2t\x1b]2;${viewing.title}\x1b\\`);
  }

  function giveBack(screen: LastScreen | undefined): void {
    if (restored) return;
    restored = true;
    const had = { alternate: modes.alternate, framed: modes.framed, rows: tty.size()?.rows ?? 24 };
    stuck = !tty.giveBack(
      `${log ? LEAVE_SCREEN : ""}${modes.restore()}\x1b[23;2t${begun ? belowScreen(had, screen) : ""}`,
    );
    modes.framed = false;
  }

  /** Attaches anew, for a fresh screen. The old connection closes once the new one counts for the size. */
  function attach(): void {
    if (leaving) return;
    if (away && socket) {
      // It comes again by itself, with the whole screen and the keys that wait.
      needsWhole = true;
      return;
    }
    const before = socket;
    ours = tty.size();
    let isShown = false;
    const listener = {
      frame(frame: SaidFrame) {
        if (frame.type === "attached") {
          isShown = true;
          before?.close();
        }
        if (socket !== mine) return;
        if (frame.type === "error" && (away || !isShown)) leave({ why: "refused", error: refusalIn(frame) });
        else onFrame(frame);
      },
      picture: (picture: Picture) => void (socket === mine && !leaving && !log && redraw(picture)),
      bytes: (bytes: Uint8Array) => void (socket === mine && onOutput(bytes)),
      away: () => void (socket === mine && onAway()),
      refused: (bytes: number, lost: boolean) => sayNotTyped(bytes, lost),
      closed: () => void (socket === mine && leave({ why: "lost" })),
    };
    const taken = early;
    early = undefined;
    const mine: Attached = taken
      ? taken.claim(listener)
      : client.attach(session.id, { observe, ...(ours ? { size: ours } : {}), ...listener });
    socket = mine;
    if (taken && ours && !observe && (taken.size?.cols !== ours.cols || taken.size.rows !== ours.rows)) {
      mine.resize(ours);
    }
    for (const keys of pendingKeys.splice(0)) mine.type(keys);
  }

  function hangUp(): void {
    socket?.close();
    socket = undefined;
    away = false;
  }

  /** The daemon goes on as another program, and the session with it; or it has gone. */
  function onAway(): void {
    away = true;
    slowTimer = setTimeout(() => log || sayBelow("The daemon is away …"), SLOW_MS);
    needsWhole = true;
  }

  /** Once the screen is there again, for a while or until a key is pressed. */
  function sayNotTyped(bytes: number, lost: boolean): void {
    if (!lost) refusedBytes += bytes;
    notice = notTyped(lost ? bytes : refusedBytes, lost);
    if (!leaving && !log) sayBelow(notice);
  }

  /** The log over the session's screen, which is drawn anew afterwards: as it then is. */
  async function openLog(): Promise<void> {
    // Whoever types on is in the log already: no key of theirs is the program's.
    const ahead: Uint8Array[] = [];
    log = { take: (bytes) => void ahead.push(bytes.slice()), redraw() {}, close() {} };
    tty.write(modes.restore() + ENTER_SCREEN);
    const { logView } = await import("./log-view.ts");
    if (leaving || !log) return;
    const sizeNow = () => tty.size() ?? { cols: 80, rows: 24 };
    const shown = painter((text) => tty.write(text));
    const draw = () => shown.draw(view.lines(sizeNow(), Date.now()), sizeNow());
    const view = logView({ client, session, changed: draw, write: (text) => tty.write(text) });
    const keys = keyNames((key) => {
      if (!log) return;
      if (key.name !== "interrupt" && view.handleKey(key, sizeNow())) draw();
      else closeLog();
    });
    log = {
      take: (bytes) => keys.take(bytes),
      redraw() {
        shown.forget();
        draw();
      },
      close() {
        keys.stop();
        view.close();
      },
    };
    log.redraw();
    for (const bytes of ahead) log?.take(bytes);
  }

  function closeLog(): void {
    log?.close();
    log = undefined;
    tty.write(LEAVE_SCREEN);
    if (leftMeanwhile) {
      leave(leftMeanwhile);
      return;
    }
    needsWhole = true;
    attach();
  }

  function onFrame(frame: SaidFrame): void {
    if (frame.type === "attached") {
      away = false;
      clearTimeout(slowTimer);
    }
    if (frame.type === "exit") leave({ why: "ended" });
    if (frame.type === "storage") sayStandstill(standstill(frame.state));
    if (!("cols" in frame)) return;
    const wasForeign = !isOurs();
    theirs = { cols: frame.cols, rows: frame.rows };
    // What was drawn at another size cannot be drawn on at ours: attached anew, the daemon sends the whole screen.
    if (frame.type === "resized" && wasForeign && isOurs() && !observe) attach();
  }

  /** In the last row, over what stands there: nothing is drawn until it goes on, and then all of it anew. */
  function sayStandstill(line: string | undefined): void {
    if (line !== undefined) {
      sayBelow(line);
      return;
    }
    needsWhole = true;
    attach();
  }

  /** On the last row, or on as many as it takes. */
  function sayBelow(text: string): void {
    if (log) return;
    const { rows, cols } = tty.size() ?? { cols: 80, rows: 24 };
    const lines = wrapped(text, Math.max(1, cols - 1)).slice(-rows);
    const drawn = lines.map(
      (line, n) => `\x1b[${rows - lines.length + 1 + n};1H\x1b[0;7m${cut(line, cols - 1)}\x1b[0m\x1b[K`,
    );
    tty.write(`\x1b7\x1b[?6l${drawn.join("")}\x1b8`);
  }

  function isOurs(): boolean {
    return theirs?.cols === ours?.cols && theirs?.rows === ours?.rows;
  }

  function onOutput(bytes: Uint8Array): void {
    if (leaving || log) return;
    const fit = modes.follow(bytes);
    tty.write(bytes.subarray(0, fit));
    if (fit === bytes.length) return;
    // It draws by absolute position: from here on it needs the whole screen. What it drew so far is on the daemon's.
    needsWhole = true;
    attach();
  }

  function redraw(picture: Picture): void {
    const { cols, rows } = ours ?? theirs ?? { cols: 80, rows: 24 };
    // What stands in a frame is the program's own, and drawn anew; anything else is scrolled up.
    const clear = begun ? modes.restore() + (modes.framed ? "\x1b[H\x1b[J" : "") : "";
    const { text, state, framed } = placed(picture, {
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
    // The lines leave no mode behind, and are nearly all of it.
    modes.follow(encoder.encode(state));
    tty.write(clear);
    tty.write(encoder.encode(text));
    tty.listen();
    if (notice !== undefined) sayForAWhile(notice);
    notice = undefined;
    refusedBytes = 0;
  }

  function onKeys(bytes: Uint8Array): void {
    if (leaving) return;
    if (log) {
      // The key that detaches does so here as well.
      if (bytes.length > 1 || bytes[0] !== detach.byte) {
        log.take(bytes);
        return;
      }
      closeLog();
      if (leaving) return;
    }
    clearTimeout(restTimer);
    hideKeys();
    if (detachTimer !== undefined) {
      afterDetachKey(bytes);
      return;
    }
    const { keys, left, by, rest } = reader.read(bytes, modes.encodedKeys);
    type(keys);
    if (left && by !== detach.byte) leave({ why: "detached" });
    else if (left) afterDetachKey(rest);
    else if (reader.held) restTimer = setTimeout(() => type(reader.flush()), REST_MS);
  }

  /** What the key behind the detach key asks for; any other key, or none for a moment, detaches. */
  function afterDetachKey(bytes: Uint8Array): void {
    const { key, sent, rest } = behindDetachKey(bytes, detach.byte);
    if (key === "none") {
      detachTimer ??= setTimeout(() => leave({ why: "detached" }), DETACH_MS);
      return;
    }
    clearTimeout(detachTimer);
    detachTimer = undefined;
    switch (key) {
      case "redraw":
        redrawAll();
        break;
      case "keys":
        showKeys();
        break;
      case "again":
        type(sent);
        break;
      case "log":
        void openLog();
        break;
      case "board":
        leave({ why: "board" });
        return;
      case "next":
      case "previous":
      case "last":
      case "waiting":
        leave({ why: "switched", to: key });
        return;
      default:
        leave({ why: "detached" });
        return;
    }
    if (rest.length > 0) onKeys(rest);
  }

  /** One line over the last row, until a key is pressed or a while has passed. */
  function showKeys(): void {
    const key = detach.label;
    sayForAWhile(`${key}: n next  p prev  l last  w waiting  b list  [ log  r redraw  ${key} send`);
  }

  function sayForAWhile(line: string): void {
    sayBelow(line);
    clearTimeout(keysTimer);
    keysTimer = setTimeout(hideKeys, KEYS_MS);
  }

  function hideKeys(): void {
    if (keysTimer === undefined || leaving) return;
    clearTimeout(keysTimer);
    keysTimer = undefined;
    needsWhole = true;
    attach();
  }

  /** Our terminal gets the whole screen, and the program is asked to draw it. */
  function redrawAll(): void {
    attach();
    if (ours) socket?.resize(ours);
  }

  function type(keys: Uint8Array): void {
    if (observe || leaving || keys.length === 0) return;
    if (socket) socket.type(keys);
    else if (refusedBytes === 0 && pendingKeys.reduce((sum, one) => sum + one.length, 0) < MOST_KEYS)
      pendingKeys.push(keys.slice());
    else sayNotTyped(keys.length, false);
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
    if (log) {
      tty.write(ENTER_SCREEN);
      log.redraw();
    }
    attach();
  }

  function leave(left: Left): void {
    if (leaving) return;
    if (log) {
      if (left.why === "ended" || left.why === "lost") {
        // What was printed can still be read; the end is said afterwards.
        leftMeanwhile = left;
        return;
      }
      log.close();
    }
    leaving = true;
    clearTimeout(restTimer);
    clearTimeout(detachTimer);
    clearTimeout(keysTimer);
    clearTimeout(slowTimer);
    hangUp();
    void lastLook(left).then((screen) => {
      giveBack(screen);
      signals.stop();
      tty.close();
      if (notice !== undefined) say(notice);
      done.resolve({ ...left, stuck });
    });
  }

  async function lastLook({ why }: Left): Promise<LastScreen | undefined> {
    if (why === "lost" || why === "terminal gone" || modes.alternate || !begun || log) return undefined;
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
