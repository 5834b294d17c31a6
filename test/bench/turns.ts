// The taking of turns: each round asks every contestant once, in an order that moves on, so that drift hits all alike.
import { type Figure, figure, ratio } from "./figures.ts";

/** One measured piece of work; resolves to its figure. It checks its own result and rejects when that is wrong. */
export type Turn = () => Promise<number>;

/** What each contestant gave, round by round. */
export interface Contest {
  /** Empty for a name that did not take part. */
  of(name: string): readonly number[];
  figure(name: string): Figure;
  /** Of two contestants, taken in pairs. */
  ratio(one: string, other: string): Figure;
  readonly names: readonly string[];
}

/** `rounds` rounds, and one before them that does not count. */
export async function inTurns(rounds: number, turns: Readonly<Record<string, Turn>>): Promise<Contest> {
  const names = Object.keys(turns);
  const taken = new Map<string, number[]>(names.map((name) => [name, []]));
  for (let round = -1; round < rounds; round++) {
    for (let i = 0; i < names.length; i++) {
      const name = names[(i + round + names.length) % names.length] ?? "";
      let value: number;
      try {
        value = (await turns[name]?.()) ?? Number.NaN;
      } catch (cause) {
        throw new Error(`${name}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
      }
      if (round >= 0) taken.get(name)?.push(value);
    }
  }
  const of = (name: string): readonly number[] => taken.get(name) ?? [];
  return {
    of,
    names,
    figure: (name) => figure(of(name)),
    ratio: (one, other) => ratio(of(one), of(other)),
  };
}
