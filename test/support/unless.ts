// Tests that need what not every machine has: where it is missing they are skipped, and their names say for want of what.
import { describe, test } from "bun:test";

/** What is missing, as it reads after "skipped: "; undefined where nothing is. */
export type Lack = string | undefined;

export const notLinux: Lack = process.platform === "linux" ? undefined : "needs Linux";
export const windows: Lack = process.platform === "win32" ? "not on Windows" : undefined;
/** Other owners and mounts are for root to make. */
export const notRoot: Lack = process.getuid?.() === 0 ? undefined : "needs root";

/** The first of these programs that is not on the PATH. */
export function without(...programs: readonly string[]): Lack {
  const missing = programs.find((program) => Bun.which(program) === null);
  return missing === undefined ? undefined : `no ${missing} on the PATH`;
}

/** `test`, or one that skips when anything is lacking. */
export function testUnless(...lacks: readonly Lack[]): typeof test {
  const named = naming(lacks);
  if (named === undefined) return test;
  const skip = (name: string, body: () => void, options?: number) => test.skip(named(name), body, options);
  const each = (rows: readonly unknown[]) => (name: string, body: () => void, options?: number) =>
    test.skip.each([...rows])(named(name), body, options);
  // A skipped test is called as any other; of what else `test` has, no test of this kind uses anything.
  return Object.assign(skip, { each }) as unknown as typeof test;
}

/** `describe`, or one whose tests are all skipped when anything is lacking. Its body still runs: it must not need what lacks. */
export function describeUnless(...lacks: readonly Lack[]): (name: string, body: () => void) => void {
  const named = naming(lacks);
  return named === undefined ? describe : (name, body) => describe.skip(named(name), body);
}

function naming(lacks: readonly Lack[]): ((name: string) => string) | undefined {
  const lack = lacks.find((one) => one !== undefined);
  return lack === undefined ? undefined : (name) => `${name} (skipped: ${lack})`;
}
