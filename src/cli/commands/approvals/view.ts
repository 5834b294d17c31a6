// An approval as a person reads it: all of what would be done, in as many lines as that takes.
import type { CovenClient } from "../../../api/client.ts";
import { harmless, harmlessJson } from "../../ui/text.ts";
import { ago, span } from "../../ui/time.ts";
import { fold, wrapped } from "../../ui/width.ts";

export type Approval = Awaited<ReturnType<CovenClient["approval"]>>;

const MARK = "apr-";
/** Characters of an id that people see. */
const SHORT = 8;
const INDENT = " ".repeat(SHORT + 2);
/** Of one that is longer `--json` shows the rest. */
const MOST_LINES = 40;

/** What is known beside it. */
export interface Around {
  /** What the action does, in the words of its adapter. */
  readonly summary: string | undefined;
  /** Of the session it is about. */
  readonly title: string | undefined;
  readonly now: number;
  /** Columns. */
  readonly width: number;
}

/** The id as people see it. */
export function shortId({ id }: Pick<Approval, "id">): string {
  return id.slice(MARK.length, MARK.length + SHORT);
}

/** One of them. */
export function approvalLines(approval: Approval, { summary, title, now, width }: Around): string[] {
  const { action, args, origin, status, decidedBy, reason, requestedAt, expiresAt } = approval;
  const by = origin === null ? "by somebody without a name" : `by ${origin}`;
  const left = `${span(Math.max(0, Date.parse(expiresAt) - now))} left`;
  const end = status === "pending" ? left : `${status}${decidedBy === null ? "" : ` (${decidedBy})`}`;
  const members =
    typeof args === "object" && args !== null ? Object.entries(args) : [["args", args] as const];
  const told = members.map(([name, value]) => {
    // As JSON: an Enter at the end of what is typed must be seen.
    const shown = name === "sessionId" ? harmless(String(value)) : harmlessJson(JSON.stringify(value) ?? "");
    return `${harmless(name)}: ${shown}${name === "sessionId" && title !== undefined ? ` (${harmless(title)})` : ""}`;
  });
  const room = Math.max(width - INDENT.length, 20);
  const lines = [
    ...wrapped(harmless(summary ?? action), room),
    ...wrapped(`${harmless(action)}, asked ${ago(requestedAt, now)} ${harmless(by)}, ${harmless(end)}`, room),
    // As it is, blanks at the end of a row too.
    ...told.flatMap((line) => fold(line, room)),
    ...(reason === null ? [] : fold(`reason: ${harmless(reason)}`, room)),
  ];
  const cut = lines.length > MOST_LINES ? [...lines.slice(0, MOST_LINES), "(--json shows all of it)"] : lines;
  return cut.map((line, at) => (at === 0 ? `${shortId(approval)}  ${line}` : INDENT + line));
}
