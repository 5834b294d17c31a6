// A terminal whose master descriptor is ours, whoever started its program: one reader, one writer, one end.
import { closeSync, constants, openSync } from "node:fs";
import type { HeldTerminal, Pty, PtyEvents, PtyExit } from "../session/ports.ts";
import { ending } from "./ending.ts";
import { requireSize } from "./launchable.ts";
import { readerOf } from "./reader.ts";
import { writerOf } from "./writer.ts";

/** How the end of the terminal's leader is learnt. */
export interface Leader {
  readonly pid: number;
  /** Calls back once, at the earliest in the next turn of the loop. */
  reaped(then: (exit: PtyExit) => void): void;
  /** Leaves it to somebody else to reap; undefined where that can't be. */
  forget?(): void;
}

/** A terminal as its driver hands it over. */
export interface Opened {
  /** The master: ours, non-blocking. */
  readonly fd: number;
  /** The slave, ours too: a program that lets go of its terminal for a moment would else look like the end of the output. */
  readonly slave: number;
  readonly leader: Leader;
  /** Gives it a size that was checked. */
  resize(cols: number, rows: number): void;
}

/** Opens a terminal's slave by its name, `/dev/pts/3`, without making it our controlling terminal. Throws what the system says. */
export function openSlave(path: string): number {
  return openSync(path, constants.O_RDWR | constants.O_NOCTTY);
}

/** Reads and writes the terminal until its leader is reaped and its output drained; both descriptors are closed by then. */
export function hold({ fd, slave, leader, resize }: Opened, events: PtyEvents): Pty {
  let held = true;
  let closed = false;
  let released = false;
  let ended: PtyExit | undefined;
  const letGo = (): void => {
    if (held) closeSync(slave);
    held = false;
  };
  const end = ending(
    (exit) => {
      if (released) return;
      closed = true;
      writer.stop();
      // The poll goes before the descriptor, or it could wake on a number that is somebody else's by then.
      void reader.stop().then(() => {
        closeSync(fd);
        events.exit(exit);
      });
    },
    () => reader.paused,
  );
  const writer = writerOf(fd);
  const reader = readerOf(fd, (bytes) => events.data(bytes), end.drained);
  leader.reaped((exit) => {
    ended = exit;
    letGo();
    end.reaped(exit);
  });
  const requireOpen = (): void => {
    if (closed) throw new Error("the terminal is closed");
  };
  const { forget } = leader;
  return {
    pid: leader.pid,
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
        return { pid: leader.pid, fd, unwritten, ...(ended && { exit: ended }) };
      },
    }),
  };
}
