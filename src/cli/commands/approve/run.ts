// `coven approve` and `coven deny`: answers the question for leave that a session asks now, and no other.
import type { Answer } from "../../../session/attention.ts";
import { connect } from "../../client/connect.ts";
import { orNotRunning } from "../../client/end-session.ts";
import { wantText } from "../../client/wants.ts";
import { flagValue, has, type Run } from "../../framework/command.ts";
import { sessionMeant } from "../../terminal/which-session.ts";
import { UsageError } from "../../ui/failure.ts";
import { print, printJson } from "../../ui/out.ts";
import { quoted } from "../../ui/text.ts";

export const approve = answering("approve", "approved");
export const deny = answering("deny", "denied");

function answering(answer: Answer, done: string): Run {
  return async (invocation) => {
    const typed = flagValue(invocation, "if-seq");
    if (typed !== undefined && !/^\d{1,15}$/.test(typed)) {
      throw new UsageError(`--if-seq takes a number, and ${quoted(typed)} is none.`, ["coven why ID --json"]);
    }
    const client = await connect();
    const id = await sessionMeant(client, invocation, "running session");
    const reason = flagValue(invocation, "reason");
    const { attention } = await client.session(id);
    // The question that was seen here, so that none that comes meanwhile is answered.
    const seen = typed === undefined && attention?.state === "waiting" ? attention.seq : undefined;
    const ifAttentionSeq = typed === undefined ? seen : Number(typed);
    try {
      const { seq } = await client[answer](id, {
        ...(ifAttentionSeq === undefined ? {} : { ifAttentionSeq }),
        ...(reason === undefined ? {} : { reason }),
      });
      if (has(invocation, "json")) await printJson({ id, answer, seq, attention });
      else await print(`${done} session ${id}: ${wantText(attention)}`);
    } catch (error) {
      throw orNotRunning(error, id);
    }
    return 0;
  };
}
