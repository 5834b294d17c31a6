// Everything the domain asks of the world, in one record. Each port stands in ports/, and nothing else is asked.
import type { Checkouts } from "./ports/checkouts.ts";
import type { Harnesses } from "./ports/harnesses.ts";
import type { Ledger } from "./ports/ledger.ts";
import type { Processes } from "./ports/processes.ts";
import type { PtyHost, TerminalKeeper } from "./ports/pty.ts";
import type { ScreenHost } from "./ports/screen.ts";
import type { Log, World } from "./ports/world.ts";

/** Everything the domain asks of the world. */
export interface CovenPorts {
  readonly ledger: Ledger;
  readonly ptys: PtyHost;
  readonly processes: Processes;
  readonly harnesses: Harnesses;
  readonly checkouts: Checkouts;
  readonly world: World;
  readonly log: Log;
  readonly screens?: ScreenHost;
  readonly keeper?: TerminalKeeper | undefined;
  /** The daemon's own environment, the base of a launch that brings none. */
  readonly env: Readonly<Record<string, string>>;
}
