// What would be launched from this shell, found without a daemon: which harnesses there are, and their exact argv.
import { readConfig } from "../../config.ts";
import { type HarnessRoom, harnesses } from "../../harness/harnesses.ts";
import type { CovenPaths } from "../../paths.ts";
import { selfCommand } from "../../program.ts";
import type { Asked, HarnessInfo, HarnessStart } from "../../session/ports.ts";
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

/**
 * What a run from this shell would start, argument by argument, and how it gives the prompt. Throws what the launch would throw: `invalid_request`
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
  return harnessesOf(paths).start(run.harness, run.prompt.trim(), run.mode, run.env, run.asked);
}
