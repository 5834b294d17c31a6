// The ground the rows stand on: a directory of its own, the floor program, files to print, the executables under test.
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { Daemon } from "./daemon.ts";
import { type Peer, peersOn } from "./peers.ts";

/** A file to print. What comes out of a terminal behind `<B>` is the same either way. */
export interface Printed {
  /** For a terminal in raw mode. */
  readonly path: string;
  /** The same without the carriage returns, which a terminal in its default mode adds. */
  readonly lines: string;
  /** How much comes out, and its adler32. */
  readonly bytes: number;
  readonly sum: number;
}

/** What every row gets. */
export interface Ground {
  /** Everything of this run lies beneath it. */
  readonly dir: string;
  /** Where sessions are launched. */
  readonly project: string;
  /** The program every contestant runs: `codex SCRIPT` evaluates SCRIPT by /bin/sh. */
  readonly codex: string;
  readonly env: Readonly<Record<string, string>>;
  /** Small sizes, few rounds: only that everything works. */
  readonly smoke: boolean;
  /** `full` rounds, two in a smoke run. */
  rounds(full: number): number;
  /** Those that are installed here. */
  readonly peers: readonly Peer[];
  /** Runs the floor program and gives what it printed. */
  floor(...words: readonly string[]): Promise<string>;
  /** How the floor program is called, for scripts. */
  readonly floorCommand: string;
  /** Something to print: `<B>` and then so many bytes. */
  file(megabytes: number): Promise<Printed>;
  /** A home of its own with the daemon of the executable under test running. */
  daemon(): Promise<Daemon>;
  /** The same of the implementation in Rust, when BENCH_COVEN_RS says where it is. */
  rust(): Promise<Daemon | undefined>;
  /** Its version; undefined without it. */
  readonly rustVersion: string | undefined;
  readonly binary: string;
  close(): Promise<void>;
}

/** What the floor program says of one run; times in ms, -1 for what never came. */
export interface Seen {
  readonly first: number;
  readonly mark: number;
  readonly exact: number;
  readonly end: number;
  readonly bytes: number;
  readonly sum: number;
}

const ROOT = join(import.meta.dir, "..", "..");

/** Prepares everything that is not measured. */
export async function prepare(smoke: boolean): Promise<Ground> {
  const binary = resolve(process.env["BENCH_COVEN"] ?? join(ROOT, "dist", "coven"));
  if (!existsSync(binary)) await command([process.execPath, "build.ts"], { cwd: ROOT });
  // Bun stands between us and the children otherwise: its switches are not theirs.
  const dir = mkdtempSync(join(tmpdir(), "cv-b-"));
  const [bin, project] = [join(dir, "bin"), join(dir, "p")];
  for (const each of [bin, project]) mkdirSync(each);
  const codex = join(bin, "codex");
  // The daemon adds what its adapter for codex says; the script is the last word.
  writeFileSync(codex, '#!/bin/sh\nfor script; do :; done\neval "$script"\n');
  chmodSync(codex, 0o755);
  const env = {
    PATH: `${bin}:${process.env["PATH"] ?? "/usr/bin:/bin"}`,
    HOME: dir,
    TERM: "xterm-256color",
    LANG: "C.UTF-8",
    SHELL: "/bin/sh",
  };
  const floor = await floorProgram(dir);
  const peers = await peersOn({ dir, codex, env });
  const rust = await rustAt(process.env["BENCH_COVEN_RS"]);
  const daemons: Daemon[] = [];
  const files = new Map<number, Promise<Printed>>();

  async function start(executable: string): Promise<Daemon> {
    const daemon = await Daemon.start({ executable, base: mkdtempSync(join(dir, "h")), project, env });
    daemons.push(daemon);
    return daemon;
  }

  const run = (...words: readonly string[]) => command([...floor, ...words], { cwd: project, env });
  return {
    dir,
    project,
    codex,
    env,
    smoke,
    binary,
    peers,
    rounds: (full) => (smoke ? 2 : full),
    floor: run,
    floorCommand: floor.join(" "),
    file(megabytes) {
      const known = files.get(megabytes) ?? made(join(dir, `print-${megabytes}`), megabytes * 1e6, run);
      files.set(megabytes, known);
      return known;
    },
    daemon: () => start(binary),
    rust: async () => rust && start(rust.path),
    rustVersion: rust?.version,
    async close() {
      for (const daemon of daemons) await daemon.stop();
      for (const peer of peers) await peer.close();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

/** The implementation in Rust, when it is there and starts here (it wants a recent glibc). */
async function rustAt(path: string | undefined): Promise<{ path: string; version: string } | undefined> {
  if (!path) return undefined;
  try {
    const said = await command([path, "--version"]);
    return { path, version: /\d+\.\d+[\w.]*/.exec(said)?.[0] ?? "?" };
  } catch (cause) {
    console.error(`rust is skipped: ${cause instanceof Error ? cause.message : String(cause)}`);
    return undefined;
  }
}

/** What the floor program tells of ARGV in its terminal. */
export async function inTerminal(
  ground: Ground,
  options: readonly string[],
  argv: readonly string[],
): Promise<Seen> {
  return JSON.parse(await ground.floor("run", ...options, "--", ...argv)) as Seen; // what floor.c prints
}

async function floorProgram(dir: string): Promise<string[]> {
  const here = import.meta.dir;
  if (Bun.which("cc")) {
    const made = join(dir, "floor");
    const built = Bun.spawnSync(["cc", "-O2", "-o", made, join(here, "floor.c"), "-lutil"]);
    if (built.exitCode === 0) return [made];
  }
  const python = Bun.which("python3");
  if (!python) throw new Error("The floor needs a C compiler or python3.");
  return [python, join(here, "floor.py")];
}

/** Lines of a build log, numbered, a little beyond ASCII; no two files of a size differ. */
async function made(path: string, bytes: number, floor: Ground["floor"]): Promise<Printed> {
  const pieces: string[] = [];
  let length = 0;
  for (let i = 1; length < Math.min(bytes, 4_000_000); i++) {
    const line = `\x1b[32m✓\x1b[0m [${i}] compiled "src/module/file-${i % 977}.ts" in ${(i * 7919) % 997} ms\r\n`;
    pieces.push(line);
    length += Buffer.byteLength(line);
  }
  const block = Buffer.from(pieces.join(""));
  const whole = Buffer.alloc(bytes);
  for (let at = 0; at < bytes; at += block.length)
    block.copy(whole, at, 0, Math.min(block.length, bytes - at));
  // A lone CR at the end would be no line end.
  if (whole.at(-1) === 0x0d) whole[bytes - 1] = 0x2e;
  const plain = `${path}.plain`;
  writeFileSync(plain, whole);
  const sum = Number(await floor("sum", plain));
  rmSync(plain);
  const begin = Buffer.from("<B>");
  writeFileSync(path, Buffer.concat([begin, whole]));
  const lines = `${path}.lines`;
  writeFileSync(
    lines,
    Buffer.concat([begin, Buffer.from(whole.toString("latin1").replaceAll("\r\n", "\n"), "latin1")]),
  );
  return { path, lines, bytes, sum };
}

/** Runs to the end and gives what it printed; rejects with its words when it fails. */
export async function command(
  argv: readonly string[],
  options: { readonly cwd?: string; readonly env?: Readonly<Record<string, string>> } = {},
): Promise<string> {
  const child = Bun.spawn([...argv], { ...options, stdin: "ignore", stdout: "pipe", stderr: "pipe" });
  const [out, err, code] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  if (code === 0) return out;
  throw new Error(`${argv.slice(0, 4).join(" ")} ended with ${code}: ${(err || out).trim().slice(-500)}`);
}
