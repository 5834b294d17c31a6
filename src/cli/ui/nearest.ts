// The known word that a mistyped one most likely stands for, by edit distance.

/** Insertions, deletions, substitutions and swaps of neighbours that turn one word into the other. */
export function distance(a: string, b: string): number {
  const rows: number[][] = [Array.from({ length: b.length + 1 }, (_, j) => j)];
  const at = (i: number, j: number) => rows[i]?.[j] ?? 0;
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    rows.push(row);
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      let best = Math.min(at(i - 1, j) + 1, at(i, j - 1) + 1, at(i - 1, j - 1) + (same ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        best = Math.min(best, at(i - 2, j - 2) + 1);
      row.push(best);
    }
  }
  return at(a.length, b.length);
}

/** The known word nearest to a mistyped one, or undefined when none is near. */
export function nearest(typed: string, known: readonly string[]): string | undefined {
  const lower = typed.toLowerCase().slice(0, 40);
  if (lower === "") return undefined;
  const starts = known.filter((name) => name.startsWith(lower));
  if (lower.length >= 2 && starts.length === 1) return starts[0];
  const limit = lower.length <= 3 ? 1 : lower.length <= 6 ? 2 : 3;
  let best: string | undefined;
  let least = limit + 1;
  for (const name of known) {
    const steps = distance(lower, name);
    if (steps < least) [best, least] = [name, steps];
  }
  return best;
}
