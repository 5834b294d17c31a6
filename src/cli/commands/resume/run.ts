// `coven resume ID [prompt]`: the run that goes on with that session's conversation.
import { connect } from "../../client/connect.ts";
import type { Run } from "../../framework/command.ts";
import { sessionMeant } from "../../terminal/which-session.ts";
import { run as runs } from "../run/run.ts";

export const run: Run = async (invocation, line) => {
  const client = await connect();
  const id = await sessionMeant(client, invocation, "conversation");
  const { harness } = await client.session(id);
  const [, ...prompt] = invocation.words;
  return runs(
    { ...invocation, words: [harness, ...prompt], flags: { ...invocation.flags, continue: id } },
    line,
  );
};
