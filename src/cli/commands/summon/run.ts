// `coven summon`: brings archived sessions back into the list.
import { connect } from "../../client/connect.ts";
import { eachSession } from "../../client/each-session.ts";
import type { Run } from "../../framework/command.ts";
import { sessionsMeant } from "../../terminal/which-session.ts";
import { print } from "../../ui/out.ts";

export const run: Run = async (invocation) => {
  const client = await connect();
  const ids = await sessionsMeant(client, invocation, "archived session");
  return eachSession(ids, async (id) => {
    await print(`summoned session ${(await client.summon(id)).id}`);
  });
};
