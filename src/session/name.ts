// What a person calls a session, so as to type no id.
import { CovenError } from "../errors.ts";
import type { Ledger } from "./ports/ledger.ts";
import type { Session } from "./session.ts";

/** A name is never the beginning of an id of ours: those are of 0-9, a-f and `-` alone. */
export const NAME = /^(?![0-9A-Fa-f-]*$)[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

/** What is said of a name that is none. */
export const NAME_RULE =
  "must be 1 to 64 letters, digits or . _ -, begin with a letter or a digit, and not be of 0-9 a-f and - alone, as ids are";

/** Throws `name_taken` (details `name`, `sessionId` of who has it) while another live session is called so, or the id of any is this. */
export function refuseTaken(ledger: Ledger, name: string, own?: string): void {
  const holder = ledger.liveNamed(name) ?? (ledger.session(name) ? name : undefined);
  if (holder === undefined || holder === own) return;
  throw new CovenError("name_taken", `Session ${holder} is called ${name} already.`, {
    name,
    sessionId: holder,
  });
}

/** Gives a name, or takes it away; true where that changes anything. Throws as `refuseTaken`. */
export function rename(ledger: Ledger, session: Session, name: string | null): boolean {
  if (name === session.name) return false;
  if (name !== null) refuseTaken(ledger, name, session.id);
  ledger.rename(session.id, name);
  return true;
}
