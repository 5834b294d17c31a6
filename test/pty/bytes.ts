// What must hold for bytes in both directions, and for the size.

import { describe, expect, test } from "bun:test";
import { createHash, randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { systemProcesses } from "../../src/os/processes.ts";
import type { PtyHost } from "../../src/session/ports/pty.ts";
import { signalOwn } from "../support/signal.ts";
import { testUnless, windows } from "../support/unless.ts";
import { until } from "../support/until.ts";
import { descriptors, play, program, run, script } from "./play.ts";

const processes = systemProcesses();

/** Part of conformance.test.ts; `dir` is the suite's own directory. */
export function bytes(host: PtyHost, dir: string): void {
  describe("output", () => {
    test("2,000 spawn and exit cycles lose no last line, leak no descriptor, leave no zombie", async () => {
      await run(host, { argv: script("echo warm") });
      const before = descriptors();
      let next = 0;
      const wrong: string[] = [];
      const lane = async () => {
        while (next < 2_000) {
          const line = `last line of ${next++} ${Math.random()}`;
          const { text, exitCode } = await run(host, { argv: script('echo first; echo "$1"; exit 9', line) });
          if (text !== `first\r\n${line}\r\n` || exitCode !== 9) wrong.push(`${exitCode} ${text}`);
        }
      };
      await Promise.all(Array.from({ length: 8 }, lane));
      expect(wrong).toEqual([]);
      // A descriptor may outlive the exit by some turns of the loop; one that is still there later is a leak.
      await until("no descriptor is left", () => descriptors() <= before);
      expect(processes.list().filter((one) => one.parent === process.pid && one.dead)).toEqual([]);
    }, 120_000);

    test("50 MB arrive exactly", async () => {
      const path = join(dir, "50mb");
      const block = randomBytes(1_000_000);
      const sent = createHash("sha256");
      const file = Bun.file(path).writer();
      for (let i = 0; i < 50; i++) {
        block.writeUInt32LE(i);
        sent.update(block);
        file.write(block);
        await file.flush();
      }
      await file.end();
      const got = createHash("sha256");
      let length = 0;
      const kept: Uint8Array[] = [];
      const exit = await new Promise((resolve) => {
        host.spawn(
          {
            argv: script('stty raw; cat "$1"', path),
            cwd: "/",
            env: { PATH: process.env["PATH"] ?? "" },
            cols: 80,
            rows: 24,
          },
          {
            data(bytes) {
              length += bytes.length;
              got.update(bytes);
              kept.push(bytes);
            },
            exit: resolve,
          },
        );
      });
      const digest = sent.digest("hex");
      expect({ exit, length }).toEqual({ exit: { exitCode: 0, signal: null }, length: 50_000_000 });
      expect(got.digest("hex")).toBe(digest);
      // The buffers are the receiver's: what was kept is still what was given.
      const again = createHash("sha256");
      for (const bytes of kept) again.update(bytes);
      expect(again.digest("hex")).toBe(digest);
    }, 60_000);

    // Regression: a terminal that was stopped for the rest of a turn (tcflow) lost whole line ends, 2 to 18 bytes of 100 MB. Every
    // flood that was tested printed in raw mode, where the kernel makes no line ends. A busy neighbour makes the loss likelier.
    test("26 MB of lines in the mode a terminal has arrive exactly, line ends included, beside a busy neighbour", async () => {
      const lines = 400_000;
      const line = (i: number) =>
        `${String(i).padStart(9, "0")} abcdefghijklmnopqrstuvwxyz ABCDEFGHIJKLMNOPQRSTUVW .,`;
      const wanted = createHash("sha256");
      for (let i = 0; i < lines; i++) wanted.update(`${line(i)}\r\n`);
      const busy = Bun.spawn(script("while :; do :; done"), { stdio: ["ignore", "ignore", "ignore"] });
      const got = createHash("sha256");
      let length = 0;
      const text = `BEGIN { for (i = 0; i < ${lines}; i++) printf "%09d abcdefghijklmnopqrstuvwxyz ABCDEFGHIJKLMNOPQRSTUVW .,\\n", i }`;
      const exit = await new Promise((resolve) => {
        host.spawn(
          {
            argv: [program("awk"), text],
            cwd: "/",
            env: { PATH: process.env["PATH"] ?? "" },
            cols: 120,
            rows: 40,
          },
          {
            data(bytes) {
              length += bytes.length;
              got.update(bytes);
              return undefined;
            },
            exit: resolve,
          },
        );
      });
      busy.kill("SIGKILL");
      await busy.exited;
      expect({ exit, length }).toEqual({ exit: { exitCode: 0, signal: null }, length: lines * 65 });
      expect(got.digest("hex")).toBe(wanted.digest("hex"));
    }, 120_000);

    // Raw, or the kernel would take some of these bytes for line ends; the default mode has the flood above.
    test("bytes as they are, UTF-8 or not", async () => {
      const { bytes } = await run(host, {
        argv: script("stty raw; printf '\\377\\000\\303(\\303\\251\\360\\237\\230'"),
      });
      expect(bytes.toString("hex")).toBe("ff00c328c3a9f09f98");
    });

    test("a child that lets go of its terminal and takes it again is still heard", async () => {
      const { text, exitCode } = await run(host, {
        argv: script(
          "echo one; exec </dev/null >/dev/null 2>&1; sleep 0.2; exec >/dev/tty; echo two; exit 6",
        ),
      });
      expect({ text, exitCode }).toEqual({ text: "one\r\ntwo\r\n", exitCode: 6 });
    });
  });

  describe("a receiver without room", () => {
    let leader = 0;
    const pausing = testUnless(host.pauses ? undefined : `${host.driver} can't pause`);
    pausing(
      "holds the program back, and gets everything once there is room",
      async () => {
        const room = Promise.withResolvers<void>();
        const mark = join(dir, `printed-${Math.random()}`);
        const chunks: Uint8Array[] = [];
        const exit = new Promise((resolve) => {
          host.spawn(
            {
              argv: script('seq 1 300000; echo done >"$1"', mark),
              cwd: "/",
              env: { PATH: process.env["PATH"] ?? "" },
              cols: 80,
              rows: 24,
            },
            {
              data(bytes) {
                chunks.push(bytes);
                return room.promise;
              },
              exit: resolve,
            },
          );
        });
        await until("the first piece", () => chunks.length === 1);
        // Nothing more comes, however often the loop goes round, and the program can't get to its end.
        for (let i = 0; i < 200; i++) await new Promise((go) => setImmediate(go));
        await until("other programs had their turn", () => Bun.spawnSync(script("sleep 0.2")).exitCode === 0);
        expect({ pieces: chunks.length, ended: existsSync(mark) }).toEqual({ pieces: 1, ended: false });
        room.resolve();
        expect(await exit).toEqual({ exitCode: 0, signal: null });
        const wanted = Array.from({ length: 300_000 }, (_, i) => `${i + 1}\r\n`).join("");
        expect(Buffer.concat(chunks).toString() === wanted).toBe(true);
      },
      30_000,
    );

    pausing(
      "also when the program has ended: its last words wait with it",
      async () => {
        const room = Promise.withResolvers<void>();
        const seen: string[] = [];
        const exit = new Promise((resolve) => {
          const { pid } = host.spawn(
            {
              argv: script("echo first; read -r go; echo last; exit 3"),
              cwd: "/",
              env: { PATH: process.env["PATH"] ?? "" },
              cols: 80,
              rows: 24,
            },
            {
              data(bytes) {
                seen.push(Buffer.from(bytes).toString());
                return room.promise;
              },
              exit: resolve,
            },
          );
          leader = pid;
        });
        await until("the first piece", () => seen.length === 1);
        expect(signalOwn(leader, "SIGKILL")).toBe(true);
        // Longer than the deadline for what a grandchild may hold.
        await until("the deadline has passed", () => Bun.spawnSync(script("sleep 0.9")).exitCode === 0);
        for (let i = 0; i < 30; i++) await Bun.sleep(5);
        expect(seen).toEqual(["first\r\n"]);
        let over = false;
        void exit.then(() => {
          over = true;
        });
        await Promise.resolve();
        expect(over).toBe(false);
        room.resolve();
        expect(await exit).toEqual({ exitCode: null, signal: "SIGKILL" });
      },
      30_000,
    );
  });

  describe("input and size", () => {
    testUnless(windows)("the terminal has the settings that people know", async () => {
      const { text } = await run(host, { argv: [program("stty"), "-a"] });
      for (const word of [
        "icrnl",
        "ixon",
        "ixany",
        "imaxbel",
        "brkint",
        "opost",
        "onlcr",
        "echo",
        "icanon",
        "isig",
      ]) {
        expect(text).toMatch(new RegExp(`(^|\\s)${word}(\\s|;|$)`, "m"));
      }
      if (process.platform === "linux") expect(text).toMatch(/(^|\s)iutf8(\s|$)/m);
    });

    // Raw here and in the next: a terminal that collects lines takes 4,095 bytes for one. The mode terminals begin in follows.
    test("1 MB into a child that reads slowly arrives exactly, whatever becomes of the buffer", async () => {
      const it = play(host, {
        argv: script("stty raw -echo; echo ready; sleep 0.2; head -c 1048576 | sha256sum"),
      });
      await it.printed("ready");
      const bytes = new Uint8Array(randomBytes(1_048_576));
      const digest = createHash("sha256").update(bytes).digest("hex");
      it.pty.write(bytes.subarray(0, 1_000_000));
      it.pty.write(bytes.subarray(1_000_000));
      bytes.fill(0);
      expect(await it.exit).toEqual({ exitCode: 0, signal: null });
      expect(it.bytes().toString()).toContain(digest);
    }, 30_000);

    test("10,000 small writes keep their order", async () => {
      const it = play(host, { argv: script("stty raw -echo; echo ready; head -c 50000 | sha256sum") });
      await it.printed("ready");
      const sent = createHash("sha256");
      for (let i = 0; i < 10_000; i++) {
        const bytes = Buffer.from(String(i).padStart(5, "0"));
        sent.update(bytes);
        it.pty.write(bytes);
      }
      await it.exit;
      expect(it.bytes().toString()).toContain(sent.digest("hex"));
    });

    test("2,000 lines in the mode terminals begin in arrive exactly, and each is echoed once", async () => {
      const lines = Array.from({ length: 2_000 }, (_, i) => `${i} ${"abcdefghij".repeat(8)}`);
      const sent = lines.map((line) => `${line}\n`).join("");
      const it = play(host, { argv: script(`echo ready; head -c ${sent.length} | sha256sum`), cols: 200 });
      await it.printed("ready\r\n");
      // As a person types: a kernel that can't get its echo rid (4,096 bytes of it) leaves some out.
      for (let at = 0; at < lines.length; at += 20) {
        const some = lines.slice(at, at + 20);
        it.pty.write(Buffer.from(some.map((line) => `${line}\r`).join("")));
        await it.printed(`${some.at(-1)}\r\n`);
      }
      await it.exit;
      const digest = createHash("sha256").update(sent).digest("hex");
      expect(it.bytes().toString()).toBe(`ready\r\n${sent.replaceAll("\n", "\r\n")}${digest}  -\r\n`);
    }, 30_000);

    test("ctrl-C goes through the line discipline", async () => {
      const it = play(host, {
        argv: script("trap 'echo caught; exit 7' INT; echo ready; while :; do sleep 0.02; done"),
      });
      await it.printed("ready");
      it.pty.write(Buffer.from("\x03"));
      expect(await it.exit).toEqual({ exitCode: 7, signal: null });
      expect(it.bytes().toString()).toContain("caught");
    });

    test("the size is there from the start, and a change reaches the child as SIGWINCH", async () => {
      const it = play(host, {
        argv: script("stty size; trap 'stty size; exit' WINCH; echo ready; while :; do sleep 0.02; done"),
        ...{ cols: 133, rows: 41 },
      });
      await it.printed("ready");
      it.pty.resize(1000, 1);
      await it.exit;
      expect(it.bytes().toString()).toBe("41 133\r\nready\r\n1 1000\r\n");
    });

    test("a size outside 1..1000 is a RangeError, at the start and later", async () => {
      const it = play(host, { argv: [program("sleep"), "30"] });
      for (const [cols, rows] of [
        [0, 1],
        [1, 0],
        [-1, 5],
        [1001, 5],
        [5, 70_000],
        [1.5, 5],
        [Number.NaN, 5],
      ] as const) {
        expect(() => it.pty.resize(cols, rows)).toThrow(RangeError);
        expect(() => play(host, { argv: [program("sleep"), "30"], cols, rows })).toThrow(RangeError);
      }
      signalOwn(it.pty.pid, "SIGKILL");
      await it.exit;
      expect(() => it.pty.write(Buffer.from("x"))).toThrow("closed");
      expect(() => it.pty.resize(80, 24)).toThrow("closed");
    });
  });
}
