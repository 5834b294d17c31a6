// The libraries of the player as one script. A macro: the bundler runs it and puts its text in its place, since it
// cannot hold one file both as a module (src/screen/) and as a text.
import { readFileSync } from "node:fs";

/** Their modules rather than their UMD bundles, which are half as large again. */
const MODULES = [
  "@xterm/xterm/lib/xterm.mjs",
  "@xterm/addon-search/lib/addon-search.mjs",
  "@xterm/addon-unicode-graphemes/lib/addon-unicode-graphemes.mjs",
] as const;

/** A script that gives a page the globals `Terminal`, `SearchAddon` and `UnicodeGraphemesAddon`. */
export function libraries(): string {
  return MODULES.map((name) => asScript(readFileSync(Bun.resolveSync(name, import.meta.dir), "utf8"))).join(
    "\n",
  );
}

/** A module without imports as a script whose export is a global. Throws for one that is built otherwise. */
function asScript(module: string): string {
  // The map it names is not delivered.
  const text = module.replace(/\s*^\/\/# sourceMappingURL=.*\s*$/m, "");
  const end = /export\{([\w$]+) as (\w+)\};?$/.exec(text);
  if (!end) throw new Error("A library of the player does not end with the one export it is known for.");
  return `(() => { "use strict";\n${text.slice(0, end.index)}\nglobalThis.${end[2]} = ${end[1]}; })();`;
}
