// Owns `coven summon`: brings an archived session back into the list.
import { type Run, word } from "./command.ts";
import { connect } from "./connect.ts";
import { fullId } from "./target.ts";
import { print } from "./ui/out.ts";

export const run: Run = async (invocation) => {
  const { client } = await connect();
  const session = await client.summon(await fullId(client, word(invocation, 0)));
  await print(`summoned session ${session.id}`);
  return 0;
};
