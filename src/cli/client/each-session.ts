// The same for several sessions: what goes wrong with one is said, and the others follow.
import { reportError } from "./report-error.ts";

/** Does it for each, in order; resolves to 0, or to 1 when any failed, each failure reported. One alone throws its error. */
export async function eachSession(
  ids: readonly string[],
  work: (id: string) => Promise<void>,
): Promise<number> {
  const [only, second] = ids;
  if (only !== undefined && second === undefined) {
    await work(only);
    return 0;
  }
  let code = 0;
  for (const id of ids) {
    try {
      await work(id);
    } catch (error) {
      await reportError(error);
      code = 1;
    }
  }
  return code;
}
