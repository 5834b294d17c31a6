// Filtering a list by the rules of fzf: letters in their order, 'exact, ^first, last$, !not, | for or; capitals count where any is typed.
import { byStartAsc, extendedMatch, Fzf } from "fzf";

/** An item that fits, and where: indices into its text. */
export interface Found<T> {
  readonly item: T;
  readonly at: ReadonlySet<number>;
}

/** A list that can be filtered again and again. */
export interface Finder<T> {
  /** Those that fit, the best first; all of them, in their order, for nothing but blanks. */
  find(query: string): readonly Found<T>[];
}

const NOWHERE: ReadonlySet<number> = new Set();

interface Row<T> {
  readonly item: T;
  readonly text: string;
}

/** Reads the texts when it is made. Composed characters are one code point (NFC), in a text as in what is typed. */
export function finder<T>(items: readonly T[], text: (item: T) => string): Finder<T> {
  const rows: Row<T>[] = items.map((item) => ({ item, text: text(item) }));
  // Of two that fit as well, the one that fits further to the left; then the order of the list.
  const fzf = new Fzf(rows, {
    selector: (row: Row<T>) => row.text,
    match: extendedMatch,
    tiebreakers: [byStartAsc],
  });
  return {
    find(query) {
      if (query.trim() === "") return items.map((item) => ({ item, at: NOWHERE }));
      return fzf.find(query).map(({ item, positions }) => ({ item: item.item, at: positions }));
    },
  };
}
