// Tests src/daemon/daemon.ts in this process: a start that fails leaves nothing open, and a part that won't close holds up no other.
import { expect } from "bun:test";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { covenPaths } from "../../src/paths.ts";
import { rejectionOf } from "../support/refusal.ts";
import { startTestDaemon } from "../support/test-daemon.ts";
import { notLinux, testUnless } from "../support/unless.ts";

/** Files and bound sockets beneath a directory that this process has open. */
function openBeneath(directory: string): string[] {
  const links = readdirSync("/proc/self/fd").map((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`);
    } catch {
      // The directory being read.
      return "";
    }
  });
  const bound = readFileSync("/proc/net/unix", "utf8")
    .split("\n")
    .map((line) => line.trim().split(/\s+/))
    .filter(([, , , , , , inode]) => links.includes(`socket:[${inode}]`))
    .map((words) => words[7] ?? "");
  return [...links, ...bound].filter((path) => path.startsWith(directory));
}

testUnless(notLinux)("a start that fails at its last step has closed all that it opened before", async () => {
  const base = mkdtempSync(join(tmpdir(), "cv-"));
  try {
    const before = (dir: string) =>
      mkdirSync(join(covenPaths({ COVEN_HOME: dir }).identity, "in the way"), { recursive: true });
    expect((await rejectionOf(startTestDaemon({ base, before }))).message).toContain("daemon.json");
    expect(openBeneath(base)).toEqual([]);
    const [home = ""] = readdirSync(base);
    // A ledger that was closed has no WAL, and a socket that was given up no name.
    expect(readdirSync(join(base, home)).sort()).toEqual(["bin", "coven.db", "daemon.json", "project"]);
  } finally {
    rmSync(base, { recursive: true, force: true });
  }
});

testUnless(notLinux)("a part that cannot be closed is in the log, and all others are closed", async () => {
  const daemon = await startTestDaemon();
  expect(openBeneath(daemon.dir)).toContain(`${daemon.dir}/coven.db`);
  expect(openBeneath(daemon.dir)).toContain(`${daemon.dir}/coven.sock.tmp`);
  await daemon.launch("exec cat");
  const { close } = daemon.coven;
  daemon.coven.close = async () => {
    await close.call(daemon.coven);
    throw new Error("the last screen could not be kept");
  };
  await daemon.close();
  expect(daemon.log.filter(({ level }) => level === "error")).toMatchObject([
    { event: "stop_step_failed", fields: { step: "sessions", message: "the last screen could not be kept" } },
  ]);
  expect(openBeneath(daemon.dir)).toEqual([]);
  expect(existsSync(daemon.dir)).toBe(false);
});
