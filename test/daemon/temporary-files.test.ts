// A directory for temporary files that is full, missing or not ours to write: nothing of ours needs one.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { appendFileSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stopDaemon } from "../../src/supervise/lifecycle.ts";
import { commandLine } from "../support/command-line.ts";
import { mount, noMounts, unmount } from "../support/mount.ts";
import { describeUnless, notLinux, testUnless } from "../support/unless.ts";

/** Everything a person does, with this directory for temporary files on both sides of the socket. */
async function works(directory: string): Promise<void> {
  await using line = commandLine();
  const env = {
    TMPDIR: directory,
    TMP: directory,
    TEMP: directory,
    SQLITE_TMPDIR: directory,
    BUN_TMPDIR: directory,
  };
  const does = async (...words: string[]): Promise<string> => {
    const { code, out, err } = await line.coven(words, { env });
    expect([words, code, code === 0 ? "" : err]).toEqual([words, 0, ""]);
    return out;
  };
  try {
    await does("daemon", "start");
    await does("run", "demo", "hello, lines 400");
    const [session] = JSON.parse(await does("sessions", "--all", "--json")).sessions;
    const id = String(session.id);
    expect(await does("attach", id, "--raw")).not.toBe("");
    for (const format of ["text", "html", "cast"]) {
      await does("export", id, "--format", format, "--output", join(line.home.base, `of.${format}`));
    }
    await does("diagnostics", "--output", join(line.home.base, "bundle.tar.gz"));
    await does("doctor", "--deep", "--json");
    await does("archive", id);
    await does("daemon", "restart");
    expect(await does("export", id, "--format", "text")).toContain("400");
    await does("sacrifice", id, "--yes");
    await does("daemon", "status");
    await does("daemon", "stop");
  } finally {
    await stopDaemon(line.home.paths, { force: true });
  }
}

test("one that is not there", () => works("/nowhere/at/all"), 60_000);

testUnless(notLinux)("one that nobody may write to", () => works("/proc"), 60_000);

describeUnless(noMounts())("one that is full", () => {
  const full = mkdtempSync(join(tmpdir(), "cv-t-"));
  beforeAll(() => {
    mkdirSync(full, { recursive: true });
    expect(mount("-t", "tmpfs", "-o", "size=64k", "none", full)).toBe(true);
    try {
      for (;;) appendFileSync(join(full, "filler"), Buffer.alloc(4096));
    } catch {
      // To the last page.
    }
  });
  afterAll(() => {
    unmount(full);
    rmSync(full, { recursive: true, force: true });
  });

  test("to its last page", () => works(full), 60_000);
});
