// What would be launched from this shell, found without a daemon: which harnesses there are, and their exact argv.
import { readConfig } from "../../config.ts";
import { type HarnessRoom, harnesses } from "../../harness/harnesses.ts";
import type { CovenPaths } from "../../paths.ts";
import { selfCommand } from "../../program.ts";
import { leavesChoice } from "../../session/conversation.ts";
import type { Asked, HarnessInfo, HarnessStart } from "../../session/ports/harnesses.ts";
import type { LaunchMode } from "../../session/session.ts";

type Env = Readonly<Record<string, string>>;

/** Recipes that are switched on. Throws as `readConfig`. */
export function enabledRecipes(paths: CovenPaths): readonly string[] {
  return readConfig(paths.config).config["harness.enabled"];
}

/** The room of this user's home. */
export function harnessesOf(paths: CovenPaths): HarnessRoom {
  return harnesses({
    manifestDir: paths.harnesses,
    self: selfCommand(),
    enabled: () => enabledRecipes(paths),
  });
}

/** The allowlist, looked up on the PATH of `env`; what is known and off is not on it. */
export function launchables(paths: CovenPaths, env: Env): HarnessInfo[] {
  return harnessesOf(paths)
    .list(env)
    .filter((one) => one.enabled);
}

/** Stands in a plan for the id of a conversation, which is made when it is launched. */
const NEW_ID = "NEW-SESSION-ID";

/**
 * What a run from this shell would start, argument by argument, and how it gives the prompt; an id that is made at the launch is a word that says so. Throws what the launch would throw: `invalid_request`
 * for an unknown harness and what it can't be told, `harness_not_found` for one that is not installed.
 */
export function plannedStart(
  paths: CovenPaths,
  run: {
    readonly harness: string;
    readonly prompt: string;
    readonly mode: LaunchMode;
    readonly env: Env;
    readonly asked: Asked;
  },
): HarnessStart {
  const room = harnessesOf(paths);
  const { harness, prompt, mode, env, asked } = run;
  const ours = room.conversations(harness).init && !asked.conversation && leavesChoice(asked.args ?? []);
  const conversation = ours ? { conversation: { mode: "init", id: NEW_ID } as const } : {};
  return room.start(harness, prompt.trim(), mode, env, { ...asked, ...conversation });
}
