// Owns the ScreenHost port: headless terminals for sessions, filters for their viewers.
import type { ScreenHost } from "../session/ports.ts";
import { queryFilter } from "./filter.ts";
import { openScreen } from "./screen.ts";

/** Opens terminals on @xterm/headless, in this process, parsed as they are written. */
export function screenHost(): ScreenHost {
  return {
    open(options) {
      const { write, resize, image, unfinished, modes, close } = openScreen(options);
      return { write, resize, image, unfinished, modes, close };
    },
    filter: queryFilter,
  };
}
