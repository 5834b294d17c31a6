// A terminal outlives the program that holds it: released, taken over after execve(2), and read to its end.

import { afterAll, expect } from "bun:test";
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { posixPtyHost } from "../../src/pty/posix.ts";
import { testUnless } from "../support/unless.ts";
import { play, program, script } from "./play.ts";

const dir = mkdtempSync(join(tmpdir(), "cv-adopt-"));
afterAll(() => rmSync(dir, { recursive: true, force: true }));
const host = posixPtyHost();

testUnless(host ? undefined : "not Linux, or its C library is too old")(
  "twelve replacements in the middle of a flood: byte for byte, the same pid, and the exit code is collected",
  async () => {
    const out = join(dir, "out");
    const text = 'read -r line; seq 1 3000000; echo "heard: $line"; exit 9';
    const holder = Bun.spawn(
      [process.execPath, join(import.meta.dir, "replaced.ts"), out, program("sh"), "-c", text],
      { stdout: "pipe", env: { PATH: process.env["PATH"] ?? "" } },
    );
    const said = await new Response(holder.stdout).json();
    expect(said).toEqual({ pid: holder.pid, hops: 12, exit: { exitCode: 9, signal: null } });
    const wanted = createHash("sha256");
    // Echoed by the terminal as it is typed, before anything is printed.
    wanted.update("typed before\r\n");
    for (let i = 1; i <= 3_000_000; i++) wanted.update(`${i}\r\n`);
    wanted.update("heard: typed before\r\n");
    expect(createHash("sha256").update(readFileSync(out)).digest("hex")).toBe(wanted.digest("hex"));
  },
  60_000,
);

testUnless(host ? undefined : "not Linux, or its C library is too old")(
  "a terminal whose program has ended meanwhile tells how, and what it said last",
  async () => {
    if (!host) return;
    const first = play(host, { argv: script("read -r go; echo last words; exit 5") });
    first.pty.write(Buffer.from("go\n"));
    const held = await first.pty.release?.();
    if (!held) throw new Error("it can't release");
    // It ends while nobody holds the terminal.
    Bun.sleepSync(200);
    const chunks: Uint8Array[] = [];
    const exit = await new Promise((resolve) => {
      host.adopt(
        { ...held, cols: 80, rows: 24 },
        {
          data(bytes) {
            chunks.push(bytes);
            return undefined;
          },
          exit: resolve,
        },
      );
    });
    expect(exit).toEqual({ exitCode: 5, signal: null });
    expect(first.bytes().toString() + Buffer.concat(chunks).toString()).toBe("go\r\nlast words\r\n");
    expect(() => first.pty.write(Buffer.from("x"))).toThrow("closed");
  },
);
