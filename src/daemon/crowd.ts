// When connections have taken every descriptor: Bun would ask the kernel for the next one without end. So some are kept aside, and at the
// limit nobody new is let in: who comes is told why, at a walk, until enough of them have gone.
import { closeSync, openSync, readSync, writeSync } from "node:fs";
import { envelope } from "../api/respond.ts";
import { CovenError } from "../errors.ts";
import { descriptorLimit, freeDescriptors } from "../os/descriptors.ts";
import { libc } from "../os/libc.ts";
import type { Log, World } from "../session/ports/world.ts";
import type { PeerWatch } from "./peers.ts";
import { every } from "./world.ts";

/** Kept aside: what the daemon works with, and answers those who come, while connections have all others. */
const SPARE = 16;
/** It is over when so many can be opened, beside the spare ones, and at least that part of all. */
const ENOUGH = 32;
const ENOUGH_PART = 1 / 8;

const LOOK_MS = 1_000;
/** While it lasts: so often so many are answered, and have had that long to send what they ask. */
const ANSWER_MS = 100;
const ANSWERED = 8;
const SOCK_NONBLOCK_CLOEXEC = 0o2004000;

interface Crowd {
  readonly peers: PeerWatch;
  readonly world: World;
  readonly log: Log;
  /** Bun's server stops to listen, and listens again. */
  pause(): void;
  resume(): Promise<void>;
}

/** Begins to look each second; returns the way to stop. Linux only: elsewhere nothing is looked at. */
export function watchCrowd({ peers, world, log, pause, resume }: Crowd): () => void {
  const functions = process.platform === "linux" ? libc("dup", "accept4") : undefined;
  const limit = descriptorLimit();
  if (!functions || limit === undefined) return () => {};
  const { dup, accept4 } = functions;
  let spare = keepAside();
  /** The socket that listens, held by us alone. */
  let listener: number | undefined;
  let waiting: number[] = [];
  let answer = "";
  let stopped = false;

  const begin = () => {
    release(spare);
    spare = [];
    const [listens] = peers.listening();
    if (listens === undefined) return;
    listener = dup(listens);
    pause();
    const busiest = peers.busiest();
    answer = refusal(limit, busiest);
    log.warn("descriptors_ran_out", { limit, peer: busiest?.pid, connections: busiest?.connections });
    serve(0);
  };

  const serve = (turn: number): void => {
    if (listener === undefined || stopped) return;
    for (const fd of waiting) say(fd, answer);
    waiting = [];
    // Counting takes its time where there are many.
    const look = turn % (LOOK_MS / ANSWER_MS) === LOOK_MS / ANSWER_MS - 1;
    if (look && (freeDescriptors() ?? 0) >= SPARE + Math.max(ENOUGH, limit * ENOUGH_PART)) {
      void end();
      return;
    }
    while (waiting.length < ANSWERED) {
      const fd = accept4(listener, null, null, SOCK_NONBLOCK_CLOEXEC);
      if (fd < 0) break;
      waiting.push(fd);
    }
    world.after(ANSWER_MS, () => serve(turn + 1));
  };

  const end = async () => {
    if (listener !== undefined) closeSync(listener);
    listener = undefined;
    await resume();
    spare = keepAside();
    log.info("descriptors_free_again", { limit });
  };

  const stop = every(world, LOOK_MS, () => {
    if (listener === undefined && lowestFree() >= limit - 1) begin();
  });
  return () => {
    stopped = true;
    stop();
    for (const fd of [...spare, ...waiting, ...(listener === undefined ? [] : [listener])]) closeSync(fd);
  };
}

/** The least number that the next descriptor can have: the limit when there is none. */
function lowestFree(): number {
  try {
    const fd = openSync("/dev/null", "r");
    closeSync(fd);
    return fd;
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}

function keepAside(): number[] {
  const kept: number[] = [];
  try {
    while (kept.length < SPARE) kept.push(openSync("/dev/null", "r"));
  } catch {
    // As many as there are.
  }
  return kept;
}

function release(kept: readonly number[]): void {
  for (const fd of kept) closeSync(fd);
}

/** Reads what was asked, so that the answer is not lost with it, and answers. */
function say(fd: number, answer: string): void {
  try {
    readSync(fd, new Uint8Array(64 * 1024));
  } catch {
    // Nothing yet, or it has gone.
  }
  try {
    writeSync(fd, answer);
  } catch {
    // It has gone.
  }
  closeSync(fd);
}

/** The whole answer to whatever is asked, as HTTP. */
function refusal(limit: number, busiest: ReturnType<PeerWatch["busiest"]>): string {
  const who = busiest ? `; process ${busiest.pid} alone has ${busiest.connections} of them` : "";
  const error = new CovenError(
    "runtime_unavailable",
    `The daemon can't take another connection: it has all ${limit} files open that it may${who}.`,
    {
      reason: "no_descriptors",
      limit,
      ...busiest,
      hint: busiest
        ? `ps -p ${busiest.pid}   (what it is; when it has gone, the same command again)`
        : "ulimit -n",
    },
  );
  const body = JSON.stringify(envelope(error));
  const head = ["HTTP/1.1 503 Service Unavailable", "content-type: application/json", "connection: close"];
  return `${head.join("\r\n")}\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
}
