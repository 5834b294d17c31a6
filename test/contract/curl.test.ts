// Runs every curl line of docs/API-CONTRACT.md, as it is typed and in its order, against a real daemon, and holds each to its status.
import { expect } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { covenClient } from "../../src/api/client.ts";
import { commandLine } from "../support/command-line.ts";
import { curlLines } from "../support/curl-lines.ts";
import { notLinux, testUnless, without } from "../support/unless.ts";
import { until } from "../support/until.ts";

/** curl's own exit code for `--max-time`: how a stream that goes on for ever is left. */
const TIMED_OUT = 28;

/** Every name of a member in a JSON document. Arguments of an action are told by a schema of their own. */
function membersOf(value: unknown): string[] {
  if (typeof value !== "object" || value === null) return [];
  if (Array.isArray(value)) return value.flatMap(membersOf);
  return Object.entries(value).flatMap(([name, member]) => [
    name,
    ...(name === "args" ? [] : membersOf(member)),
  ]);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

// A restart in place is of Linux alone.
testUnless(notLinux, without("curl"))(
  "each is answered as the page says, by members that the page names",
  async () => {
    await using line = commandLine();
    const { base, project, bin } = line.home;
    // The lines name ~/.coven, so that is the home here. And what a line doesn't ask for: the status, behind the body.
    writeFileSync(join(base, ".curlrc"), 'silent\nshow-error\nwrite-out = "\\n%{http_code}"\n');
    const env: Record<string, string> = { HOME: base, PATH: `${bin}:/usr/bin:/bin` };
    const typed = async (text: string) => {
      const shell = Bun.spawn(["/bin/sh", "-c", text], {
        cwd: project,
        env,
        stdio: ["ignore", "pipe", "pipe"],
      });
      const [out, err, code] = await Promise.all([
        new Response(shell.stdout).text(),
        new Response(shell.stderr).text(),
        shell.exited,
      ]);
      return { out, err, code };
    };
    const { asks, sets, page } = curlLines();
    try {
      for (const set of sets) {
        const name = set.slice(0, set.indexOf("="));
        const { out, err } = await typed(`${set}; printf %s "$${name}"`);
        expect(out, err).toMatch(/^[0-9a-z-]+$/);
        env[name] = out;
      }
      expect(Object.keys(env)).toEqual(expect.arrayContaining(["ID", "PID"]));
      const client = covenClient(join(base, ".coven", "coven.sock"));
      // The demo asks, and then takes an answer.
      await until("it waits", async () => (await client.session(String(env["ID"]))).activity === "blocked");

      const members = new Set<string>();
      expect(asks.length).toBeGreaterThan(30);
      expect(asks.filter(({ status }) => status === undefined)).toEqual([]);
      for (const { line, status, path } of asks) {
        const before = (await client.health()).daemon?.startedAt;
        const { out, err, code } = await typed(line);
        expect({ line, status: Number(out.slice(-3)) }, out + err).toEqual({ line, status: Number(status) });
        expect([0, line.includes("--max-time") ? TIMED_OUT : 0], err).toContain(code);
        // Its members are of OpenAPI, which has a page of its own.
        if (path === "/openapi.json") continue;
        for (const member of membersOf(parsed(out.slice(0, -3)))) members.add(member);
        // What is asked for with a status of 202 happens behind the answer.
        if (path === "/restart" && status === 202) {
          const again = async () => (await client.health().catch(() => undefined))?.daemon?.startedAt;
          await until("the daemon goes on as its next image", async () => {
            const at = await again();
            return at !== undefined && at !== before;
          });
        }
      }
      expect(members.size).toBeGreaterThan(100);
      // A member that nobody can look up: say it in docs/API-CONTRACT.md.
      const unnamed = Array.from(members).filter((one) => !new RegExp(`\\b${one}\\b`).test(page));
      expect(unnamed).toEqual([]);
      expect(asks.at(-1)?.path).toBe("/shutdown");
    } finally {
      await typed("coven daemon stop --force");
    }
  },
);
