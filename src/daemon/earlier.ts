// What coven 0.4 has left in this home: said until it was imported, and imported when somebody asks.
import { existsSync, statSync } from "node:fs";
import { CovenError } from "../errors.ts";
import { type Import, type ImportProgress, importOf } from "../session/import.ts";
import type { EarlierLedger } from "../session/ports/earlier-ledger.ts";
import type { Ledger } from "../session/ports/ledger.ts";
import type { World } from "../session/ports/world.ts";
import type { Weights } from "../store/weights.ts";

/** One step of an import takes about so long, and the daemon answers others in between. */
const STEP_MS = 20;

export interface Earlier {
  /** The ledger that lies there and was not imported yet. */
  waiting(): string | undefined;
  /** Takes over a little more. Throws `invalid_request` (details `file`) where there is nothing, and what reading and writing throw. */
  importSome(): ImportProgress;
  close(): void;
}

/** The file and its log, as far as a look from outside tells one state from another. */
function stateOf(file: string): string {
  const one = (path: string) => {
    const found = statSync(path, { throwIfNoEntry: false });
    return found ? [found.size, found.mtimeMs] : null;
  };
  return JSON.stringify([one(file), one(`${file}-wal`)]);
}

/** Watches over the ledger of 0.4 at `file`. `open` reads it; `isId`: whether a text may be the id of a session here. */
export function earlierOf(
  file: string,
  open: (file: string) => EarlierLedger,
  ledger: Ledger & Pick<Weights, "note" | "keepNote">,
  world: World,
  isId: (id: string) => boolean,
): Earlier {
  let running: Import | undefined;
  /** Of the file as the import that runs found it: what 0.4 records later is offered again. */
  let state = "";
  const close = () => {
    running?.close();
    running = undefined;
  };
  return {
    waiting: () => (existsSync(file) && ledger.note("imported_0.4") !== stateOf(file) ? file : undefined),
    importSome() {
      if (!existsSync(file)) {
        throw new CovenError("invalid_request", `There is no ledger of coven 0.4 in ${file}.`, { file });
      }
      if (!running) state = stateOf(file);
      running ??= importOf(open(file), ledger, world, isId);
      try {
        const progress = running.step(STEP_MS);
        if (!progress.more) {
          ledger.keepNote("imported_0.4", state);
          close();
        }
        return progress;
      } catch (error) {
        close();
        throw error;
      }
    },
    close,
  };
}
