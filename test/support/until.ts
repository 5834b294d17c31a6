// The one way tests wait for a fact that nothing signals: asked again and again, with a deadline and a name.

/** The first value `look` gives that is neither undefined nor false; throws the name of the fact after `ms`. */
export async function until<T>(
  fact: string,
  look: () => T | undefined | false | Promise<T | undefined | false>,
  ms = 10_000,
): Promise<T> {
  const deadline = performance.now() + ms;
  for (;;) {
    const found = await look();
    if (found !== undefined && found !== false) return found;
    if (performance.now() > deadline) throw new Error(`not within ${ms} ms: ${fact}`);
    await Bun.sleep(2);
  }
}
