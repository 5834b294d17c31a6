// What today's cockpits ask beside sessions: a session's log, and lists that are empty here unless the home has them.
import * as z from "zod";
import type { LedgerReader } from "../../session/ports/ledger.ts";
import { ok } from "../respond.ts";
import { route } from "../route.ts";
import { familiarRecord } from "../schema.ts";

/** The most characters of all messages together: known clients refuse bodies over 1,000,000 bytes. */
const MOST_TEXT = 300_000;
const MOST_LINES = 1_000;

const NOTHING = z.array(z.never()).readonly();

const line = z.object({ ts: z.string(), level: z.enum(["info", "error"]), message: z.string() });

export const cockpit = {
  log: route("GET /sessions/:id/log", {
    summary: "The newest events of a session in words",
    /** The newest events in words, oldest first; control sequences are left out. */
    answer: z.array(line),
    offers: { log: true },
    handle: ({ coven, ledger }, { id }) => ok(logOf(ledger, coven.session(id).id)),
  }),

  familiars: route("GET /familiars", {
    summary: "Who stands in familiars.toml",
    answer: z.array(familiarRecord).readonly(),
    refuses: ["runtime_unavailable", "invalid_request"],
    offers: { familiars: true },
    handle: (api) => ok(api.familiars()),
  }),

  /** There are none here. */
  skills: route("GET /skills", {
    summary: "There are none here",
    answer: NOTHING,
    handle: () => ok([]),
  }),
  /** There is none here. */
  memory: route("GET /memory", {
    summary: "There is none here",
    answer: NOTHING,
    handle: () => ok([]),
  }),
};

function logOf(ledger: LedgerReader, sessionId: string): z.infer<typeof line>[] {
  const lines: z.infer<typeof line>[] = [];
  let room = MOST_TEXT;
  // Newest first.
  for (const { kind, payload_json, created_at: ts } of ledger.events({
    sessionId,
    beforeSeq: Number.MAX_SAFE_INTEGER,
    limit: MOST_LINES,
  })) {
    const payload: Readonly<Record<string, unknown>> = JSON.parse(payload_json);
    const data = String(payload["data"] ?? "");
    const message =
      kind === "output" ? Bun.stripANSI(data) : kind === "input" ? `> ${data}` : `${kind}: ${payload_json}`;
    room -= message.length;
    if (room < 0) break;
    const failed = kind === "exit" && payload["status"] !== "completed";
    lines.push({ ts, level: failed ? "error" : "info", message });
  }
  return lines.reverse();
}
