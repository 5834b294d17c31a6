// The setting `ui.colour`, read once before anything is painted.
import { covenPaths } from "../../paths.ts";

/** When there is colour: as the terminal and the environment say, always, or never. */
export type ColourPreference = "auto" | "always" | "never";

let colour: ColourPreference = "auto";

/** `auto` until `readPreference` has found another. */
export function colourPreference(): ColourPreference {
  return colour;
}

/**
 * Whether there is anything to read at a path: a directory too, which whoever reads it then tells of. Nearly nobody has
 * a config file, and to look for it by `node:fs` everybody would load that before everything else.
 */
export async function isThere(path: string): Promise<boolean> {
  const file = Bun.file(path);
  return (await file.exists()) || file.size > 0;
}

/** Reads the config file, if there is one: without, it costs one look at the disk. Never throws. */
export async function readPreference(): Promise<void> {
  try {
    const { config: file } = covenPaths();
    if (!(await isThere(file))) return;
    const { readConfig } = await import("../../config.ts");
    colour = readConfig(file).config["ui.colour"];
  } catch {
    // A home or a file that cannot be used is told by the command that needs it, not in the way of all others.
  }
}
