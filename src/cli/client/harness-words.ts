// Asks installed agents for what only they know: their version, and whether somebody is logged in.
import { type HarnessWord, type Questions, wordOf } from "../../harness/questions.ts";
import type { HarnessInfo } from "../../session/ports.ts";

/** The answers of every installed agent that knows the questions. All are asked at the same time; nobody is asked about a login who is off. */
export async function harnessWords(
  list: readonly HarnessInfo[],
  questions: (id: string) => Questions | undefined,
): Promise<Map<string, HarnessWord>> {
  const asked = list.flatMap(({ id, enabled, path }) => {
    const how = path === null ? undefined : questions(id);
    return how?.version
      ? [wordOf(enabled ? how : { ...how, login: undefined }).then((word) => [id, word] as const)]
      : [];
  });
  return new Map(await Promise.all(asked));
}
