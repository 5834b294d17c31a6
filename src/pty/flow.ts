// Owns how long one busy terminal may hold the loop: Bun reads a terminal until it is empty, and a program that prints
// as fast as it is read never lets it be. It is stopped for the rest of that turn, as ^S would.
import { closeSync, constants, openSync, readFileSync } from "node:fs";
import { startOutput, stopOutput } from "./libc.ts";

/** Stops a terminal's output, or lets it go on. May throw; then nothing is stopped. */
export interface Tap {
  stop(): void;
  /** Also gives back what stopping took; may be called when nothing is stopped. */
  start(): void;
}

/** One terminal's share of the loop. */
export interface Flow {
  /** So many bytes came in one piece. */
  came(length: number): void;
  /** Output goes on now; before anything is typed, so that a ^S typed meanwhile counts. */
  go(): void;
}

/** Bun hands over what it has at 128 KiB and reads on; a shorter piece was all there was. */
const CUT_OFF_BYTES = 96 * 1024;

/** The major number of `/dev/pts` (Linux, Documentation/admin-guide/devices.txt). */
const UNIX98_SLAVES = 136;

/** The flow of a terminal whose tap this is. */
export function flowOf(tap: Tap, soon: (run: () => void) => void = setImmediate): Flow {
  let stopped = false;
  const go = (): void => {
    if (!stopped) return;
    stopped = false;
    tap.start();
  };
  return {
    came(length) {
      if (length < CUT_OFF_BYTES || stopped) return;
      try {
        tap.stop();
        stopped = true;
        soon(go);
      } catch {
        // The program is gone or has given its terminal up: there is nobody to stop.
      }
    },
    go,
  };
}

/**
 * The tap of the terminal that the process `pid` leads; undefined where terminals can't be stopped from outside. Asked
 * right after the spawn: later the number may be somebody else's, while the terminal's stays its own until it is closed.
 */
export function tapOf(pid: number): Tap | undefined {
  const path = process.platform === "linux" ? terminalPath(pid) : undefined;
  if (path === undefined) return undefined;
  let slave: number | undefined;
  return {
    stop() {
      // Opened for each stop: a descriptor of ours would keep the terminal alive behind the program.
      slave ??= openSync(path, constants.O_RDWR | constants.O_NOCTTY | constants.O_NONBLOCK);
      stopOutput(slave);
    },
    start() {
      if (slave === undefined) return;
      startOutput(slave);
      closeSync(slave);
      slave = undefined;
    },
  };
}

/** `/dev/pts/N` by the controlling terminal of a session's leader (proc_pid_stat(5), field 7). */
function terminalPath(pid: number): string | undefined {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, "latin1");
  } catch {
    return undefined;
  }
  const device = Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[4]);
  const major = (device >>> 8) & 0xfff;
  const minor = ((device >>> 12) & 0xfff00) | (device & 0xff);
  return major === UNIX98_SLAVES ? `/dev/pts/${minor}` : undefined;
}
