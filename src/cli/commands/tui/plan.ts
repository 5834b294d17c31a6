// The plan of a task before it runs: which harness, where, and the exact argv. Starts nothing.

import { environment } from "../../../os/environment.ts";
import type { CovenPaths } from "../../../paths.ts";
import type { Asked } from "../../../session/ports/harnesses.ts";
import { plannedStart } from "../../client/launchables.ts";
import type { Place } from "../../client/project.ts";
import { out } from "../../ui/colour.ts";
import { quoted } from "../../ui/text.ts";
import { shortPath } from "./header.ts";

/** Lines that say what a run would do. Throws as the launch would: unknown harness, not installed. */
export function planLines(
  paths: CovenPaths,
  place: Place,
  task: { readonly harness: string; readonly prompt: string },
  cols: number,
  asked: Asked,
): string[] {
  const env = environment();
  const { argv } = plannedStart(paths, { ...task, mode: "interactive", env, asked });
  const room = Math.max(10, cols - 10);
  const row = (name: string, value: string) => `${out.dim(name.padEnd(8))} ${value}`;
  return [
    row("Harness", task.harness),
    row("Project", `${shortPath(place.projectRoot, room)}${place.isRepository ? "" : out.dim(" (no .git)")}`),
    ...(place.cwd === place.projectRoot ? [] : [row("Starts in", shortPath(place.cwd, room))]),
    row("Runs", argv.map(quoted).join(" ")),
  ];
}
