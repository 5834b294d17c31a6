// `coven archive`: hides a settled session from the list; deletes nothing.
import { connect } from "../../client/connect.ts";
import { fullId } from "../../client/session-id.ts";
import { type Run, word } from "../../framework/command.ts";
import { print } from "../../ui/out.ts";

export const run: Run = async (invocation) => {
  const client = await connect();
  const session = await client.archive(await fullId(client, word(invocation, 0)));
  await print(`archived session ${session.id}`);
  return 0;
};
