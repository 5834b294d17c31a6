// The ScreenHost port: headless terminals for sessions.
import type { ScreenHost } from "../session/ports/screen.ts";
import { Drawn, deferredScreen } from "./deferred.ts";

/** Opens terminals on @xterm/headless, in this process, parsed at the latest when somebody looks. */
export function screenHost(): ScreenHost {
  const drawn = new Drawn();
  return { open: (options) => deferredScreen(options, drawn) };
}
