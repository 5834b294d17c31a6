// `coven diff`: what has changed in a session's project since it began; git says it.
import { existsSync } from "node:fs";
import { changedFiles, changesSince } from "../../../git/changes.ts";
import type { Session } from "../../../session/session.ts";
import { connect } from "../../client/connect.ts";
import { shortId } from "../../client/session-id.ts";
import { has, type Run } from "../../framework/command.ts";
import { sessionMeant } from "../../terminal/which-session.ts";
import { out } from "../../ui/colour.ts";
import { Failure, UsageError } from "../../ui/failure.ts";
import { printJson, say, write } from "../../ui/out.ts";
import { isTerminal } from "../../ui/termios.ts";
import { harmless, quoted } from "../../ui/text.ts";

export const run: Run = async (invocation) => {
  const form = has(invocation, "stat") ? "stat" : has(invocation, "name-only") ? "names" : "patch";
  if (has(invocation, "stat") && has(invocation, "name-only")) {
    throw new UsageError("--stat and --name-only can't both be meant.", ["coven diff ID --stat"]);
  }
  const client = await connect();
  const session = await client.session(await sessionMeant(client, invocation, "session"));
  const { root, base } = placeOf(session);
  if (has(invocation, "json")) {
    const { found: files, notShown } = await changedFiles(root, base);
    await printJson({ session: session.id, project_root: root, base, files, not_shown: notShown });
    return 0;
  }
  const forEyes = isTerminal(1);
  const { found: changes, notShown } = await changesSince(root, base, { form, colour: out.isColorSupported });
  if (changes.length + notShown.length === 0)
    say(`Nothing has changed since session ${shortId(session.id)} began.`);
  for (const path of notShown)
    say(`Not shown: ${harmless(path)}   (git can't add it: git -C ${quoted(root)} status)`);
  // Whatever stands in a file, it can't move a cursor or draw elsewhere; in a pipe every byte is as it is.
  await write(forEyes ? painted(new TextDecoder().decode(changes)) : changes);
  return 0;
};

/** Where and since which commit. Throws `Failure` where that is not known. */
function placeOf(session: Session): { readonly root: string; readonly base: string } {
  const { id, project_root: root, base_commit: base } = session;
  if (base === null) {
    const why = session.external
      ? "somebody else started it"
      : "its project was in no git repository with a commit then, or an earlier coven started it";
    throw new Failure(`It isn't known at which commit session ${shortId(id)} began: ${why}.`, [
      `git -C ${quoted(root)} status`,
    ]);
  }
  if (!existsSync(root)) {
    throw new Failure(`The directory of session ${shortId(id)} is gone: ${harmless(root)}.`, [
      `git log ${session.worktree ? quoted(session.worktree.branch) : base.slice(0, 12)}   (in the project: what was committed)`,
    ]);
  }
  return { root, base };
}

/** Git's own colours stay, nothing else that a terminal obeys. */
function painted(text: string): string {
  return text
    .split("\n")
    .map((line) =>
      line
        .split(/(\u001b\[[0-9;]*m)/)
        .map((part, at) => (at % 2 === 1 ? part : harmless(part)))
        .join(""),
    )
    .join("\n");
}
