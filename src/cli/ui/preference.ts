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
 * Whether there is anything at a path, be it a directory (reading it then fails with the reason). Few people have a
 * config file, and looking for it with `node:fs` would make every command load that first.
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
    // The commands that need the home or the file report what is wrong with it; no other is kept from running.
  }
}
