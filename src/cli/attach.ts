// Owns `coven attach`: at a terminal the session itself, else a replay of its output and what follows, to the end.
import { isSettled } from "../session/session.ts";
import { has, type Run, word } from "./command.ts";
import { connect } from "./connect.ts";
import { fullId } from "./target.ts";
import { detachKeyOf, view, viewLast, wantsView } from "./terminal/view.ts";
import { err } from "./ui/colour.ts";
import { say } from "./ui/out.ts";
import { harmless } from "./ui/text.ts";
import { ago } from "./ui/time.ts";
import { watch } from "./watch.ts";

export const run: Run = async (invocation) => {
  const detach = await detachKeyOf(invocation);
  const { client } = await connect();
  const session = await client.session(await fullId(client, word(invocation, 0)));
  if (wantsView(invocation) && !isSettled(session.status)) {
    return view({ client, session, detach, observe: has(invocation, "observe"), launched: false });
  }
  const state = isSettled(session.status)
    ? `ended ${ago(session.updated_at)}`
    : `started ${ago(session.created_at)}`;
  say(err.dim(`${harmless(session.harness)}: ${harmless(session.title)} (${session.status}, ${state})`));
  if (wantsView(invocation)) return viewLast(client, session);
  return watch({
    client,
    session,
    raw: has(invocation, "raw"),
    json: has(invocation, "json"),
    interrupt: "leave",
  });
};
