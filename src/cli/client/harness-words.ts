// Asks installed agents for what only they know: their version, and whether somebody is logged in.
import { type HarnessWord, type Questions, wordOf } from "../../harness/questions.ts";
import type { HarnessInfo } from "../../session/ports/harnesses.ts";

/** So many are asked at the same time: a dozen programs that start at once keep a small machine busy for longer than they are given. */
const AT_ONCE = 4;

/** The answers of every installed agent that knows the questions. Nobody is asked about a login who is off. */
export async function harnessWords(
  list: readonly HarnessInfo[],
  questions: (id: string) => Questions | undefined,
): Promise<Map<string, HarnessWord>> {
  const waiting = list.flatMap(({ id, enabled, path }) => {
    const how = path === null ? undefined : questions(id);
    return how?.version ? [{ id, how: enabled ? how : { ...how, login: undefined } }] : [];
  });
  const words = new Map<string, HarnessWord>();
  const askInTurn = async () => {
    for (let next = waiting.shift(); next; next = waiting.shift()) words.set(next.id, await wordOf(next.how));
  };
  await Promise.all(Array.from({ length: AT_ONCE }, askInTurn));
  return words;
}
