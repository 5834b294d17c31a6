// Holds the words people bring from other tools, `-C`, what `logs ID` prints, and the filters of `sessions`.
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { mkdirSync, realpathSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { STATUS_WORDS } from "../../src/cli/commands/sessions/filter.ts";
import { COMMANDS } from "../../src/cli/commands/table.ts";
import type { Session } from "../../src/session/session.ts";
import { type CommandLine, commandLine } from "../support/command-line.ts";

setDefaultTimeout(30_000);

let line: CommandLine;
let other: string;

beforeAll(async () => {
  line = commandLine();
  other = join(line.home.base, "other");
  mkdirSync(join(other, "deep"), { recursive: true });
  writeFileSync(join(other, ".git"), "gitdir: elsewhere\n");
  line.home.script(
    "codex",
    'case "$*" in *stay*) echo ready; exec sleep 600;; *) pwd; stty -echo; printf "\\033[cone\\n"; exit 3;; esac',
  );
  await line.home.start();
});

afterAll(() => line[Symbol.asyncDispose]());

const tries = async (...words: string[]): Promise<string> => {
  const { code, err } = await line.coven(words);
  expect(code).toBe(2);
  return /^Try: (.*)$/m.exec(err)?.[1] ?? "";
};

test("words of other tools answer with the command that does it", async () => {
  expect(await tries("ls")).toBe("coven sessions");
  expect(await tries("ps")).toBe("coven sessions --status live");
  expect(await tries("rm", "3f2a")).toContain("coven archive ID");
  expect(await tries("stop", "3f2a")).toContain("coven kill ID");
  expect(await tries("resume")).toBe("coven resume 3f2a9c1e");
});

test("-C stands there first: project, cwd, ids and lists are that directory's", async () => {
  const run = await line.coven(["-C", join(other, "deep"), "run", "codex", "hi"]);
  expect(run.out).toContain(`${realpathSync(join(other, "deep"))}\n`);
  expect(run.err).toContain(`Project root:  ${realpathSync(other)}\n`);
  const twice = await line.coven(["-C", other, "-C", "deep", "sessions", "--here", "--json"]);
  const { sessions }: { sessions: Session[] } = JSON.parse(twice.out);
  expect(sessions.map((one) => one.cwd)).toEqual([realpathSync(join(other, "deep"))]);
  expect((await line.coven(["-C", "/no/such/place", "sessions"])).err).toContain(
    "there is no directory /no/such/place",
  );
  expect((await line.coven(["-C"])).code).toBe(2);
  expect((await line.coven(["__complete", "--", "-C", other, "sess"])).out).toStartWith("sessions\t");
});

test("logs ID prints what a session has printed; --follow goes to its end; the daemon's flags are refused with it", async () => {
  const id = (await line.coven(["run", "codex", "stay", "--detach"])).out.trim();
  const following = line.begin(["logs", id.slice(0, 8), "--follow"]);
  const ended = await line.coven(["run", "codex", "x"], { cwd: other });
  expect(ended.code).toBe(3);
  const last = await line.coven(["-C", other, "logs", "-"]);
  expect(last).toEqual({ code: 0, out: `${realpathSync(other)}\none\n`, err: "" });
  await line.coven(["kill", id]);
  expect(await following.left).toMatchObject({ code: 0, out: "ready\n" });
  expect((await line.coven(["logs", id, "--level", "warn"])).code).toBe(2);
});

test("sessions are filtered by project, status, harness, age and number", async () => {
  const listed = async (...flags: string[]): Promise<string[]> => {
    const { sessions }: { sessions: Session[] } = JSON.parse(
      (await line.coven(["sessions", "--json", ...flags])).out,
    );
    return sessions.map((one) => one.status);
  };
  const id = (await line.coven(["run", "codex", "stay", "--detach"])).out.trim();
  expect(await listed()).toEqual(["running", "failed", "killed", "failed"]);
  expect(await listed("--status", "live")).toEqual(["running"]);
  expect(await listed("--status=ended", "--limit=1")).toEqual(["failed"]);
  expect(await listed("--here")).toEqual(["running", "killed"]);
  expect(await listed("--harness", "claude")).toEqual([]);
  expect(await listed("--since", "1h", "--status", "killed")).toEqual(["killed"]);
  expect(await listed("--since", "0s")).toEqual([]);
  expect(await listed("--label", "none")).toEqual([]);
  for (const wrong of [
    ["--status", "busy"],
    ["--limit", "0"],
    ["--since", "yesterday"],
  ]) {
    expect((await line.coven(["sessions", ...wrong])).code).toBe(2);
  }
  expect((await line.coven(["sessions", "--plain", "--status", "orphaned"])).out).toMatch(/^SESSION .*\n$/);
  await line.coven(["kill", id]);
});

test("what completions offer for --status is what it takes", () => {
  const flag = COMMANDS.find((one) => one.name === "sessions")?.flags.find((one) => one.name === "status");
  expect(flag?.completes).toEqual([...STATUS_WORDS]);
});
