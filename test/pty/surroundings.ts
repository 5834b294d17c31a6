// What must hold for a child's environment, descriptors and signals, and for what can't be started.

import { describe, expect, test } from "bun:test";
import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { PtyHost } from "../../src/session/ports/pty.ts";
import { notLinux, testUnless } from "../support/unless.ts";
import { descriptors, play, program, run, script } from "./play.ts";

/** Part of conformance.test.ts; `dir` is the suite's own directory. */
export function surroundings(host: PtyHost, dir: string): void {
  describe("the child's surroundings", () => {
    test("its environment is exactly what was given", async () => {
      const env = { ONE: "1", EMPTY: "", LINES_OF: "a\nb", ÜML: "ä€😀" };
      process.env["COVEN_TEST_NOT_INHERITED"] = "1";
      const { text } = await run(host, { argv: [program("env"), "-0"], env });
      delete process.env["COVEN_TEST_NOT_INHERITED"];
      const seen = text.replaceAll("\r\n", "\n").split("\0").filter(Boolean).sort();
      expect(seen).toEqual(
        Object.entries(env)
          .map(([key, value]) => `${key}=${value}`)
          .sort(),
      );
    });

    test("argv arrives word for word, and the cwd is the one given", async () => {
      const words = ["", "a b", "$(id)", "'\"\\", "-x", "é😀"];
      const { text } = await run(host, {
        argv: script('pwd; for a; do echo "<$a>"; done', ...words),
        cwd: dir,
      });
      expect(text.trimEnd().split("\r\n")).toEqual([dir, ...words.map((word) => `<${word}>`)]);
    });

    testUnless(notLinux)("it leads a session whose terminal it controls, in the foreground", async () => {
      const { text } = await run(host, { argv: [program("cat"), "/proc/self/stat"] });
      const [pid, , , , group, session, tty, foreground] = text.split(" ");
      expect([group, session, foreground]).toEqual([pid, pid, pid]);
      expect(Number(tty)).toBeGreaterThan(0);
    });

    testUnless(notLinux)(
      "a parent's ignored or blocked signals, open files and other terminals don't reach it",
      async () => {
        const parent = Bun.spawn(
          script(
            'trap "" HUP INT QUIT PIPE TERM TSTP USR2; exec "$1" "$2" 9</etc/passwd 33</etc/group',
            process.execPath,
            join(import.meta.dir, "hostile-parent.ts"),
          ),
          { env: { ...process.env, COVEN_PTY: host.driver }, stdout: "pipe" },
        );
        // The one place that decodes the fixture's own two members.
        const { status, open } = (await new Response(parent.stdout).json()) as {
          status: string;
          open: string;
        };
        expect(status).toMatch(/SigBlk:\t0+\r/);
        expect(status).toMatch(/SigIgn:\t0+\r/);
        // The 3 is what ls reads the list with.
        expect(open.trim().split(/\s+/)).toEqual(["0", "1", "2", "3"]);
      },
    );
  });

  describe("what can't be started is named", () => {
    const file = (name: string, text: string, mode: number) => {
      const path = join(dir, name);
      writeFileSync(path, text);
      chmodSync(path, mode);
      return path;
    };
    const sh = script("exit 0");
    test.each([
      ["a missing program", { argv: ["/nowhere/at-all"] }, 'program "/nowhere/at-all" does not exist'],
      ["a relative program", { argv: ["sh"] }, "not an absolute path"],
      ["no program", { argv: [] }, "not an absolute path"],
      ["a directory", { argv: [dir] }, "is not a file"],
      ["a file that isn't executable", { argv: [file("plain", "#!/bin/sh\n", 0o644)] }, "is not executable"],
      [
        "a script whose interpreter is missing",
        { argv: [file("no-int", "#!/nowhere/sh -e\n", 0o755)] },
        'interpreter "/nowhere/sh"',
      ],
      [
        "a text without interpreter",
        { argv: [file("text", "echo hi\n", 0o755)] },
        "without an interpreter line",
      ],
      ["a missing cwd", { argv: sh, cwd: join(dir, "gone") }, 'gone" does not exist'],
      ["a cwd that is a file", { argv: sh, cwd: file("cwd", "", 0o644) }, "is not a directory"],
      ["a NUL in an argument", { argv: [...sh, "a\0b"] }, "NUL"],
      ["a NUL in the environment", { argv: sh, env: { A: "x\0y" } }, 'variable "A" contains a NUL'],
    ])("%s", (_name, options, message) => {
      const before = descriptors();
      expect(() => play(host, options)).toThrow(message);
      // Fewer when a thread of the runtime has closed one that an earlier test was done with.
      expect(descriptors()).toBeLessThanOrEqual(before);
    });

    testUnless(notLinux)(
      "descriptors that ran out are named; no process and no descriptor is left of the try",
      async () => {
        const parent = Bun.spawn(
          script(
            'ulimit -n 64; exec "$1" "$2"',
            process.execPath,
            join(import.meta.dir, "starved-parent.ts"),
          ),
          { env: { ...process.env, COVEN_PTY: host.driver }, stdout: "pipe" },
        );
        // The one place that decodes the fixture's own members.
        const { message, code, sessions } = (await new Response(parent.stdout).json()) as {
          message: string;
          code: string;
          sessions: number;
        };
        expect(message).toContain("could not be started");
        expect(message).toContain("out of");
        // It was a plain Error once, and clients read `launch_failed` (500) where the contract says `runtime_unavailable`.
        expect(code).toBe("runtime_unavailable");
        expect(sessions).toBeGreaterThan(5);
      },
    );
  });
}
