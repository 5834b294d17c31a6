// Owns `coven archive`: hides a finished session from the list; deletes nothing.
import { type Run, word } from "./command.ts";
import { connect } from "./connect.ts";
import { fullId } from "./target.ts";
import { print } from "./ui/out.ts";

export const run: Run = async (invocation) => {
  const { client } = await connect();
  const session = await client.archive(await fullId(client, word(invocation, 0)));
  await print(`archived session ${session.id}`);
  return 0;
};
