// `coven notify test`: has the daemon tell the person, and says what came of it.
import { connect } from "../../client/connect.ts";
import type { Run } from "../../framework/command.ts";
import { Failure } from "../../ui/failure.ts";
import { print } from "../../ui/out.ts";
import { harmless } from "../../ui/text.ts";

/** Longer than the daemon gives a program, twice. */
const PATIENCE_MS = 25_000;
const LOOK_MS = 50;

export const test: Run = async () => {
  const client = await connect();
  const before = (await client.notified()).last?.at;
  await client.notifyTest();
  const deadline = performance.now() + PATIENCE_MS;
  for (;;) {
    const { last } = await client.notified();
    if (last && last.at !== before && last.event === "test") {
      if (last.ways.length === 0) {
        throw new Failure("Nothing is set that could tell you.", [
          "coven config set notify.desktop true",
          "coven help notify",
        ]);
      }
      const failed = last.ways.find(({ ok }) => !ok);
      for (const { way, ok } of last.ways) if (ok) await print(`notify.${way}: told`);
      if (!failed) return 0;
      throw new Failure(
        `You could not be told by notify.${failed.way}: ${harmless(failed.problem ?? "it failed")}.`,
        ["coven config list", "coven help notify"],
      );
    }
    if (performance.now() > deadline) {
      throw new Failure("The daemon has not said in time what came of it.", ["coven logs --level warn"]);
    }
    await Bun.sleep(LOOK_MS);
  }
};
