// Which sessions `coven sessions` was asked for.
import { isSettled, SESSION_STATUSES, type Session } from "../../../session/session.ts";
import { isOfPlace, placeOf } from "../../client/project.ts";
import { flagValue, flagValues, has, type Invocation } from "../../framework/command.ts";
import { UsageError } from "../../ui/failure.ts";
import { quoted } from "../../ui/text.ts";
import { spanOf } from "../../ui/time.ts";
import { workingDirectory } from "../../ui/working-directory.ts";

/** Words for `--status`: those of records, and `live` and `ended` for either half of them. */
export const STATUS_WORDS = ["live", "ended", ...SESSION_STATUSES] as const;

/** What was asked for. */
export interface Filter {
  fits(session: Session): boolean;
  /** The most to show. */
  readonly limit: number;
  /** Whether anything was asked for. */
  readonly asked: boolean;
}

/** Reads the flags. Throws `UsageError` for a value that is none. `now` in milliseconds since 1970. */
export function filterOf(invocation: Invocation, now: number): Filter {
  const labels = flagValues(invocation, "label");
  const status = flagValue(invocation, "status");
  if (status !== undefined && !STATUS_WORDS.some((word) => word === status)) {
    throw new UsageError(`There is no status ${quoted(status)}.`, [
      `--status live   (or ${STATUS_WORDS.slice(1).join(", ")})`,
    ]);
  }
  const harness = flagValue(invocation, "harness");
  const place = has(invocation, "here") ? placeOf(workingDirectory(), undefined) : undefined;
  const group = flagValue(invocation, "group");
  const since = flagValue(invocation, "since");
  const from = since === undefined ? Number.NEGATIVE_INFINITY : now - spanOf("since", since);
  const tests: ((one: Session) => boolean)[] = [];
  if (labels.length > 0) tests.push((one) => labels.every((label) => hasLabel(one, label)));
  if (status !== undefined) tests.push((one) => hasStatus(one, status));
  if (harness !== undefined) tests.push((one) => one.harness === harness);
  if (place !== undefined) tests.push((one) => isOfPlace(one, place));
  if (group !== undefined) tests.push((one) => one.group?.startsWith(group) ?? false);
  if (since !== undefined) tests.push((one) => Date.parse(one.created_at) >= from);
  const limit = limitOf(flagValue(invocation, "limit"));
  return {
    fits: (one) => tests.every((test) => test(one)),
    limit,
    asked: tests.length > 0 || limit !== Number.POSITIVE_INFINITY,
  };
}

/** The label itself, or one with that key: `team` fits `team=web`. */
function hasLabel({ labels }: Session, asked: string): boolean {
  return labels.some((label) => label === asked || label.startsWith(`${asked}=`));
}

function hasStatus(session: Session, word: string): boolean {
  if (word === "live") return !isSettled(session.status);
  return word === "ended" ? isSettled(session.status) : session.status === word;
}

function limitOf(typed: string | undefined): number {
  if (typed === undefined) return Number.POSITIVE_INFINITY;
  if (/^[1-9]\d{0,8}$/.test(typed)) return Number(typed);
  throw new UsageError(`--limit takes a whole number from 1, and ${quoted(typed)} is none.`, ["--limit 20"]);
}
