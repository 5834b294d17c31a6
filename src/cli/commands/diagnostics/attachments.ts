// The files of a diagnostics archive. Each is gathered by itself: one that fails takes no other with it.
import { homedir, release, type } from "node:os";
import { covenClient } from "../../../api/client.ts";
import { environment } from "../../../os/environment.ts";
import { type CovenPaths, covenPaths } from "../../../paths.ts";
import { endOf, homeLayout, ledgerEvidence } from "../../../supervise/evidence.ts";
import { inspect } from "../../../supervise/inspect.ts";
import { readLog } from "../../../supervise/log-reader.ts";
import { API_VERSION, COVEN_VERSION } from "../../../version.ts";
import { placeHere } from "../../client/project.ts";
import { SHORTEST_PREFIX } from "../../client/session-id.ts";
import { Failure } from "../../ui/failure.ts";
import { quoted } from "../../ui/text.ts";
import { type Install, installOf } from "../doctor/install.ts";
import { examine } from "../doctor/run.ts";
import { logEntry } from "../logs/lines.ts";
import { type Redactor, redactorFor } from "./redact.ts";

/** One file of the archive, redacted. */
export interface Attachment {
  readonly name: string;
  /** One line for the list. */
  readonly what: string;
  readonly text: string;
}

const MOST_LOG_LINES = 2_000;
const MOST_RECORDS = 200;
const MOST_STDERR_BYTES = 64 * 1024;
const MOST_OUTPUT_BYTES = 4 * 1024 * 1024;
const ANSWER_MS = 5_000;

/** Every file; with the output of those `sessions` that are named, by id, prefix or name. Throws `Failure` for one that does not exist. */
export async function attachments(sessions: readonly string[]): Promise<Attachment[]> {
  const paths = covenPaths();
  const ledger = ledgerEvidence(paths, MOST_RECORDS);
  const kept = typeof ledger === "string" ? undefined : ledger;
  const ids = sessions.map((typed) => theOne(typed, kept?.ids(typed) ?? []));
  const records = kept?.records ?? [];
  const redactor = redactorFor(
    placesOf(
      paths,
      records.flatMap(({ project_root, cwd }) => [project_root, cwd]),
    ),
  );
  const client = covenClient(paths.socket, { timeoutMs: ANSWER_MS, fresh: true });
  const env = environment();
  const files: readonly (readonly [name: string, what: string, gather: () => unknown])[] = [
    ["version.json", "versions, platform, how it was installed", () => versions(env)],
    ["home.json", "what lies in COVEN_HOME, with modes and sizes", () => homeLayout(paths.home)],
    ["health.json", "GET /health", () => client.health()],
    ["status.json", "GET /status", () => client.status()],
    ["metrics.txt", "GET /metrics", () => client.metrics()],
    ["capabilities.json", "GET /capabilities", () => client.capabilities()],
    ["doctor.json", "what coven doctor says here", () => examine(false)],
    [
      "harnesses.json",
      "the harnesses, as found from here",
      () => {
        const { harnesses, manifestProblems } = inspect(paths, env);
        return { harnesses, manifestProblems };
      },
    ],
    ["sessions.json", `the newest ${MOST_RECORDS} session records`, () => kept?.records ?? ledger],
    ["logs/daemon.log", `the last ${MOST_LOG_LINES} lines of the log`, () => logTail(paths, redactor)],
    [
      "logs/daemon.stderr",
      "what the runtime itself printed",
      async () => (await endOf(`${paths.logs}/daemon.stderr`, MOST_STDERR_BYTES)) ?? "",
    ],
    ...ids.map((id) => {
      const gather = () => {
        const output = kept?.output(id, MOST_OUTPUT_BYTES);
        const left = output?.before ? `(${output.before} bytes before this were left out)\n` : "";
        return left + new TextDecoder().decode(output?.bytes);
      };
      return [`output/${id}.txt`, "what this session printed, as asked for", gather] as const;
    }),
  ];
  return await Promise.all(
    files.map(async ([name, what, gather]) => {
      const found = await attempt(gather);
      if (name.endsWith(".json")) {
        return { name, what, text: `${JSON.stringify(redactor.value(found), null, 2)}\n` };
      }
      return { name, what, text: redactor.text(typeof found === "string" ? found : JSON.stringify(found)) };
    }),
  );
}

/** Paths, and what is written in their place. */
function placesOf(paths: CovenPaths, projects: readonly string[]): Map<string, string> {
  const places = new Map<string, string>();
  const here = placeHere()?.projectRoot;
  let number = 0;
  for (const project of new Set([...(here === undefined ? [] : [here]), ...projects])) {
    number += 1;
    places.set(project, `<project-${number}>`);
  }
  for (const home of [process.env["HOME"], homedir()]) if (home) places.set(home, "~");
  places.set(paths.home, "<coven-home>");
  return places;
}

async function versions(env: Readonly<Record<string, string>>): Promise<unknown> {
  const install = await installOf(env["PATH"] ?? "");
  return {
    coven: COVEN_VERSION,
    api: API_VERSION,
    platform: process.platform,
    arch: process.arch,
    system: `${type()} ${release()}`,
    bun: Bun.version,
    install: { ...install, packageManager: packageManagerOf(install) },
    // Names alone: the values may be secrets.
    variables: Object.keys(env).filter((name) =>
      /^(COVEN_|NO_COLOR$|FORCE_COLOR$|TERM$|COLORTERM$)/.test(name),
    ),
  };
}

/** A guess by where the executable lies, for the reader of the archive only. */
function packageManagerOf({ self, fromSource, wrapper }: Install): string {
  if (fromSource) return "none (from source)";
  if (self.includes("/.pnpm/")) return "pnpm";
  if (self.includes("/.bun/")) return "bun";
  if (self.includes("/_npx/")) return "npx";
  if (/\/(Cellar|homebrew|linuxbrew)\//.test(self)) return "Homebrew";
  if (self.startsWith("/nix/store/")) return "Nix";
  if (wrapper || self.includes("/node_modules/")) return "npm or yarn";
  return "none (an executable by itself)";
}

function logTail(paths: CovenPaths, redactor: Redactor): string {
  const reader = readLog(paths.log);
  try {
    const lines = Array.from(reader.lines()).slice(-MOST_LOG_LINES);
    // The texts of a line are redacted before they are escaped for JSON again.
    return lines
      .map((line) => {
        const { fields } = logEntry(line);
        return fields ? JSON.stringify(redactor.value(fields)) : line;
      })
      .join("\n");
  } finally {
    reader.close();
  }
}

function theOne(typed: string, found: readonly string[]): string {
  const [only, second] = found;
  if (typed.length >= SHORTEST_PREFIX && only !== undefined && second === undefined) return only;
  const why = second === undefined ? "no session has this id" : "several session ids begin so";
  throw new Failure(`--include-output ${quoted(typed)}: ${why}.`, ["coven sessions --all"]);
}

/** What was gathered, or why it was not: a daemon that is down is a finding, not a failure. */
async function attempt(gather: () => unknown): Promise<unknown> {
  try {
    return await gather();
  } catch (error) {
    return { notGathered: error instanceof Error ? error.message : String(error) };
  }
}
