// Arguments and flags that several commands take.
import type { Argument, Flag, SessionKind } from "../framework/command.ts";

/** The id of a session of a kind; without one a person picks. */
export function sessionId(completes: SessionKind): Argument & { completes: SessionKind } {
  return { name: "id", sample: "3f2a9c1e", optional: true, completes };
}

/** Several ids. */
export function sessionIds(completes: SessionKind): Argument {
  return { ...sessionId(completes), rest: true };
}

export const JSON_OUTPUT: Flag = { name: "json", summary: "print JSON" };

export const RECORD_ONLY: Flag = { name: "json", summary: "print only its record, as JSON, when it ends" };

export const RAW: Flag = { name: "raw", summary: "print the bytes unchanged (else lines end in LF)" };

export const DETACH_KEY: Flag = {
  name: "detach-key",
  takes: "KEY",
  summary: "the key that leaves it running (else Ctrl-])",
};
