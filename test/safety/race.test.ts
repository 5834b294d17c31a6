// A root or cwd that is swapped for a link between the check and the spawn: the harness starts where the boundary was
// drawn, or not at all. Before, the path was resolved once for the check and once more by the kernel for the child.

import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, realpathSync, renameSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isCovenError } from "../../src/errors.ts";
import { bunPtyHost } from "../../src/pty/bun.ts";
import { inDirectory } from "../../src/pty/directory.ts";
import { nodePtyHost } from "../../src/pty/node-pty.ts";
import { posixPtyHost } from "../../src/pty/posix.ts";
import type { PtyHost } from "../../src/session/ports/pty.ts";
import { startTestDaemon } from "../support/test-daemon.ts";
import { notLinux, testUnless } from "../support/unless.ts";

let base: string;
beforeEach(() => {
  base = realpathSync(mkdtempSync(join(tmpdir(), "cv-race-")));
  for (const name of ["root/in", "outside/in"]) mkdirSync(join(base, name), { recursive: true });
});
afterEach(() => rmSync(base, { recursive: true, force: true }));

const hosts: [string, () => PtyHost][] = [["bun", bunPtyHost]];
const posix = posixPtyHost();
if (posix) hosts.push(["posix", () => posix]);
try {
  nodePtyHost();
  hosts.push(["node-pty", nodePtyHost]);
} catch {
  // Not built here.
}

/** Where a child that is started in `cwd` finds itself. */
async function placeOf(host: PtyHost, cwd: string): Promise<string> {
  let text = "";
  const { promise, resolve } = Promise.withResolvers<void>();
  const decoder = new TextDecoder();
  const options = { argv: ["/bin/pwd", "-P"], cwd, env: {}, cols: 80, rows: 24 };
  const data = (bytes: Uint8Array): undefined => {
    text += decoder.decode(bytes);
  };
  host.spawn(options, { data, exit: () => resolve() });
  await promise;
  return text.trim();
}

describe.each(hosts)("%s", (_name, host) => {
  test("a link in the directory's place, or in a place above it, is refused in words", async () => {
    expect(await placeOf(host(), join(base, "root/in"))).toBe(join(base, "root/in"));
    renameSync(join(base, "root"), join(base, "was"));
    symlinkSync(join(base, "outside"), join(base, "root"));
    for (const cwd of ["root", "root/in"]) {
      await expect(placeOf(host(), join(base, cwd))).rejects.toThrow("a link was put in its place");
    }
  });
});

testUnless(notLinux)("what is swapped after the look has no effect", () => {
  const cwd = join(base, "root");
  const at = inDirectory(cwd, (fd) => {
    renameSync(cwd, join(base, "was"));
    symlinkSync(join(base, "outside"), cwd);
    return Bun.spawnSync(["/bin/pwd", "-P"], { cwd: `/proc/self/fd/${fd}` })
      .stdout.toString()
      .trim();
  });
  expect(at).toBe(join(base, "was"));
});

test("launches while another process swaps root and link as fast as it can start where the record says, or not at all", async () => {
  const daemon = await startTestDaemon();
  const root = join(base, "root");
  const script = `cd "$1" || exit 1; i=0; while [ -e go ]; do mv root was; ln -s outside root; rm root; mv was root; done`;
  await Bun.write(join(base, "go"), "");
  const swapper = Bun.spawn(["/bin/sh", "-c", script, "sh", base], { stdin: "ignore", stderr: "ignore" });
  try {
    const ids: string[] = [];
    let started = 0;
    const refused = new Set<string>();
    for (let n = 0; n < 150; n++) {
      try {
        ids.push((await daemon.launch("pwd -P", { projectRoot: root, cwd: "in" })).id);
      } catch (error) {
        if (!isCovenError(error)) throw error;
        refused.add(error.code);
      }
    }
    for (const id of ids) {
      const { status, cwd, project_root } = await daemon.settled(id);
      if (status === "failed") continue;
      const printed = Buffer.concat(daemon.ledger.output(id, 0, 1_000_000).map((row) => row.data)).toString();
      // Moved aside it is the same directory under another name.
      const same = (path: string) => path.replace("/was/", "/root/");
      const at = same(printed.trim());
      // Who names a link as root means what it leads to; what counts is that record, check and child are of one mind.
      expect({ cwd, at }).toEqual({ cwd: join(project_root, "in"), at: same(cwd) });
      started += 1;
    }
    // Both ways happened, or the race was none.
    expect(started).toBeGreaterThan(0);
    expect(refused.size).toBeGreaterThan(0);
    expect([...refused].filter((code) => !["invalid_request", "launch_failed"].includes(code))).toEqual([]);
  } finally {
    rmSync(join(base, "go"));
    await swapper.exited;
    await daemon.close();
  }
}, 30_000);
