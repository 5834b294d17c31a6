// `coven rename`: what a session is called from now on.
import { connect } from "../../client/connect.ts";
import { fullId } from "../../client/session-id.ts";
import { has, type Run, word } from "../../framework/command.ts";
import { UsageError } from "../../ui/failure.ts";
import { print, printJson } from "../../ui/out.ts";
import { quoted } from "../../ui/text.ts";

export const run: Run = async (invocation) => {
  const [typed = "", name] = invocation.words;
  if (name !== undefined && has(invocation, "none")) {
    throw new UsageError("coven rename takes the new name or --none, not both.", [
      `coven rename ${quoted(typed)} login`,
      `coven rename ${quoted(typed)} --none`,
    ]);
  }
  const client = await connect();
  const id = await fullId(client, word(invocation, 0));
  const session = await client.rename(id, name ?? null);
  if (has(invocation, "json")) await printJson(session);
  else await print(session.name === null ? `session ${id} has no name` : `session ${id} is ${session.name}`);
  return 0;
};
