// What a program's author can do about an error: advice for each code. The command line has its own, for who types (cli/client/error-hints.ts).
import type { CovenError, ErrorCode } from "../errors.ts";

const HINTS: Readonly<Record<ErrorCode, string>> = {
  not_found:
    "The daemon has no such route: look in `capabilities` before you ask, or have the user run `coven daemon restart`.",
  invalid_request: "`details.field` names the member, `details.problems` says what is wrong with it.",
  session_not_found:
    "It was deleted, or the id is of another home: list with `sessions({ includeArchived: true })`.",
  session_not_live: "It has ended: read `session(id)` and `output(id)`, or launch another.",
  view_cycle: "The session is shown in its own terminal: read it without following.",
  checkout_in_use:
    "Another agent works in this checkout: launch in a git worktree of its own, or launch without `exclusive`.",
  session_running: "End it first with `kill(id)`, and wait for its `exit` event.",
  stale_prompt:
    "The question was answered, or is another one now: look at `details.attention` and decide again.",
  not_waiting: "It asks for no leave just now: wait for `session.attention` in `feed()`.",
  not_supported: "Attach and type, or ask a newer daemon: `details` say what is missing.",
  name_taken: "Choose another name, or `rename(details.sessionId, null)` first.",
  session_id_conflict: "Register the run under another id.",
  worktree_not_removed: "Remove the git worktree first, or say `{ keepWorktree: true }`.",
  external_session_not_killable: "Whoever started it has to end it, and then call `completeExternal(id)`.",
  not_external_session: "The daemon sees by itself when its own sessions end.",
  launch_failed: "Read the events of `details.sessionId`: one says why the program did not start.",
  harness_not_found:
    "`details.hint` says how to install `details.executable`; `env.PATH` of the launch decides where it is looked for.",
  not_enabled: "Have the user run the command in `details.enable`.",
  send_input_failed: "The terminal is gone or full: read `session(id)`, then try again.",
  kill_failed: "Try again; the daemon's log has the cause.",
  payload_too_large: "Put the text in a file, and name the file in the prompt.",
  forbidden: "The user's settings deny it, or somebody else is connected: nothing a client can change.",
  daemon_identity_mismatch: "Another daemon has taken over: read `health()` again and use its pid.",
  approval_not_found: "It was never there, or is too old to be kept.",
  approval_settled: "Somebody has decided already: read `approval(id)`.",
  runtime_unavailable: "Wait a moment and try again; `details.reason` says what is missing.",
  internal_error: "The daemon's log has the cause, under `details.requestId` where there is one.",
};

/** What to do about it, in one sentence; the daemon's own hint where it sent one. */
export function hintOf(error: CovenError): string {
  const own = error.details?.["hint"];
  if (typeof own === "string" && own !== "") return own;
  const reason = error.details?.["reason"];
  if (reason === "unreachable") return "No daemon answers: have the user run `coven daemon start`.";
  if (reason === "incompatible" || reason === "unintelligible") {
    return "Something else listens on this path: have the user run `coven doctor`.";
  }
  return HINTS[error.code];
}
