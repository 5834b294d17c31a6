// What the control plane can do with sessions: the actions of the daemon's own adapter. Each does what a route does, with its schema.
import * as z from "zod";
import type { Action, Payload } from "../control/action.ts";
import type { ControlAdapter } from "../control/adapter.ts";
import { OWN_ADAPTER } from "../control/capabilities.ts";
import { parseArgs } from "./parse.ts";
import type { Api } from "./route.ts";
import { launchBody, launchSession } from "./routes/sessions.ts";

const CONTROL = "coven.sessions.control";
const ARCHIVE = "coven.sessions.archive";

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
    run,
    ...rest
  }: Pick<Action, "capability" | "summary" | "policy" | "kind" | "secret"> & {
    readonly args: S;
    run(args: z.output<S>): Payload;
  },
): Action {
  return {
    id: `coven.session.${id}`,
    ...rest,
    // Done at once: no route waits (decision 1).
    timeoutMs: 0,
    schema: z.toJSONSchema(args, { io: "input" }),
    prepare(value) {
      const parsed = parseArgs(args, value);
      return () => run(parsed);
    },
  };
}

/** The daemon's own adapter. What can't be undone, and what makes a program act, asks a person first. */
export function sessionActions(api: () => Api): ControlAdapter {
  const coven = () => api().coven;
  return {
    id: OWN_ADAPTER,
    capabilities: () => [
      { id: CONTROL, label: "Session control", status: "available" },
      { id: ARCHIVE, label: "Session archive", status: "available" },
    ],
    actions: [
      action("launch", {
        ...{ capability: CONTROL, policy: "requiresApproval", kind: "session.launched" },
        summary: "Start an agent in a project",
        args: launchArgs,
        run: (args) => ({ session: launchSession(api(), parseArgs(launchBody, args)).session }),
      }),
      action("input", {
        ...{ capability: CONTROL, policy: "requiresApproval", kind: "session.input" },
        summary: "Type into a running session",
        secret: ["data"],
        args: ofSession({ data: z.string().max(64 * 1024), submit: z.boolean().exactOptional() }),
        run({ sessionId, data, submit }) {
          coven().requireLive(sessionId, "keys");
          const { seq } = coven().input(sessionId, new TextEncoder().encode(data), { submit });
          return { sessionId, seq };
        },
      }),
      action("kill", {
        ...{ capability: CONTROL, policy: "requiresApproval", kind: "session.kill" },
        summary: "End a running session and all its processes",
        args: ofSession({}),
        run({ sessionId }) {
          coven().requireLive(sessionId, "kill");
          coven().kill(sessionId);
          return { sessionId };
        },
      }),
      action("sacrifice", {
        ...{ capability: CONTROL, policy: "requiresApproval", kind: "session.sacrificed" },
        summary: "Delete a session and all it printed, for good",
        args: ofSession({}),
        run: ({ sessionId }) => ({ sessionId, deletedEvents: coven().sacrifice(sessionId) }),
      }),
      action("archive", {
        ...{ capability: ARCHIVE, policy: "allow", kind: "session.archived" },
        summary: "Hide a finished session from the list",
        args: ofSession({}),
        run: ({ sessionId }) => ({ session: coven().archive(sessionId) }),
      }),
      action("summon", {
        ...{ capability: ARCHIVE, policy: "allow", kind: "session.summoned" },
        summary: "Bring an archived session back into the list",
        args: ofSession({}),
        run: ({ sessionId }) => ({ session: coven().summon(sessionId) }),
      }),
    ],
  };
}
