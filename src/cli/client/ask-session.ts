// A person picks one session of several, with @clack/prompts.
import { autocomplete, isCancel } from "@clack/prompts";
import type { Session } from "../../session/session.ts";
import { finder } from "../ui/fuzzy.ts";
import { PromptInput } from "../ui/prompt-input.ts";
import { PromptOutput } from "../ui/prompt-output.ts";
import { cut } from "../ui/width.ts";
import { sessionLabel } from "./describe.ts";

/** Cells of the guide at the left of the prompt and of the sign before an option; lines beside the options. */
const BESIDE = 5;
const AROUND = 9;

/** One session of several, or undefined when the person goes back. */
export async function askSession(
  message: string,
  sessions: readonly Session[],
): Promise<Session | undefined> {
  const output = new PromptOutput();
  const now = Date.now();
  const rows = finder(sessions, (one) => `${sessionLabel(one, now)} ${one.id}`);
  const answer = await autocomplete<string>({
    input: new PromptInput("line"),
    output,
    message,
    maxItems: Math.max(5, output.rows - AROUND),
    options() {
      return rows.find(this.userInput).map(({ item }) => ({
        value: item.id,
        label: cut(sessionLabel(item, now), output.columns - BESIDE),
      }));
    },
    // The options are those that fit, by fzf's rules and the best first.
    filter: () => true,
  });
  output.close();
  return isCancel(answer) ? undefined : sessions.find((one) => one.id === answer);
}
