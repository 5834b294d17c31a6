// Owns the hyperlinks (OSC 8) of one emulator, in place of its own table, which grows with every link redrawn in place.

import type { Core, Link, Page } from "./emulator.ts";
import { LINKS_LIMIT } from "./limits.ts";

function used(pages: readonly Page[]): Set<number> {
  const ids = new Set<number>();
  for (const { lines } of pages) {
    for (let y = 0; y < lines.length; y += 1) {
      for (const extended of Object.values(lines.get(y)?._extendedAttrs ?? {}))
        if (extended) ids.add(extended.urlId);
    }
  }
  return ids;
}

/** Gives the emulator a table that forgets links no cell has any more, and holds no more than `LINKS_LIMIT`. */
export function keepLinks(core: Core): void {
  const byKey = new Map<string, number>();
  const byId = new Map<number, Link>();
  let last = 0;

  function sweep(): void {
    const { normal, alt } = core.buffers;
    const ids = used([normal, alt]).add(core._inputHandler._curAttrData.extended.urlId);
    for (const [key, id] of byKey) {
      if (ids.has(id)) continue;
      byKey.delete(key);
      byId.delete(id);
    }
  }

  Object.assign(core._oscLinkService, {
    registerLink(link: Link): number {
      const key = `${link.id ?? ""};${link.uri}`;
      const known = byKey.get(key);
      if (known !== undefined) return known;
      if (byKey.size >= LINKS_LIMIT) sweep();
      // No room: what follows is text without a link.
      if (byKey.size >= LINKS_LIMIT) return 0;
      last += 1;
      byKey.set(key, last);
      byId.set(last, link);
      return last;
    },
    addLineToLink(): void {},
    getLinkData: (id: number) => byId.get(id),
  });
}
