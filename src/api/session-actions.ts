// What the control plane can do with sessions: the actions of the daemon's own adapter. Each does what a route does, with its schema.
import * as z from "zod";
import type { Action, Payload, Wisher } from "../control/action.ts";
import type { ControlAdapter } from "../control/adapter.ts";
import { OWN_ADAPTER } from "../control/capabilities.ts";
import type { Answer } from "../session/attention.ts";
import { GOALS } from "../session/goal.ts";
import { parseArgs } from "./parse.ts";
import type { Api } from "./route.ts";
import { launchBody, launchSession } from "./routes/sessions.ts";
import { seq } from "./schema.ts";
import { MOST_WAIT_SECONDS, waited } from "./waited.ts";

const CONTROL = "coven.sessions.control";
const ARCHIVE = "coven.sessions.archive";
const WAIT = "coven.sessions.wait";
const ATTENTION = "coven.attention";

/** What an action takes besides its session. Members that are unknown are refused: a misspelt one must not ask for something else. */
const ofSession = <S extends z.ZodRawShape>(shape: S) =>
  z.strictObject({ sessionId: z.string().min(1).max(128), ...shape });

// A launch starts in the daemon's own environment: what another program would put into it is neither kept nor shown to who is to agree.
const { env: _, inheritEnv: __, ...launchShape } = launchBody.shape;
const launchArgs = z.strictObject(launchShape);

/** An action, its args typed by their schema. */
function action<S extends z.ZodObject>(
  id: string,
  {
    args,
    check,
    run,
    timeoutMs = 0,
    ...rest
  }: Pick<Action, "capability" | "summary" | "policy" | "kind" | "secret" | "repeats"> & {
    readonly args: S;
    /** Of one that isn't done at once. */
    readonly timeoutMs?: number;
    /** Throws what it would be refused with now. */
    check?(args: z.output<S>): void;
    run(args: z.output<S>, wisher: Wisher, signal: AbortSignal): Payload | Promise<Payload>;
  },
): Action {
  return {
    id: `coven.${id}`,
    ...rest,
    timeoutMs,
    schema: z.toJSONSchema(args, { io: "input" }),
    prepare(value, wisher) {
      const parsed = parseArgs(args, value);
      // Before anybody is asked: what can't be done anyway troubles nobody.
      check?.(parsed);
      return (signal) => run(parsed, wisher, signal);
    },
  };
}

/** Answers the question that a session's harness asks. It is named: another one may stand there once somebody has agreed. */
function answering(api: () => Api, answer: Answer, kind: string, summary: string): Action {
  return action(`attention.${answer}`, {
    ...{ capability: ATTENTION, policy: "requiresApproval", kind, summary },
    args: ofSession({ ifAttentionSeq: seq, reason: z.string().max(1_000).exactOptional() }),
    check: ({ sessionId }) => void api().coven.requireLive(sessionId, "keys"),
    run({ sessionId, ...options }, wisher) {
      const { coven } = api();
      const seq = coven.answer(sessionId, answer, options);
      coven.note(sessionId, noteOf(`attention.${answer}`, wisher));
      return { sessionId, seq };
    },
  });
}

/** Who had it done, as an event of the session that it was done to. */
function noteOf(action: string, { origin = null, intentId = null, approval = null }: Nullable<Wisher>) {
  return { event: "action", action: `coven.${action}`, origin, intentId, approval };
}
type Nullable<T> = { readonly [K in keyof T]?: T[K] | null };

/** As it is shown to people. */
function plain(name: string): string {
  return name.replace(/\P{ASCII}|\p{Cc}/gu, "").slice(0, 100);
}

/** The daemon's own adapter. What can't be undone, and what makes a program act, asks a person first. */
export function sessionActions(api: () => Api): ControlAdapter {
  const coven = () => api().coven;
  const exists = ({ sessionId }: { sessionId: string }) => void coven().session(sessionId);
  const takesKeys = ({ sessionId }: { sessionId: string }) => void coven().requireLive(sessionId, "keys");
  return {
    id: OWN_ADAPTER,
    capabilities: () => [
      { id: CONTROL, label: "Session control", status: "available" },
      { id: ARCHIVE, label: "Session archive", status: "available" },
      { id: WAIT, label: "Waiting for sessions", status: "available" },
      { id: ATTENTION, label: "Answering what agents ask", status: "available" },
    ],
    actions: [
      action("session.launch", {
        ...{ capability: CONTROL, policy: "requiresApproval", kind: "session.launched" },
        summary: "Start an agent in a project",
        args: launchArgs,
        run(args, wisher) {
          const { session } = launchSession(api(), parseArgs(launchBody, args));
          if (coven().isLive(session.id)) coven().note(session.id, noteOf("session.launch", wisher));
          return { session };
        },
      }),
      action("session.input", {
        ...{ capability: CONTROL, policy: "requiresApproval", kind: "session.input" },
        summary: "Type into a running session",
        secret: ["data"],
        args: ofSession({
          data: z.string().max(60_000),
          submit: z.boolean().exactOptional(),
          ifAttentionSeq: seq.exactOptional(),
        }),
        check: takesKeys,
        run({ sessionId, data, ...options }, wisher) {
          const { seq } = coven().input(sessionId, new TextEncoder().encode(data), options);
          coven().note(sessionId, noteOf("session.input", wisher));
          return { sessionId, seq };
        },
      }),
      action("session.kill", {
        ...{ capability: CONTROL, policy: "requiresApproval", kind: "session.kill" },
        summary: "End a running session and all its processes",
        args: ofSession({}),
        check: ({ sessionId }) => void coven().requireLive(sessionId, "kill"),
        run({ sessionId }, wisher) {
          coven().note(sessionId, noteOf("session.kill", wisher));
          coven().kill(
            sessionId,
            `an action${wisher.origin === undefined ? "" : ` of ${plain(wisher.origin)}`}`,
          );
          return { sessionId };
        },
      }),
      action("session.sacrifice", {
        ...{ capability: CONTROL, policy: "requiresApproval", kind: "session.sacrificed" },
        summary: "Delete a session and all it printed, for good",
        args: ofSession({ worktree: z.literal("keep").exactOptional() }),
        check: exists,
        run: ({ sessionId, worktree }) => ({
          sessionId,
          deletedEvents: coven().sacrifice(sessionId, { keepsWorktree: worktree === "keep" }),
        }),
      }),
      action("session.archive", {
        ...{ capability: ARCHIVE, policy: "allow", kind: "session.archived" },
        summary: "Hide a finished session from the list",
        args: ofSession({}),
        check: exists,
        run: ({ sessionId }) => ({ session: coven().archive(sessionId) }),
      }),
      action("session.summon", {
        ...{ capability: ARCHIVE, policy: "allow", kind: "session.summoned" },
        summary: "Bring an archived session back into the list",
        args: ofSession({}),
        check: exists,
        run: ({ sessionId }) => ({ session: coven().summon(sessionId) }),
      }),
      action("session.wait", {
        ...{ capability: WAIT, policy: "allow", kind: "session.waited" },
        summary: "Wait until a session ends, or wants something",
        repeats: true,
        // What it is told to wait for ends first.
        timeoutMs: (MOST_WAIT_SECONDS + 60) * 1000,
        args: ofSession({
          for: z.enum(GOALS).default("exit"),
          timeoutSeconds: z.int().min(1).max(MOST_WAIT_SECONDS).default(MOST_WAIT_SECONDS),
        }),
        check: exists,
        run: ({ sessionId, for: what, timeoutSeconds }, _, signal) =>
          waited(api(), sessionId, { what, ms: timeoutSeconds * 1000, signal }),
      }),
      answering(api, "approve", "attention.approved", "Agree to what an agent asks leave for"),
      answering(api, "deny", "attention.denied", "Refuse what an agent asks leave for"),
    ],
  };
}
