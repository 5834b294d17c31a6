// A session that goes on with an earlier one's conversation at its own screen, as the earlier one was launched.
import type { CovenClient } from "../../api/client.ts";
import { environment } from "../../os/environment.ts";
import type { Session } from "../../session/session.ts";
import { askedFor } from "../client/asked.ts";
import { ownSize } from "./size.ts";

/** Launches it; it waits for a prompt. Throws as the launch, where the conversation can't go on. */
export async function goOn(client: CovenClient, before: Session): Promise<Session> {
  const { model, permission, add_dirs, labels, familiar_id: familiarId } = before;
  const asked = await askedFor(before.harness, {
    model: model ?? undefined,
    permission: permission ?? undefined,
    addDirs: add_dirs,
  });
  return client.launch({
    projectRoot: before.project_root,
    cwd: before.cwd,
    harness: before.harness,
    prompt: "",
    withoutPrompt: true,
    launchMode: "interactive",
    env: environment(),
    inheritEnv: false,
    title: before.title,
    labels,
    continues: before.id,
    ...(familiarId === null ? {} : { familiarId }),
    ...asked,
    ...ownSize(),
  });
}
