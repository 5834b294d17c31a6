// Which session shows which: the output of one is output of the other again, so nobody may be shown in a circle.
import { CovenError } from "../errors.ts";

/** Who shows whom, for as long as it does. */
export class Showing {
  /** How often each session shows each of its sessions. */
  readonly #shown = new Map<string, Map<string, number>>();

  /**
   * From now on the output of `shown` is output of `within` too; returns the way out. Throws `view_cycle` (details: `sessionId`, `within`, and the `path` from one to the
   * other) where `shown` shows `within` already, itself or by way of others.
   */
  begin(within: string, shown: string): () => void {
    const path = this.#path(shown, within);
    if (path) throw cycle(within, shown, path);
    this.#count(within, shown, 1);
    let over = false;
    return () => {
      if (!over) this.#count(within, shown, -1);
      over = true;
    };
  }

  #count(within: string, shown: string, more: 1 | -1): void {
    const counts = this.#shown.get(within) ?? new Map<string, number>();
    this.#shown.set(within, counts);
    const count = (counts.get(shown) ?? 0) + more;
    if (count > 0) counts.set(shown, count);
    else counts.delete(shown);
    if (counts.size === 0) this.#shown.delete(within);
  }

  /** Each of them shows the next. */
  #path(from: string, to: string): readonly string[] | undefined {
    const before = new Map<string, string | undefined>([[from, undefined]]);
    for (const [id] of before) {
      if (id === to) return wayTo(id, before);
      for (const next of this.#shown.get(id)?.keys() ?? []) if (!before.has(next)) before.set(next, id);
    }
    return undefined;
  }
}

function wayTo(end: string, before: ReadonlyMap<string, string | undefined>): readonly string[] {
  const path: string[] = [];
  for (let id: string | undefined = end; id !== undefined; id = before.get(id)) path.unshift(id);
  return path;
}

function cycle(within: string, shown: string, path: readonly string[]): CovenError {
  const details = { sessionId: shown, within, path };
  if (within === shown) {
    const sentence = `This is session ${within} itself: what it showed here would be its own output, again and again.`;
    return new CovenError("view_cycle", sentence, details);
  }
  const way = path.slice(1, -1);
  const by = way.length === 0 ? "" : ` (by way of ${way.join(", ")})`;
  const sentence = `Session ${within}, which this is, is already shown in session ${shown}${by}: what they showed would be their own output, again and again.`;
  return new CovenError("view_cycle", sentence, details);
}
