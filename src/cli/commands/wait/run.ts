// `coven wait`: until sessions want a person, are done, or have ended.
import type { CovenClient } from "../../../api/client.ts";
import { isCovenError } from "../../../errors.ts";
import { GOALS, type Goal, type Outcome, outcomeOf } from "../../../session/goal.ts";
import { isSettled, type Session } from "../../../session/session.ts";
import { connect } from "../../client/connect.ts";
import { isOfProject } from "../../client/describe.ts";
import { outcome } from "../../client/outcome.ts";
import { placeHere } from "../../client/project.ts";
import { shortId } from "../../client/session-id.ts";
import { everySession } from "../../client/session-list.ts";
import { wantText } from "../../client/wants.ts";
import { flagValue, has, type Invocation, type Run } from "../../framework/command.ts";
import { sessionsMeant } from "../../terminal/which-session.ts";
import { UsageError } from "../../ui/failure.ts";
import { print, printJson, say } from "../../ui/out.ts";
import { harmless, quoted } from "../../ui/text.ts";
import { afterSpan, spanOf } from "../../ui/time.ts";

/** What came of a wait, and the exit code that says so. */
const CODES = { met: 0, ended: 3, timeout: 4 } as const;

export const run: Run = async (invocation) => {
  const goal = goalOf(invocation);
  const any = has(invocation, "any");
  if (any && has(invocation, "all"))
    throw new UsageError("--any and --all say different things.", ["coven wait --any"]);
  const limit = flagValue(invocation, "timeout");
  const timeoutMs = limit === undefined ? undefined : spanOf("timeout", limit);
  const client = await connect();
  const project = invocation.words.length > 0 || !(any || has(invocation, "all")) ? undefined : projectHere();
  const ids = project === undefined ? await sessionsMeant(client, invocation, "running session") : undefined;

  const over = new AbortController();
  const stop = timeoutMs === undefined ? () => {} : afterSpan(timeoutMs, () => over.abort(TIMEOUT));
  const watched = new Watched(client, { goal, any, ids, project });
  try {
    return await told(await watched.result(over.signal), watched.records(), goal, has(invocation, "json"));
  } catch (error) {
    if (over.signal.reason !== TIMEOUT) throw error;
    return await told("timeout", watched.records(), goal, has(invocation, "json"));
  } finally {
    stop();
    over.abort();
  }
};

const TIMEOUT = new Error("timeout");

function goalOf(invocation: Invocation): Goal {
  const typed = flagValue(invocation, "for") ?? "exit";
  const goal = GOALS.find((one) => one === typed);
  if (goal) return goal;
  throw new UsageError(`--for takes waiting, done or exit, and not ${quoted(typed)}.`, [
    "coven wait ID --for waiting",
  ]);
}

function projectHere(): string {
  return placeHere()?.projectRoot ?? process.cwd();
}

interface Wanted {
  readonly goal: Goal;
  readonly any: boolean;
  readonly ids: readonly string[] | undefined;
  /** Without ids: sessions of this project. */
  readonly project: string | undefined;
}

/** The sessions that are waited for, each with what was last heard of it. */
class Watched {
  readonly #known = new Map<string, { session: Session | undefined; verdict: Outcome }>();

  constructor(
    private readonly client: CovenClient,
    private readonly wanted: Wanted,
  ) {}

  /** Those that came true; where none did, all. */
  records(): Session[] {
    const all = Array.from(this.#known.values()).filter(({ session }) => session !== undefined);
    const met = all.filter(({ verdict }) => verdict === "came");
    return (met.length > 0 ? met : all).flatMap(({ session }) => session ?? []);
  }

  async result(signal: AbortSignal): Promise<"met" | "ended"> {
    for await (const { type, session } of this.client.feed({ signal })) {
      if (type === "open" || type === "gap") await this.#readAll(signal);
      else if (session) this.#hear(session);
      const verdict = this.#outcome();
      if (verdict !== "open") return verdict === "came" ? "met" : "ended";
    }
    // The feed ends only by rejecting.
    return "ended";
  }

  async #readAll(signal: AbortSignal): Promise<void> {
    const { ids, project } = this.wanted;
    if (ids) {
      for (const id of ids) {
        try {
          this.#hear(await this.client.session(id, { signal }));
        } catch (error) {
          if (!isCovenError(error) || error.code !== "session_not_found") throw error;
          this.#hear({ id });
        }
      }
      return;
    }
    const first = this.#known.size === 0;
    for await (const session of everySession(this.client, true)) {
      if (
        this.#known.has(session.id) ||
        (!isSettled(session.status) && isOfProject(session, project ?? ""))
      ) {
        if (first || this.wanted.any || this.#known.has(session.id)) this.#hear(session, true);
      }
    }
  }

  #hear(session: Session | { readonly id: string }, take = this.wanted.ids !== undefined): void {
    const { goal, any, ids, project } = this.wanted;
    const { id } = session;
    if (ids && !ids.includes(id)) return;
    const record = "status" in session ? session : undefined;
    const known = this.#known.get(id);
    // One that is launched meanwhile counts where any will do.
    const isNew = any && record !== undefined && project !== undefined && isOfProject(record, project);
    if (!known && !take && !isNew) return;
    if (known?.verdict === "came") return;
    this.#known.set(id, {
      session: record ?? known?.session,
      verdict: record ? outcomeOf(record, goal) : "ended",
    });
  }

  #outcome(): Outcome {
    const { any, ids } = this.wanted;
    const all = Array.from(this.#known.values(), ({ verdict }) => verdict);
    if (any) {
      if (all.includes("came")) return "came";
      // Without ids another one may be launched.
      return ids && all.every((one) => one === "ended") ? "ended" : "open";
    }
    if (all.includes("ended")) return "ended";
    return all.every((one) => one === "came") ? "came" : "open";
  }
}

async function told(
  result: keyof typeof CODES,
  sessions: readonly Session[],
  goal: Goal,
  json: boolean,
): Promise<number> {
  if (json) await printJson({ result, for: goal, sessions });
  else if (result === "timeout") say("It did not come in time.");
  else if (result === "ended" && sessions.length === 0) say("It was deleted.");
  else for (const session of sessions) await print(lineOf(session));
  return CODES[result];
}

function lineOf(session: Session): string {
  const { id, title, status, attention } = session;
  const state = isSettled(status) ? outcome(session) : wantText(attention);
  return `${shortId(id)}  ${state}  ${harmless(title)}`;
}
