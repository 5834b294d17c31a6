// The driver on Linux: a program is started by posix_spawn(3) in a terminal whose master descriptor is ours.
import { ptr } from "bun:ffi";
import { closeSync, constants } from "node:fs";
import { getSystemErrorMap } from "node:util";
import { ownChildren } from "../os/children.ts";
import { closeOnExec } from "../os/descriptors.ts";
import { cString, cStrings, type Libc, libc, memory } from "../os/libc.ts";
import { type ProcessWatch, watchProcess } from "../os/process-descriptor.ts";
import { inMemory } from "../os/replace-process.ts";
import { SIGSET_BYTES } from "../os/signal-mask.ts";
import type { Pty, PtyEvents, PtyExit, PtyHost, PtySpawn } from "../session/ports/pty.ts";
import { DirectoryError, inDirectory } from "./directory.ts";
import { spawnFailure } from "./failure.ts";
import { hold, type Leader, type Opened } from "./held.ts";
import { requireLaunchable, requireSize } from "./launchable.ts";
import { makeOurs, openMaster, setDefaults, setSize, slaveOf } from "./master.ts";

const NEEDED = [
  "ioctlAt",
  "fcntl",
  "tcgetattr",
  "tcsetattr",
  "pthread_sigmask",
  "waitpid",
  "posix_spawn",
  "posix_spawnattr_init",
  "posix_spawnattr_destroy",
  "posix_spawnattr_setflags",
  "posix_spawnattr_setsigmask",
  "posix_spawnattr_setsigdefault",
  "posix_spawn_file_actions_init",
  "posix_spawn_file_actions_destroy",
  "posix_spawn_file_actions_addopen",
  "posix_spawn_file_actions_adddup2",
  "posix_spawn_file_actions_addfchdir_np",
] as const satisfies readonly (keyof Libc)[];

type Calls = Pick<Libc, (typeof NEEDED)[number]>;

/** <spawn.h> of glibc and musl. */
const POSIX_SPAWN_SETSIGDEF = 0x04;
const POSIX_SPAWN_SETSIGMASK = 0x08;
const POSIX_SPAWN_SETSID = 0x80;
/** More than either takes: 80 and 336 bytes in glibc and musl. */
const FILE_ACTIONS_BYTES = 256;
const ATTRIBUTES_BYTES = 512;

/**
 * Undefined where terminals can't be had this way: not on Linux, or with a C library that lacks a function (glibc before 2.29).
 */
export function posixPtyHost(): PtyHost | undefined {
  if (process.platform !== "linux") return undefined;
  const calls = libc(...NEEDED);
  return calls && hostOf(calls);
}

function hostOf(calls: Calls): PtyHost {
  return {
    driver: "posix",
    pauses: true,
    spawn: (options, events) => spawn(calls, options, events),
    adopt: (terminal, events) => adopt(calls, terminal, events),
  };
}

function spawn(calls: Calls, options: PtySpawn, events: PtyEvents): Pty {
  requireLaunchable(options);
  const { argv, cwd, cols, rows } = options;
  let master: number | undefined;
  try {
    const { fd, path } = openMaster(calls);
    master = fd;
    makeOurs(calls, fd);
    setDefaults(calls, fd);
    setSize(calls, fd, cols, rows);
    const pid = withInput(options.stdin, (input) =>
      inDirectory(cwd, (directory) => start(calls, options, { path, directory, input })),
    );
    return hold(terminalOf(calls, { fd, path, pid }), events);
  } catch (error) {
    if (master !== undefined) closeSync(master);
    throw error instanceof DirectoryError ? error : spawnFailure(argv[0] ?? "", error);
  }
}

function adopt(
  calls: Calls,
  { fd, pid, process, cols, rows, exit, unwritten }: Parameters<PtyHost["adopt"]>[0],
  events: PtyEvents,
): Pty {
  requireSize(cols, rows);
  const path = slaveOf(calls, fd);
  if (path === undefined) throw new Error(`descriptor ${fd} is no terminal's master`);
  makeOurs(calls, fd);
  setSize(calls, fd, cols, rows);
  const pty = hold(terminalOf(calls, { fd, path, pid, process, exit }), events);
  if (unwritten) pty.write(unwritten);
  return pty;
}

interface Started {
  readonly fd: number;
  readonly path: string;
  readonly pid: number;
  /** It was reaped before. */
  readonly exit?: PtyExit | undefined;
  /** Of one that is no child of ours. */
  readonly process?: number | undefined;
}

function terminalOf(calls: Calls, started: Started): Opened {
  const { fd, path } = started;
  return { fd, path, leader: leaderOf(started), resize: (cols, rows) => setSize(calls, fd, cols, rows) };
}

function leaderOf({ pid, exit, process }: Started): Leader {
  if (exit) return { pid, reaped: (then) => void setImmediate(then, exit), forget: () => {} };
  if (process !== undefined) {
    let watch: ProcessWatch | undefined;
    return {
      pid,
      process,
      reaped(then) {
        watch = watchProcess(process, then);
      },
      forget: () => watch?.stop(),
      look: () => watch?.look(),
    };
  }
  const children = ownChildren();
  return { pid, reaped: (then) => children.watch(pid, then), forget: () => children.forget(pid) };
}

/** With a descriptor of what the program reads from standard input; the program has one of its own afterwards. */
function withInput<T>(stdin: Uint8Array | undefined, start: (input?: number) => T): T {
  if (!stdin) return start();
  const input = inMemory("coven-input", stdin);
  try {
    return start(input);
  } finally {
    closeSync(input);
  }
}

/** Where a program is put. */
interface Surroundings {
  /** Of its terminal. */
  readonly path: string;
  /** A descriptor of the directory it starts in. */
  readonly directory: number;
  /** A descriptor of what it reads from standard input; the terminal where there is none. */
  readonly input: number | undefined;
}

/**
 * The program as the leader of a session of its own, with the terminal `path` as its controlling terminal and descriptors 0 to 2 (a session leader
 * gets the terminal that it opens), in the directory behind the descriptor, with every signal at its default and none blocked. Returns its pid; throws
 * an Error with the system's `code`.
 */
function start(calls: Calls, { argv, env }: PtySpawn, { path, directory, input }: Surroundings): number {
  const program = cString(argv[0] ?? "");
  const words = cStrings(argv);
  const variables = cStrings(Object.entries(env).map(([key, value]) => `${key}=${value}`));
  const pid = new Int32Array(new ArrayBuffer(4));
  const slave = cString(path);
  const all = memory(SIGSET_BYTES).fill(0xff);
  /** What C holds addresses of, until the end of this function. */
  const kept: unknown[] = [program, words, variables, pid, slave, all];
  const allocate = (bytes: number) => {
    const block = memory(bytes);
    kept.push(block);
    return ptr(block);
  };
  const actions = allocate(FILE_ACTIONS_BYTES);
  const attributes = allocate(ATTRIBUTES_BYTES);
  calls.posix_spawn_file_actions_init(actions);
  calls.posix_spawnattr_init(attributes);
  try {
    calls.posix_spawnattr_setflags(
      attributes,
      POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF,
    );
    calls.posix_spawnattr_setsigmask(attributes, allocate(SIGSET_BYTES));
    calls.posix_spawnattr_setsigdefault(attributes, ptr(all));
    calls.posix_spawn_file_actions_addfchdir_np(actions, directory);
    calls.posix_spawn_file_actions_addopen(actions, 0, ptr(slave), constants.O_RDWR, 0);
    for (const fd of [1, 2]) calls.posix_spawn_file_actions_adddup2(actions, 0, fd);
    if (input !== undefined) calls.posix_spawn_file_actions_adddup2(actions, input, 0);
    const closefrom = libc("posix_spawn_file_actions_addclosefrom_np");
    if (closefrom) closefrom.posix_spawn_file_actions_addclosefrom_np(actions, 3);
    else closeOnExec();
    const failed = calls.posix_spawn(
      ptr(pid),
      ptr(program),
      actions,
      attributes,
      ptr(words.table),
      ptr(variables.table),
    );
    if (failed === 0) return pid[0] ?? 0;
    const [code, sentence] = getSystemErrorMap().get(-failed) ?? [`errno ${failed}`, "unknown error"];
    throw Object.assign(new Error(sentence), { code });
  } finally {
    calls.posix_spawn_file_actions_destroy(actions);
    calls.posix_spawnattr_destroy(attributes);
    kept.length = 0;
  }
}
