// The README's first line, typed at a terminal: what it prints is what the README shows, and it ends by itself.
import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ptyHost } from "../../src/pty/drivers.ts";
import { run } from "../pty/play.ts";
import { daemonHome } from "../support/daemon-home.ts";

const root = join(import.meta.dir, "..", "..");

// It asked a question and then opened the session browser, and waited for keys in both. In a pipe it did neither, and only there was
// it ever tried.
test("it asks for nothing, prints what the README shows, and leaves with 0", async () => {
  await using home = daemonHome();
  const { text, exitCode } = await run(ptyHost({}), {
    argv: [process.execPath, "run", "--silent", "demo"],
    cwd: root,
    env: {
      HOME: home.base,
      COVEN_HOME: home.paths.home,
      PATH: process.env["PATH"] ?? "",
      TERM: "xterm-256color",
    },
    cols: 120,
  });
  /** Without what differs from run to run, and what was written over: a slow start shows that it waits. */
  const same = (shown: string) =>
    Bun.stripANSI(shown.replace(/.*(?:\x1b\[2K|\x1b\[K|\r(?!\n))/g, ""))
      .replaceAll("\r", "")
      .replace(/pid \d+/, "pid N")
      .replace(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, "ID")
      .replace(/attach [0-9a-f]{8}/, "attach ID")
      .replace(/^Project root: .*$/m, "Project root: DIR")
      .replace(/in \d+\.\d s/, "in N s")
      .trim();
  const blocks = readFileSync(join(root, "README.md"), "utf8").match(/^```.*?^```/gms);
  const shown = blocks?.[1]?.split("\n").slice(1, -1).join("\n");
  expect(same(text)).toBe(same(shown ?? ""));
  expect(exitCode).toBe(0);
});
