// Owns the names of the emulator's character sets, which it keeps only as tables.
import { type Charset, type Core, coreOf } from "./emulator.ts";
import { openTerminal } from "./xterm.ts";

let names: Map<Charset, string> | undefined;

/** Every set by the final byte that designates it, read from an emulator once. */
function charsetNames(): Map<Charset, string> {
  if (names) return names;
  const found = new Map<Charset, string>();
  const terminal = openTerminal(2, 1, 0);
  const core = coreOf(terminal);
  for (const name of "0A4C5RQKYE6ZH7=") {
    core._inputHandler.parse(Buffer.from(`\x1b(${name}`, "latin1"));
    const table = core._charsetService.charset;
    if (table && !found.has(table)) found.set(table, name);
  }
  terminal.dispose();
  names = found;
  return found;
}

const DESIGNATE = ["(", ")", "*", "+"];
const SHIFT = ["\x0f", "\x0e", "\x1bn", "\x1bo"];

/** Sets one of G0..G3. */
export function designate(slot: number, charset: Charset): string {
  return `\x1b${DESIGNATE[slot] ?? "("}${charsetNames().get(charset) ?? "B"}`;
}

/** What brings a terminal with ASCII everywhere to the emulator's sets and shift. */
export function restoreCharsets({ _charsetService: service }: Core): string {
  let out = "";
  for (let slot = 0; slot < 4; slot += 1) {
    // DECRC brings back the set in use, not the slot it came from.
    const charset = slot === service.glevel ? service.charset : service._charsets[slot];
    if (charset) out += designate(slot, charset);
  }
  return service.glevel === 0 ? out : out + (SHIFT[service.glevel] ?? "");
}
