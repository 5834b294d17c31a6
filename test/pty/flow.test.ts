// One program that prints without end must not keep the others waiting, nor lose a byte, nor a ^S typed meanwhile.
import { describe, expect, test } from "bun:test";
import { readdirSync, readlinkSync } from "node:fs";
import { bunPtyHost } from "../../src/pty/bun.ts";
import { flowOf } from "../../src/pty/flow.ts";
import { play, script } from "./play.ts";

/** Longer than the program needs to fill the kernel's buffers again, so that there is always more to read. */
function work(ms: number): void {
  for (const end = performance.now() + ms; performance.now() < end; );
}

describe.skipIf(process.platform !== "linux")("a terminal that is never empty", () => {
  test("gives the loop back after a piece, and every byte arrives", async () => {
    const SIZE = 20_000_000;
    let turn = 0;
    let going = true;
    const next = () => {
      turn += 1;
      if (going) setImmediate(next);
    };
    next();
    const inTurn = new Map<number, number>();
    const exited = Promise.withResolvers<unknown>();
    let all = 0;
    bunPtyHost().spawn(
      {
        argv: script(`stty raw; yes 0123456789 | head -c ${SIZE}`),
        cwd: "/",
        env: { PATH: process.env["PATH"] ?? "" },
        cols: 80,
        rows: 24,
      },
      {
        data(bytes) {
          all += bytes.length;
          inTurn.set(turn, (inTurn.get(turn) ?? 0) + bytes.length);
          work(2);
        },
        exit: exited.resolve,
      },
    );
    await exited.promise;
    going = false;
    expect(all).toBe(SIZE);
    // A piece of 128 KiB and what the kernel still held; 2 MB and more without the tap.
    expect(Math.max(...inTurn.values())).toBeLessThanOrEqual(512 * 1024);
  });

  test("stops at ^S in the middle of it, goes on at ^Q", async () => {
    const SIZE = 30_000_000;
    let all = 0;
    let typed = false;
    let atStop = 0;
    const quiet = Promise.withResolvers<void>();
    const exited = Promise.withResolvers<unknown>();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const pty = bunPtyHost().spawn(
      {
        argv: script(`stty -opost ixon; yes 0123456789 | head -c ${SIZE}`),
        cwd: "/",
        env: { PATH: process.env["PATH"] ?? "" },
        cols: 80,
        rows: 24,
      },
      {
        data(bytes) {
          all += bytes.length;
          work(1);
          if (all > 2_000_000 && bytes.length > 100_000 && !typed) {
            typed = true;
            atStop = all;
            // Behind this callback, when the terminal has been stopped for the rest of the turn.
            queueMicrotask(() => pty.write(Buffer.from("\x13")));
          }
          if (!typed) return;
          clearTimeout(timer);
          timer = setTimeout(quiet.resolve, 500);
        },
        exit: exited.resolve,
      },
    );
    await quiet.promise;
    // What the kernel held, not the 28 MB that are left.
    expect(all - atStop).toBeLessThan(1_000_000);
    pty.write(Buffer.from("\x11"));
    await exited.promise;
    expect(all).toBe(SIZE);
  });

  test("no descriptor of the terminal is left with us", async () => {
    const { exit, bytes } = play(bunPtyHost(), { argv: script("tty; yes | head -c 3000000") });
    await exit;
    const terminal = /^\S+/.exec(bytes().toString("latin1"))?.[0];
    expect(terminal).toStartWith("/dev/pts/");
    expect(links()).not.toContain(terminal);
  });
});

function links(): (string | undefined)[] {
  return readdirSync("/proc/self/fd").map((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`);
    } catch {
      // It was the directory's own.
      return undefined;
    }
  });
}

describe("flow", () => {
  const calls: string[] = [];
  const tap = { stop: () => void calls.push("stop"), start: () => void calls.push("start") };

  test("short pieces stop nobody; a long one does, once, until the turn is over", () => {
    calls.length = 0;
    let turn = () => {};
    const flow = flowOf(tap, (run) => {
      turn = run;
    });
    flow.came(64 * 1024);
    expect(calls).toEqual([]);
    flow.came(128 * 1024);
    flow.came(128 * 1024);
    expect(calls).toEqual(["stop"]);
    turn();
    expect(calls).toEqual(["stop", "start"]);
    turn();
    expect(calls).toEqual(["stop", "start"]);
  });

  test("it goes on at once before something is typed", () => {
    calls.length = 0;
    const flow = flowOf(tap, () => {});
    flow.go();
    expect(calls).toEqual([]);
    flow.came(128 * 1024);
    flow.go();
    expect(calls).toEqual(["stop", "start"]);
  });

  test("a terminal that can't be stopped is left alone", () => {
    calls.length = 0;
    let planned = 0;
    const gone = {
      stop() {
        throw new Error("EIO");
      },
      start: tap.start,
    };
    const flow = flowOf(gone, () => {
      planned += 1;
    });
    flow.came(128 * 1024);
    flow.go();
    expect(planned).toBe(0);
    expect(calls).toEqual([]);
  });
});
