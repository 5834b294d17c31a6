// What would be launched from this shell, found without a daemon: which harnesses there are, and their exact argv.
import { BUILT_IN } from "../../harness/adapter.ts";
import { harnesses } from "../../harness/harnesses.ts";
import type { CovenPaths } from "../../paths.ts";
import { selfCommand } from "../../program.ts";
import type { Asked, HarnessInfo } from "../../session/ports.ts";
import type { LaunchMode } from "../../session/session.ts";

type Env = Readonly<Record<string, string>>;

/** The allowlist, looked up on the PATH of `env`. */
export function launchables(paths: CovenPaths, env: Env): HarnessInfo[] {
  return harnesses({ manifestDir: paths.harnesses, self: selfCommand() }).list(env);
}

/**
 * What a run from this shell would start, argument by argument. Throws what the launch would throw: `invalid_request`
 * for an unknown harness and what it can't be told, `harness_not_found` for one that is not installed.
 */
export function plannedArgv(
  paths: CovenPaths,
  run: {
    readonly harness: string;
    readonly prompt: string;
    readonly mode: LaunchMode;
    readonly env: Env;
    readonly asked: Asked;
  },
): string[] {
  const room = harnesses({ manifestDir: paths.harnesses, self: selfCommand() });
  return room.argv(run.harness, run.prompt.trim(), run.mode, run.env, run.asked);
}

/** How a harness is asked whether somebody is logged in, and how to log in; undefined where it has no such command. */
export function loginOf(
  harness: string,
): { readonly status: readonly string[]; readonly start: string } | undefined {
  return BUILT_IN.find((one) => one.id === harness)?.login;
}
