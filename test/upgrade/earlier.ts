// The daemon of 0.4.6 as this suite meets it: the published one where COVEN_0_4 names its executable, and everywhere a process that answers as it does.
import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import type { CommandLine } from "../support/command-line.ts";
import type { Lack } from "../support/unless.ts";
import { until } from "../support/until.ts";

/** The executable of the published 0.4.6 (npm @opencoven/cli-linux-x64; it wants glibc 2.39). */
export const PUBLISHED = process.env["COVEN_0_4"] ?? "";
export const notPublished: Lack = existsSync(PUBLISHED)
  ? undefined
  : "COVEN_0_4 names no executable of coven 0.4.6";

/** What one sees of it: `/health` and `/sessions` as 0.4.6 answers, everything else is its 404. argv: socket, number of live sessions, pid it claims. */
const ANSWERS = `
const [socket, live, claimed] = process.argv.slice(1);
const pid = Number(claimed) || process.pid;
const session = (n) => ({ id: "s" + n, project_root: "/p", harness: "codex", title: "t" + n, status: "running", exit_code: null,
  archived_at: null, created_at: "2026-01-01T00:00:00.000000000Z", updated_at: "2026-01-01T00:00:00.000000000Z", conversation_id: null,
  familiar_id: null, execution_binding: null, labels: [], visibility: "private", external: n === 0, transcript_path: null });
Bun.serve({ unix: socket, fetch(request) {
  const { pathname } = new URL(request.url);
  const path = pathname.replace("/api/v1", "");
  if (path === "/health") return Response.json({ ok: true, apiVersion: "coven.daemon.v1", covenVersion: "0.4.6",
    capabilities: { sessions: true, events: true, travel: true, eventCursor: "sequence", structuredErrors: true },
    daemon: { pid, startedAt: "2026-01-01T00:00:00.000000000Z", socket } });
  const all = Array.from({ length: Number(live) + 1 }, (_, n) => session(n));
  if (path === "/sessions" && request.method === "GET") return Response.json(all);
  const one = all.find(({ id }) => path === "/sessions/" + id);
  if (one) return Response.json(one);
  if (request.method === "POST") process.stderr.write("asked for " + path + "\\n");
  return Response.json({ error: { code: "not_found", message: "Route not found." } }, { status: 404 });
} });`;

export interface EarlierDaemon {
  readonly pid: number;
  /** What it was asked that changes something. */
  asked(): string;
}

/** Starts the process that answers as 0.4.6 does, with so many live sessions beside one that somebody else runs. */
export async function answering(line: CommandLine, live: number, claimed = 0): Promise<EarlierDaemon> {
  const { home } = line;
  mkdirSync(home.paths.home, { recursive: true, mode: 0o700 });
  const child = Bun.spawn(
    [process.execPath, "-e", ANSWERS, home.paths.socket, String(live), String(claimed)],
    {
      stderr: "pipe",
      stdout: "ignore",
    },
  );
  let asked = "";
  void (async () => {
    for await (const bytes of child.stderr) asked += new TextDecoder().decode(bytes);
  })();
  await until("it listens", () => existsSync(home.paths.socket));
  return { pid: child.pid, asked: () => asked };
}

/** Runs the published 0.4.6 in the home. */
export function published(line: CommandLine, words: readonly string[]) {
  const { home } = line;
  const run = Bun.spawnSync([PUBLISHED, ...words], {
    cwd: home.project,
    env: { HOME: home.base, COVEN_HOME: home.paths.home, PATH: `${home.bin}:/usr/bin:/bin`, NO_COLOR: "1" },
    stdout: "pipe",
    stderr: "pipe",
    stdin: "ignore",
  });
  return { code: run.exitCode, out: run.stdout.toString(), err: run.stderr.toString() };
}

/** Sessions of every kind, made by 0.4.6's own daemon; the ids by title. Its agents are scripts. */
export async function recordWith046(line: CommandLine): Promise<Map<string, string>> {
  const { home } = line;
  home.script(
    "codex",
    `read -r prompt; case "$prompt $*" in
      *many*) i=0; while [ $i -lt 10000 ]; do echo "line $i grün 世界"; i=$((i+1)); done;;
      *fails*) echo bad; sleep 0.3; exit 3;;
      *stays*) echo up; exec sleep 600;;
      *) printf 'hello \\033[31mred\\033[0m\\n';;
    esac; sleep 0.3`,
  );
  if (published(line, ["daemon", "start"]).code !== 0) throw new Error("0.4.6 does not start");
  const api = async (path: string, body?: object) => {
    const init = body ? { method: "POST", body: JSON.stringify(body) } : {};
    return (await fetch(`http://coven/api/v1${path}`, { unix: home.paths.socket, ...init })).json();
  };
  const ids = new Map<string, string>();
  for (const title of ["works", "fails", "many", "stays"]) {
    const body = {
      projectRoot: home.project,
      harness: "codex",
      prompt: title,
      title,
      launchMode: "nonInteractive",
    };
    ids.set(title, (await api("/sessions", body)).id);
  }
  await api("/sessions/external", {
    id: "engine/42",
    projectRoot: home.project,
    harness: "coven-code",
    labels: ["a", "b"],
  });
  const settled = async () => {
    const all: { title: string; status: string }[] = await api("/sessions");
    return all.every(
      ({ title, status }) => status !== "running" || ["stays", "External session"].includes(title),
    );
  };
  await until("they have ended", settled, 20_000);
  published(line, ["archive", ids.get("works") ?? ""]);
  return ids;
}

/** Where 0.4.6 keeps its ledger. */
export const oldLedger = (line: CommandLine): string => join(line.home.paths.home, "coven.sqlite3");
