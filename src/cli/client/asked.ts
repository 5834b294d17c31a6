// What a run asks of the harness beside its prompt: what was typed, else what is set.
import { resolve } from "node:path";
import { covenPaths } from "../../paths.ts";
import type { Asked } from "../../session/ports/harnesses.ts";
import { PERMISSIONS } from "../../session/session.ts";
import { UsageError } from "../ui/failure.ts";
import { isThere } from "../ui/preference.ts";
import { quoted } from "../ui/text.ts";
import { workingDirectory } from "../ui/working-directory.ts";

/** As it was typed; a directory relative to where the person stands. */
export interface Typed {
  readonly model?: string | undefined;
  readonly permission?: string | undefined;
  readonly addDirs?: readonly string[];
  readonly args?: readonly string[];
}

/**
 * Model, permission and directories, absolute. Throws `UsageError` for a permission that is none, and as
 * `readConfig`.
 */
export async function askedFor(harness: string, typed: Typed = {}): Promise<Asked> {
  const set = await settings(harness);
  const model = typed.model ?? set.model;
  const named = typed.permission ?? set.permission;
  const permission = PERMISSIONS.find((one) => one === named);
  if (named && !permission) {
    throw new UsageError(
      `There is no permission ${quoted(named)}.`,
      PERMISSIONS.map((one) => `--permission ${one}`),
    );
  }
  const dirs = typed.addDirs ?? [];
  // What was typed stands behind what is set: of two that say the same most programs take the last.
  const args = [...set.args, ...(typed.args ?? [])];
  return {
    ...(model ? { model } : {}),
    ...(permission ? { permission } : {}),
    ...(args.length > 0 ? { args } : {}),
    ...(dirs.length > 0 ? { addDirs: dirs.map((dir) => resolve(workingDirectory(), dir)) } : {}),
  };
}

interface Settings {
  readonly model: string;
  readonly permission: string;
  readonly args: readonly string[];
}

async function settings(harness: string): Promise<Settings> {
  const { config: file } = covenPaths();
  // Reading TOML is loaded only for those who have the file.
  if (!(await isThere(file))) return { model: "", permission: "", args: [] };
  const { readConfig } = await import("../../config.ts");
  const { config } = readConfig(file);
  const permission = config["launch.permission"];
  if (harness === "codex") {
    return { model: config["harness.codex.model"], permission, args: config["harness.codex.args"] };
  }
  if (harness === "claude") {
    return { model: config["harness.claude.model"], permission, args: config["harness.claude.args"] };
  }
  return { model: "", permission, args: [] };
}
