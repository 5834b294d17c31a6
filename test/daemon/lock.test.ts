// Tests src/daemon/lock.ts between real processes: one holder, dropped by the kernel, looked at without being taken.

import { afterEach, beforeEach, expect, test } from "bun:test";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isLocked, tryLock } from "../../src/daemon/lock.ts";
import { refusalOf } from "../support/refusal.ts";
import { notLinux, testUnless, without } from "../support/unless.ts";

const module = join(import.meta.dir, "../../src/daemon/lock.ts");
let base: string;
let path: string;

beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), "cv-lock-"));
  path = join(base, "daemon.lock");
});
afterEach(() => rmSync(base, { recursive: true, force: true }));

/** Another process that takes the lock, says so, and stays until its stdin ends. */
async function holder() {
  const script = `
    import { tryLock } from ${JSON.stringify(module)};
    const lock = tryLock(${JSON.stringify(path)});
    // What the collector takes, it takes now: an unreferenced connection would drop the lock.
    for (let i = 0; i < 20; i++) Bun.gc(true);
    console.log(lock ? "held" : "refused");
    for await (const _ of console) break;`;
  const child = Bun.spawn([process.execPath, "-e", script], { stdin: "pipe", stdout: "pipe" });
  const { value } = await child.stdout.getReader().read();
  return { child, said: new TextDecoder().decode(value).trim() };
}

test("one process holds it, and a SIGKILL frees it at once", async () => {
  const { child, said } = await holder();
  expect(said).toBe("held");
  expect(isLocked(path)).toBe(true);
  expect(tryLock(path, 0)).toBeUndefined();
  child.kill("SIGKILL");
  await child.exited;
  expect(isLocked(path)).toBe(false);
  const lock = tryLock(path, 0);
  expect(lock).toBeDefined();
  expect((await holder()).said).toBe("refused");
  lock?.release();
});

test("released means free, and releasing twice is harmless; no side file stays or is left by a refusal", async () => {
  const lock = tryLock(path);
  expect(readdirSync(base)).toEqual(["daemon.lock"]);
  lock?.release();
  lock?.release();
  const { child, said } = await holder();
  expect(said).toBe("held");
  expect(tryLock(path, 0)).toBeUndefined();
  child.kill("SIGKILL");
  await child.exited;
  expect(readdirSync(base)).toEqual(["daemon.lock"]);
});

test("looking creates nothing", () => {
  expect(isLocked(path)).toBe(false);
  expect(existsSync(path)).toBe(false);
});

// An outsider's look holds a read lock for an instant, and `BEGIN EXCLUSIVE` without patience failed on it: a
// starting daemon then believed that another one was there, and none was.
test("a starting daemon is not put off by those who look", async () => {
  writeFileSync(path, "");
  const script = `
    import { isLocked } from ${JSON.stringify(module)};
    console.log("looking");
    for (;;) isLocked(${JSON.stringify(path)});`;
  const looker = Bun.spawn([process.execPath, "-e", script], { stdout: "pipe" });
  await looker.stdout.getReader().read();
  try {
    for (let i = 0; i < 200; i++) {
      const lock = tryLock(path);
      expect(lock).toBeDefined();
      lock?.release();
    }
  } finally {
    looker.kill("SIGKILL");
    await looker.exited;
  }
});

test("of eight processes that want it at once exactly one gets it", async () => {
  const all = await Promise.all(Array.from({ length: 8 }, holder));
  expect(all.map(({ said }) => said).sort()).toEqual(["held", ...Array(7).fill("refused")]);
  for (const { child } of all) child.kill("SIGKILL");
  await Promise.all(all.map(({ child }) => child.exited));
});

test("where SQLite cannot lock, the error names the file and the reason", () => {
  mkdirSync(path);
  expect(refusalOf(() => tryLock(path))).toMatchObject({
    code: "runtime_unavailable",
    details: { path, reason: "cannot_open" },
  });
  rmSync(path, { recursive: true });
  writeFileSync(path, "this is somebody's file, and no database at all".repeat(40));
  expect(refusalOf(() => tryLock(path)).message).toContain("not a lock file of Coven");
});

const compiler = Bun.which("cc");
// Network and FUSE file systems refuse fcntl locks with ENOLCK, which SQLite reports as "busy": taken for a running
// daemon, that would send a person looking for one that isn't there.
testUnless(notLinux, without("cc"))("a file system without locks is said to be one", async () => {
  const shim = join(base, "nolock.c");
  writeFileSync(
    shim,
    `#include <errno.h>
     #include <stdarg.h>
     #include <fcntl.h>
     #include <dlfcn.h>
     static int no(int fd, int cmd, void *arg, const char *name) {
       if (cmd == F_SETLK || cmd == F_SETLKW) { errno = ENOLCK; return -1; }
       int (*real)(int, int, void *) = dlsym(RTLD_NEXT, name);
       return real(fd, cmd, arg);
     }
     int fcntl(int fd, int cmd, ...) { va_list v; va_start(v, cmd); return no(fd, cmd, va_arg(v, void *), "fcntl"); }
     int fcntl64(int fd, int cmd, ...) { va_list v; va_start(v, cmd); return no(fd, cmd, va_arg(v, void *), "fcntl64"); }`,
  );
  const library = join(base, "nolock.so");
  const built = Bun.spawnSync([
    compiler ?? "cc",
    "-D_GNU_SOURCE",
    "-shared",
    "-fPIC",
    "-o",
    library,
    shim,
    "-ldl",
  ]);
  expect(built.stderr.toString()).toBe("");
  const script = `
    import { tryLock } from ${JSON.stringify(module)};
    try { console.log(tryLock(${JSON.stringify(path)}) ? "held" : "busy"); } catch (e) { console.log(e.details.reason); }`;
  const child = Bun.spawn([process.execPath, "-e", script], {
    env: { ...process.env, LD_PRELOAD: library },
    stdout: "pipe",
  });
  expect((await new Response(child.stdout).text()).trim()).toBe("no_locks");
});
