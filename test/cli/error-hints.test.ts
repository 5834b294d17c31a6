// Holds what a person is told to do about each error the API can send: one line per code, read as a stranger would.
import { expect, test } from "bun:test";
import { hintsFor } from "../../src/cli/client/error-hints.ts";
import { CovenError, ERROR_CODES, type ErrorCode, type ErrorDetails } from "../../src/errors.ts";

const ID = "3f2a9c1e-0000-4000-8000-000000000000";

const CASES: readonly (readonly [ErrorCode, ErrorDetails, first: string])[] = [
  ["not_found", {}, "coven daemon restart   (the running daemon may be of another version)"],
  ["invalid_request", {}, "coven help"],
  ["invalid_request", { field: "cwd" }, "--cwd with a directory inside the project root"],
  ["invalid_request", { hint: "do this" }, "do this"],
  [
    "invalid_request",
    { harness: "claud", known: ["codex", "claude"] },
    "coven run claude 'your task'   (known: codex, claude)",
  ],
  ["invalid_request", { harness: "zzz", known: ["codex"] }, "coven run demo 'your task'   (known: codex)"],
  ["session_not_found", { sessionId: ID }, "coven sessions --all   (lists every session there is)"],
  ["session_not_live", { sessionId: ID }, `coven attach ${ID}   (shows what it printed)`],
  ["session_running", { sessionId: ID }, `coven kill ${ID}   (then the same command again)`],
  ["session_running", { sessions: [ID] }, "coven sessions   (shows what is running)"],
  ["stale_prompt", { sessionId: ID }, `coven why ${ID}   (says what it wants now)`],
  ["not_waiting", { sessionId: ID }, `coven why ${ID}   (says what it wants)`],
  ["not_supported", { sessionId: ID }, `coven attach ${ID}   (and answer there)`],
  ["view_cycle", { sessionId: ID }, `coven attach ${ID} --no-follow   (shows what is there and returns)`],
  ["approval_not_found", {}, "coven approvals --all   (lists those that are kept)"],
  ["approval_settled", {}, "coven approvals --all   (says what became of it)"],
  ["name_taken", { name: "login", sessionId: ID }, "coven attach login   (the session that is called so)"],
  ["invalid_request", { field: "name" }, "a name such as login or fix-tests"],
  ["session_id_conflict", { sessionId: ID }, "another id"],
  ["external_session_not_killable", { hint: "end the program itself" }, "end the program itself"],
  ["not_external_session", { sessionId: ID }, `coven kill ${ID}`],
  ["launch_failed", { sessionId: ID }, `coven attach ${ID}   (shows how far it came)`],
  ["harness_not_found", { hint: "npm install -g x" }, "npm install -g x"],
  ["not_enabled", { enable: "coven harnesses enable x" }, "coven harnesses enable x"],
  ["send_input_failed", {}, "coven sessions   (shows whether it still runs)"],
  ["kill_failed", {}, "the same command again"],
  ["payload_too_large", {}, "a shorter prompt: put the text in a file and name the file in the prompt"],
  ["forbidden", {}, "a client that is no browser: requests with an Origin header are refused"],
  ["daemon_identity_mismatch", {}, "coven daemon status   (another daemon has taken over meanwhile)"],
  ["runtime_unavailable", { reason: "unreachable" }, "coven daemon status"],
  ["runtime_unavailable", { hint: "coven daemon stop --force" }, "coven daemon stop --force"],
  ["runtime_unavailable", {}, "coven doctor   (says what is wrong here)"],
  ["checkout_in_use", { sessions: [ID] }, `coven attach ${ID}   (shows who works there)`],
  ["worktree_not_removed", { hint: "coven sacrifice 3f2a --discard" }, "coven sacrifice 3f2a --discard"],
  ["internal_error", {}, "look at the daemon's log (logs/daemon.log in COVEN_HOME), then: coven doctor"],
];

for (const [code, details, first] of CASES) {
  test(`${code} ${JSON.stringify(details)}`, () => {
    expect(hintsFor(new CovenError(code, "It says why.", details))[0]).toBe(first);
  });
}

test("every code of the closed list is in this table", () => {
  const told = new Set(CASES.map(([code]) => code));
  expect(ERROR_CODES.filter((code) => !told.has(code))).toEqual([]);
});
