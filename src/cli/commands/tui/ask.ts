// The prompts of the palette, with @clack/prompts: the line itself, a task, a harness, a session, and the plan to confirm.
import { autocomplete, confirm, isCancel, log, S_BAR, select, text } from "@clack/prompts";
import type { HarnessInfo } from "../../../session/ports.ts";
import type { Session } from "../../../session/session.ts";
import { out } from "../../ui/colour.ts";
import { PromptOutput } from "../../ui/prompt-output.ts";
import { harmless } from "../../ui/text.ts";
import { cut } from "../../ui/width.ts";
import type { Known } from "./suggest.ts";
import { offers, sessionLabel } from "./suggest.ts";

/** What the guide at the left of every prompt takes, and the sign before an option. */
const GUIDE = 3;
const SIGN = 2;
/** Lines of the prompt that are no options: guide, heading, field, hints (two in a narrow terminal), end. */
const AROUND = 9;
const PLACEHOLDER = "a task, or / for commands";

/** A line typed, or why there is none: Ctrl-C or Escape. */
export type Line =
  | { readonly kind: "line"; readonly line: string }
  | { readonly kind: "cancelled"; readonly typed: string; readonly escaped: boolean };

/** What the line's prompt shows, asked anew at each drawing. */
export interface Shown {
  heading(cols: number): readonly string[];
  known(cols: number): Known;
}

/** Lines above the prompt that stay in sight once something stands there worth reading. */
const KEPT = 6;

/** Asks for a line, leaving in sight what stands above it unless it is the first; `begin` gets a way to have it drawn again, and gives one to stop using it. */
export async function askLine(
  shown: Shown,
  isFirst: boolean,
  begin: (redraw: () => void) => () => void,
): Promise<Line> {
  const output = new PromptOutput();
  const stop = begin(() => output.redraw());
  let typed = "";
  // Both cancel a prompt, which doesn't say which of them it was.
  let escaped = false;
  const notice = (_: unknown, key: { readonly name?: string } | undefined) => {
    escaped = key?.name === "escape";
  };
  process.stdin.on("keypress", notice);
  try {
    const answer = await autocomplete<string>({
      output,
      get message() {
        const bar = out.gray(S_BAR);
        return shown.heading(output.columns - GUIDE).join(`\n${bar}  `);
      },
      placeholder: PLACEHOLDER,
      completeOnTab: true,
      maxItems: Math.max(5, output.rows - AROUND - (isFirst ? 0 : KEPT)),
      options() {
        typed = this.userInput;
        return offers(typed, shown.known(output.columns - GUIDE - SIGN));
      },
      // The offers are the filter. The placeholder must match none, or Tab would type it.
      filter: (search) => search !== PLACEHOLDER,
    });
    if (isCancel(answer)) return { kind: "cancelled", typed, escaped };
    return { kind: "line", line: answer ?? typed };
  } finally {
    process.stdin.off("keypress", notice);
    stop();
    output.close();
  }
}

/** One session of several, or undefined when the person goes back. */
export async function askSession(
  message: string,
  sessions: readonly Session[],
): Promise<Session | undefined> {
  const output = new PromptOutput();
  const answer = await autocomplete<string>({
    output,
    message,
    maxItems: Math.max(5, output.rows - AROUND),
    options: sessions.map((one) => ({
      value: one.id,
      label: cut(sessionLabel(one, Date.now()), output.columns - GUIDE - SIGN),
    })),
  });
  output.close();
  return isCancel(answer) ? undefined : sessions.find((one) => one.id === answer);
}

/** One harness, those that can run first, or undefined when the person goes back. */
export async function askHarness(
  harnesses: readonly HarnessInfo[],
  usual: string,
): Promise<string | undefined> {
  const output = new PromptOutput();
  const answer = await select<string>({
    output,
    message: "Which harness?",
    initialValue: usual,
    options: [...harnesses]
      .sort((a, b) => Number(b.available) - Number(a.available))
      .map((one) => ({
        value: one.id,
        label: one.id,
        hint: cut(
          harmless(one.available ? one.label : `not installed: ${one.hint}`),
          Math.max(10, output.columns - GUIDE - SIGN - one.id.length - 4),
        ),
      })),
  });
  output.close();
  return isCancel(answer) ? undefined : answer;
}

/** A task in words, or undefined when the person goes back. */
export async function askTask(harness: string): Promise<string | undefined> {
  const output = new PromptOutput();
  const answer = await text({
    output,
    message: `What should ${harmless(harness)} do?`,
    validate: (value) => (value?.trim() ? undefined : "Type a task, or Esc to go back."),
  });
  output.close();
  return isCancel(answer) ? undefined : answer.trim();
}

/** Shows a plan and asks whether to go on. */
export async function askGo(plan: readonly string[]): Promise<boolean> {
  const output = new PromptOutput();
  log.message([...plan], { output });
  const answer = await confirm({ output, message: "Run it?", initialValue: true });
  output.close();
  return !isCancel(answer) && answer;
}

/**
 * Does something that may read standard input itself. A prompt that is over leaves its listener there until the next
 * bytes come (node:readline's emitKeypressEvents) and the stream paused: the one would take the next key, the other keep it.
 */
export async function withOwnInput<T>(work: () => Promise<T>): Promise<T> {
  const { stdin } = process;
  // No bytes are bytes too: they make the listener find that nobody waits for its keys, and go.
  stdin.emit("data", Buffer.alloc(0));
  stdin.resume();
  try {
    return await work();
  } finally {
    // Whoever set the terminal's mode by other means has left this one believing that it is raw; off, then on, is heard.
    stdin.setRawMode(false);
    stdin.pause();
  }
}
