// A session whose daemon died while its terminal and its program lived on: what is known of it, from the ledger alone.
import { ATTENTION_KINDS, ATTENTION_SOURCES, ATTENTION_STATES, type Attention } from "./attention.ts";
import type { NewEvent } from "./event.ts";
import type { HandedSession } from "./handover.ts";
import { redrawn } from "./last-screen.ts";
import { type CovenOptions, graceMs } from "./options.ts";
import type { LedgerReader } from "./ports/ledger.ts";
import type { ProcessIdentity } from "./ports/processes.ts";
import type { KeptTerminal } from "./ports/pty.ts";
import type { ScreenCarry } from "./ports/screen.ts";
import type { CovenPorts } from "./ports.ts";
import { DEFAULT_SIZE } from "./session.ts";

/** What draws the alternate screen begins it so. */
const ALTERNATE = /\x1b\[\?(?:47|1047|1049)h/;

/** What the record of such a session says. */
export const CRASHED: NewEvent = {
  kind: "metadata",
  payload: {
    event: "daemon_crashed",
    reason:
      "the daemon ended without a word, and the next one went on with the session; what was read from the terminal and not recorded, and keys on their way, are lost",
  },
};

/**
 * The session as if it had been handed over. What stood in memory alone is made again from the ledger (screen, size, activity, a kill under way) or gone: keys and texts on
 * their way, an unfinished character, who was attached.
 */
export function afterCrash(
  { ledger, screens }: Pick<CovenPorts, "ledger" | "screens">,
  options: CovenOptions,
  {
    id,
    leader,
    terminal,
  }: { readonly id: string; readonly leader: ProcessIdentity; readonly terminal: KeptTerminal },
): HandedSession & { readonly redraws: boolean } {
  const lastSeq = ledger.lastSeq(id);
  const nothing = new Uint8Array(0);
  const found = screens && drawnAgain({ ledger, screens }, options, id);
  const killed = ledger.lastOf(id, "kill", lastSeq + 1) !== undefined;
  return {
    id,
    leader,
    size: found?.size ?? DEFAULT_SIZE,
    terminal: { ...terminal, unwritten: nothing, exit: null },
    exit: null,
    // Only whether it has printed at all is ever asked of what lies before.
    printed: ledger.output(id, 0, 1).length,
    waiting: nothing,
    screen: found?.screen ?? null,
    activity: found?.activity ?? null,
    attention: lastAttention(ledger, id, lastSeq + 1),
    viewers: [],
    typists: [],
    typing: [],
    kill: killed ? { eventWaits: false, graceLeftMs: graceMs(options), known: [] } : null,
    memoryRanOut: false,
    redraws: found?.alternate ?? false,
  };
}

function drawnAgain(
  { ledger, screens }: Required<Pick<CovenPorts, "ledger" | "screens">>,
  { scrollback = 1_000 }: CovenOptions,
  id: string,
) {
  const { screen, size, activity } = redrawn(ledger, screens, { id, scrollback });
  try {
    const carried: ScreenCarry = screen.carry();
    // It is drawn for that only where what has to draw it is more than the bytes as they came.
    const alternate = ALTERNATE.test(Buffer.from(carried.drawn).toString("latin1"));
    return { screen: carried, size, activity, alternate };
  } finally {
    screen.close();
  }
}

/** So many metadata events are looked at for it. */
const MOST_LOOKS = 100;

/** As the record says it last; undefined where it never has. */
function lastAttention(ledger: LedgerReader, id: string, beforeSeq: number): Attention | undefined {
  let event = ledger.lastOf(id, "metadata", beforeSeq);
  for (let looks = 0; event && looks < MOST_LOOKS; looks++) {
    const said: unknown = JSON.parse(event.payload_json);
    if (isAttention(said)) {
      const { state, kind, message, source } = said;
      return { state, kind, message, source, seq: event.seq, at: event.created_at };
    }
    event = ledger.lastOf(id, "metadata", event.seq);
  }
  return undefined;
}

function isAttention(said: unknown): said is Omit<Attention, "seq" | "at"> {
  if (typeof said !== "object" || said === null || !("event" in said) || said.event !== "attention")
    return false;
  if (!("state" in said) || !("kind" in said) || !("message" in said) || !("source" in said)) return false;
  const { state, kind, message, source } = said;
  return (
    ATTENTION_STATES.some((known) => known === state) &&
    (kind === null || ATTENTION_KINDS.some((known) => known === kind)) &&
    (message === null || typeof message === "string") &&
    ATTENTION_SOURCES.some((known) => known === source)
  );
}
