// `coven approve` and `coven deny`: what help, parsing and completions say of them.
import { command } from "../../framework/command.ts";

const IF_SEQ = {
  name: "if-seq",
  takes: "SEQ",
  summary: "only that question: attention.seq of why --json",
} as const;
const REASON = { name: "reason", takes: "TEXT", summary: "kept in the session's events" } as const;
const JSON_FLAG = { name: "json", summary: "what was typed into, and the seq before it, as JSON" } as const;
const ID = { name: "id", sample: "3f2a9c1e", completes: "running session" } as const;

export const APPROVE = command({
  name: "approve",
  summary: "Say yes to a session that asks for permission",
  seldom: true,
  about: [
    "Types the keys that its harness takes for yes, if it asks for permission now.",
    "Where it asks nothing, or nobody knows the keys, nothing is typed.",
  ],
  examples: [
    ["coven approve 3f2a9c1e", "the question it asks now"],
    ["coven approve 3f2a --if-seq 812", "that question, or nothing"],
  ],
  args: [ID],
  flags: [IF_SEQ, REASON, JSON_FLAG],
  load: async () => (await import("./run.ts")).approve,
});

export const DENY = command({
  name: "deny",
  summary: "Say no to a session that asks for permission",
  seldom: true,
  about: ["As coven approve, with the keys for no."],
  examples: [["coven deny 3f2a9c1e --reason 'not on main'", "the reason stands in its events"]],
  args: [ID],
  flags: [IF_SEQ, REASON, JSON_FLAG],
  load: async () => (await import("./run.ts")).deny,
});
