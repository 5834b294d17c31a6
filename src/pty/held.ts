// A terminal whose master descriptor is ours, whoever started its program: one reader, one writer, one end.
import { closeSync, constants, openSync } from "node:fs";
import type { HeldTerminal, Pty, PtyEvents, PtyExit } from "../session/ports/pty.ts";
import { ending } from "./ending.ts";
import { requireSize } from "./launchable.ts";
import { type Reader, readerOf } from "./reader.ts";
import { writerOf } from "./writer.ts";

/** How the end of the terminal's leader is learnt. */
export interface Leader {
  readonly pid: number;
  /** Calls back once, at the earliest in the next turn of the loop. */
  reaped(then: (exit: PtyExit) => void): void;
  /** Leaves it to somebody else to reap; absent where that can't be. */
  forget?(): void;
  /** A descriptor of it, where it is no child of ours. */
  readonly process?: number;
  /** The output has ended: a good moment to look whether the leader has. Absent where its end is told at once. */
  look?(): void;
}

/** A terminal as its driver hands it over. */
export interface Opened {
  /** The master: ours, non-blocking. */
  readonly fd: number;
  /** The slave's name, `/dev/pts/3`. */
  readonly path: string;
  readonly leader: Leader;
  /** Gives it a size that was checked. */
  resize(cols: number, rows: number): void;
}

/** How long the leader's own end is waited for when the output ends, before it counts as alive, in milliseconds. */
const LEADER_MS = 5;

/**
 * Reads and writes the terminal until its leader is reaped and its output drained; every descriptor is closed by then. Two of them meanwhile: the
 * master, and Bun's copy of it that is read. When the output ends and the leader lives, it has let go of its terminal and may take it again:
 * from then on the slave is held open too, or that end would never be over.
 */
export function hold({ fd, path, leader, resize }: Opened, events: PtyEvents): Pty {
  let slave: number | undefined;
  let closed = false;
  let exit: PtyExit | undefined;
  /** The output has ended, and is not read. */
  let ended = false;
  let released = false;
  const writer = writerOf(fd);
  const end = ending(
    (result) => {
      if (released) return;
      closed = true;
      writer.stop();
      // The poll goes before the descriptor, or it could wake on a number that is somebody else's by then.
      void reader.stop().then(() => {
        closeSync(fd);
        events.exit(result);
      });
    },
    () => reader.paused,
  );
  const read = (): Reader => readerOf(fd, (bytes) => events.data(bytes), outputEnded);
  let reader = read();

  leader.reaped((result) => {
    exit = result;
    letGo();
    end.reaped(result);
    if (ended) end.drained();
  });

  function outputEnded(): void {
    ended = true;
    if (exit) {
      end.drained();
      return;
    }
    leader.look?.();
    setTimeout(readOn, LEADER_MS);
  }

  function readOn(): void {
    if (exit || closed) return;
    try {
      slave ??= openSync(path, constants.O_RDWR | constants.O_NOCTTY);
    } catch {
      // No descriptor is left just now.
      setTimeout(readOn, LEADER_MS);
      return;
    }
    ended = false;
    reader = read();
  }

  function letGo(): void {
    if (slave !== undefined) closeSync(slave);
    slave = undefined;
  }

  function requireOpen(): void {
    if (closed) throw new Error("the terminal is closed");
  }

  const { forget } = leader;
  return {
    pid: leader.pid,
    descriptor: fd,
    foreign: leader.process !== undefined,
    get ending() {
      return closed;
    },
    write(bytes) {
      requireOpen();
      writer.write(bytes);
    },
    resize(cols, rows) {
      requireSize(cols, rows);
      requireOpen();
      resize(cols, rows);
    },
    ...(forget && {
      async release(): Promise<HeldTerminal> {
        requireOpen();
        closed = true;
        released = true;
        forget();
        await reader.release();
        const unwritten = writer.stop();
        letGo();
        return {
          pid: leader.pid,
          fd,
          unwritten,
          ...(exit && { exit }),
          // Once it has ended the descriptor is closed.
          ...(!exit && leader.process !== undefined && { process: leader.process }),
        };
      },
    }),
  };
}
