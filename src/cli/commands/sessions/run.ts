// `coven sessions`: JSON, plain columns for scripts, the browser at a terminal, else a table.

import { covenPaths } from "../../../paths.ts";
import type { Session } from "../../../session/session.ts";
import { connect, connectAsking } from "../../client/connect.ts";
import { everySession } from "../../client/session-list.ts";
import { has, type Run } from "../../framework/command.ts";
import { atTerminal, printJson, say } from "../../ui/out.ts";
import { filterOf } from "./filter.ts";

export const run: Run = async (invocation) => {
  const all = has(invocation, "all");
  const form = has(invocation, "json") ? "json" : has(invocation, "plain") ? "plain" : undefined;
  const { fits, limit, asked } = filterOf(invocation, Date.now());
  if (form === undefined && !asked && atTerminal() && process.env["TERM"] !== "dumb") {
    const client = await connect();
    return (await import("./browser/browser.ts")).browse(client, all);
  }
  const { answer: sessions } = await connectAsking(async (client) => {
    const found: Session[] = [];
    for await (const session of everySession(client, all)) {
      if (fits(session)) found.push(session);
      if (found.length >= limit) break;
    }
    return found;
  });
  // Programs ask often, so nothing that paints is loaded for them.
  if (form === "json") await printJson({ sessions });
  else await (await import("./table.ts")).show(sessions, { plain: form === "plain", all, asked });
  if (form === undefined) await sayNotable();
  return 0;
};

/** Names who fills the disk, and who was forgotten. */
async function sayNotable(): Promise<void> {
  const { factsOf } = await import("../../client/facts.ts");
  const { notable } = await import("../../client/weighed.ts");
  const facts = await factsOf(covenPaths().socket);
  for (const line of facts ? notable(facts, Date.now()) : []) say(line);
}
