// `coven attach`: at a terminal the session itself, else its output from the beginning and on to the end.
import { isSettled } from "../../../session/session.ts";
import { connectAsking } from "../../client/connect.ts";
import { printOutput } from "../../client/print-output.ts";
import { has, type Run } from "../../framework/command.ts";
import { attachEarly, type EarlyAttach } from "../../terminal/early-attach.ts";
import { detachKeyOf, loadView, wantsView } from "../../terminal/options.ts";
import { sessionMeant } from "../../terminal/which-session.ts";
import { printJson } from "../../ui/out.ts";

export const run: Run = async (invocation) => {
  const detach = await detachKeyOf(invocation);
  const observe = has(invocation, "observe");
  const inView = wantsView(invocation);
  const follows = !has(invocation, "no-follow");
  let early: EarlyAttach | undefined;
  const asking = connectAsking(async (asked) => {
    const id = await sessionMeant(asked, invocation, "session");
    early?.drop();
    // The screen takes longest, so it is asked for first: most people attach to a session that still runs.
    early = inView && follows ? attachEarly(asked, id, observe) : undefined;
    const [session] = await Promise.all([asked.session(id), inView ? loadView() : undefined]);
    return session;
  });
  const { client, answer: session } = await asking.catch((error: unknown) => {
    early?.drop();
    throw error;
  });
  if (inView && follows && !isSettled(session.status)) {
    const { view } = await loadView();
    const board = async () => (await import("../sessions/browser/browser.ts")).browse(client, false);
    return view({ client, session, detach, observe, launched: false, early, board });
  }
  early?.drop();
  const { introduce, watch } = await import("../../client/watch.ts");
  introduce(session);
  if (inView) return (await loadView()).viewLast(client, session);
  if (!follows && !isSettled(session.status)) {
    if (has(invocation, "json")) await printJson(session);
    else await printOutput(client, session.id, { raw: has(invocation, "raw") });
    return 0;
  }
  return watch({
    client,
    session,
    raw: has(invocation, "raw"),
    json: has(invocation, "json"),
    interrupt: "leave",
  });
};
