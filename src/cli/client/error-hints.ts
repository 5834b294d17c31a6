// What to try after an error of the API: advice or a command line for each code.
import { isUnreachable } from "../../api/client.ts";
import type { CovenError, ErrorCode } from "../../errors.ts";
import { nearest } from "../ui/nearest.ts";
import { harmless, quoted } from "../ui/text.ts";

type Advice = (error: CovenError) => readonly string[];

const REPORT = "look at the daemon's log (logs/daemon.log in COVEN_HOME), then: coven doctor";

function detail(error: CovenError, name: string): string | undefined {
  const value = error.details?.[name];
  return typeof value === "string" && value !== "" ? value : undefined;
}

function daemonHint(error: CovenError): readonly string[] {
  const hint = detail(error, "hint");
  return hint ? [harmless(hint)] : [];
}

function id(error: CovenError): string {
  return quoted(detail(error, "sessionId") ?? "ID");
}

function harnessHints(typed: string, known: readonly string[]): readonly string[] {
  const guess = nearest(typed, known);
  const launch = `coven run ${harmless(guess ?? "demo")} 'your task'   (known: ${known.map(harmless).join(", ")})`;
  // A slip needs no more; whoever means another agent does.
  if (guess !== undefined) return [launch];
  return [launch, "coven harnesses   (all that coven knows; one of your own: coven help harnesses)"];
}

/** One entry per code of the closed list: the compiler refuses a missing one. */
const ADVICE: Readonly<Record<ErrorCode, Advice>> = {
  not_found: () => ["coven daemon restart   (the running daemon may be of another version)"],
  invalid_request: (error) => {
    if (detail(error, "home")) return ['COVEN_HOME="$HOME/.coven" coven doctor'];
    const known = error.details?.["known"];
    if (Array.isArray(known) && !detail(error, "file"))
      return harnessHints(String(error.details?.["harness"] ?? ""), known.map(String));
    if (detail(error, "field") === "name") return ["a name such as login or fix-tests"];
    if (detail(error, "field") === "cwd") return ["--cwd with a directory inside the project root"];
    const hint = daemonHint(error);
    return hint.length > 0 ? hint : ["coven help"];
  },
  session_not_found: () => ["coven sessions --all   (lists every session there is)"],
  session_not_live: (error) => [`coven attach ${id(error)}   (shows what it printed)`],
  session_running: (error) => {
    const ids = error.details?.["sessions"];
    if (Array.isArray(ids))
      return ["coven sessions   (shows what is running)", "the same command with --force"];
    return [`coven kill ${id(error)}   (then the same command again)`];
  },
  stale_prompt: (error) => [`coven why ${id(error)}   (says what it wants now)`],
  not_waiting: (error) => [`coven why ${id(error)}   (says what it wants)`],
  not_supported: (error) => {
    const hint = daemonHint(error);
    return hint.length > 0 ? hint : [`coven attach ${id(error)}   (and answer there)`];
  },
  view_cycle: (error) => [
    `coven attach ${id(error)} --no-follow   (shows what is there and returns)`,
    `env -u COVEN_SESSION_ID coven attach ${id(error)}   (if this terminal is not shown there)`,
  ],
  session_id_conflict: () => ["another id"],
  checkout_in_use: (error) => {
    const ids = error.details?.["sessions"];
    const [first] = Array.isArray(ids) ? ids.map(String) : [];
    return [...daemonHint(error), `coven attach ${quoted(first ?? "ID")}   (shows who works there)`];
  },
  name_taken: (error) => [
    `coven attach ${quoted(detail(error, "name") ?? "NAME")}   (the session that is called so)`,
    "another name",
  ],
  worktree_not_removed: (error) => [
    ...daemonHint(error),
    `coven archive ${id(error)}   (hides the session and keeps everything)`,
  ],
  external_session_not_killable: daemonHint,
  not_external_session: (error) => [`coven kill ${id(error)}`],
  launch_failed: (error) => [`coven attach ${id(error)}   (shows how far it came)`, "coven doctor"],
  harness_not_found: (error) => [...daemonHint(error), "coven run demo 'say hello'   (needs no agent)"],
  not_enabled: (error) => [detail(error, "enable") ?? "coven harnesses"].map(harmless),
  send_input_failed: () => ["coven sessions   (shows whether it still runs)"],
  kill_failed: () => ["the same command again", REPORT],
  payload_too_large: () => ["a shorter prompt: put the text in a file and name the file in the prompt"],
  forbidden: (error) => {
    const hint = daemonHint(error);
    return hint.length > 0
      ? hint
      : ["a client that is no browser: requests with an Origin header are refused"];
  },
  daemon_identity_mismatch: () => ["coven daemon status   (another daemon has taken over meanwhile)"],
  approval_not_found: () => ["coven approvals --all   (lists those that are kept)"],
  approval_settled: () => ["coven approvals --all   (says what became of it)"],
  runtime_unavailable: (error) =>
    isUnreachable(error)
      ? ["coven daemon status", "coven doctor"]
      : [...daemonHint(error), "coven doctor   (says what is wrong here)"],
  internal_error: () => [REPORT],
};

/** What to try after this error, most useful first; never empty. */
export function hintsFor(error: CovenError): readonly string[] {
  return ADVICE[error.code](error);
}
