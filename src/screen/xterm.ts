// Owns the emulator: how it is opened, and how wide characters are.
import { UnicodeGraphemesAddon } from "@xterm/addon-unicode-graphemes";
import { type IUnicodeVersionProvider, Terminal } from "@xterm/headless";
import { coreOf } from "./emulator.ts";
import { CLUSTER_LIMIT } from "./limits.ts";
import { keepLinks } from "./links.ts";
import { repair } from "./repairs.ts";

/** The provider the addon registers: whole grapheme clusters, emoji with joiners as two cells. */
const graphemes = ((): IUnicodeVersionProvider => {
  const providers: IUnicodeVersionProvider[] = [];
  const unicode = {
    activeVersion: "6",
    register: (provider: IUnicodeVersionProvider) => providers.push(provider),
  };
  // The addon touches nothing but `unicode` of the terminal it is given (UnicodeGraphemesAddon.ts).
  new UnicodeGraphemesAddon().activate({ unicode } as unknown as Parameters<
    UnicodeGraphemesAddon["activate"]
  >[0]);
  const found = providers.find((provider) => provider.version === "15-graphemes");
  if (!found) throw new Error("The width addon registers no grapheme provider.");
  return found;
})();

/** Bits of a join state that belong to the addon; above them we count the code points of the cluster. */
const STATE_BITS = 18;
const STATE_MASK = (1 << STATE_BITS) - 1;
const PLAIN = graphemes.charProperties(0x20, 0);

/** The addon's rules with a bound on a cluster: a stream of combining marks would otherwise grow one cell for ever. */
const widths: IUnicodeVersionProvider = {
  version: "coven",
  wcwidth: (code) => graphemes.wcwidth(code),
  charProperties(code, preceding) {
    if (code >= 32 && code < 127 && (preceding & STATE_MASK) >> 3 === 0) return PLAIN;
    const count = preceding >>> STATE_BITS;
    const state =
      graphemes.charProperties(code, count >= CLUSTER_LIMIT ? 0 : preceding & STATE_MASK) & STATE_MASK;
    return (state & 1) === 0 ? state : state | ((count + 1) << STATE_BITS);
  },
};

/** A terminal that parses and remembers, and never sends anything itself. Two columns are its minimum. */
export function openTerminal(cols: number, rows: number, scrollback: number): Terminal {
  const terminal = new Terminal({
    cols,
    rows,
    scrollback,
    allowProposedApi: true,
    disableStdin: true,
    logLevel: "off",
  });
  terminal.unicode.register(widths);
  terminal.unicode.activeVersion = widths.version;
  const core = coreOf(terminal);
  keepLinks(core);
  repair(core);
  return terminal;
}
