// The prompts of the palette, with @clack/prompts: the line itself, a task, a harness, a session, and the plan to confirm.
import { autocomplete, confirm, isCancel, log, S_BAR, select } from "@clack/prompts";
import type { HarnessInfo } from "../../../session/ports/harnesses.ts";
import { out } from "../../ui/colour.ts";
import { pastes } from "../../ui/multi-line.ts";
import { PromptInput } from "../../ui/prompt-input.ts";
import { PromptOutput } from "../../ui/prompt-output.ts";
import { harmless } from "../../ui/text.ts";
import { cut } from "../../ui/width.ts";
import type { Known } from "./suggest.ts";
import { offers } from "./suggest.ts";

/** Cells of the guide at the left of every prompt, and of the sign before an option. */
const GUIDE = 3;
const SIGN = 2;
/** Lines of the prompt beside the options: guide, heading, field, hints (two in a narrow terminal), end. */
const AROUND = 9;
const PLACEHOLDER = "a task, or / for commands";
const TASK_PLACEHOLDER = "a task";

/** A line typed, or why there is none: Ctrl-C or Escape. */
export type Line =
  | { readonly kind: "line"; readonly line: string }
  | { readonly kind: "cancelled"; readonly typed: string; readonly escaped: boolean };

/** What the prompt for a line shows, read at each drawing. */
export interface Shown {
  heading(cols: number): readonly string[];
  known(cols: number): Known;
  /** Lines of before, the newest first. */
  readonly history: readonly string[];
  /** Ctrl-O was pressed; the prompt is drawn anew afterwards. */
  more(): void;
}

/** Lines above the prompt that stay visible, but for the first prompt, which has nothing above it. */
const KEPT = 6;

/** Asks for a line. `begin` is given a function that redraws the prompt, and returns one that is called when the prompt is over. */
export async function askLine(
  shown: Shown,
  isFirst: boolean,
  begin: (redraw: () => void) => () => void,
): Promise<Line> {
  const output = new PromptOutput();
  const stop = begin(() => output.redraw());
  let typed = "";
  const long = pastes();
  const input = new PromptInput("text", {
    pastes: long,
    line: () => typed,
    history: shown.history,
    more() {
      shown.more();
      output.redraw();
    },
  });
  // The prompt reports Escape and Ctrl-C alike.
  let escaped = false;
  input.on("keypress", (_: unknown, key: { readonly name?: string } | undefined) => {
    escaped = key?.name === "escape";
  });
  try {
    const answer = await autocomplete<string>({
      input,
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
        const cols = output.columns - GUIDE - SIGN;
        return offers(typed, shown.known(cols)).map(({ value, label }) => ({
          value,
          label: cut(long.described(label), cols),
        }));
      },
      // The offers are the filter. The placeholder must match none, or Tab would type it.
      filter: (search) => search !== PLACEHOLDER,
    });
    if (isCancel(answer)) return { kind: "cancelled", typed, escaped };
    return { kind: "line", line: long.meant(answer ?? typed) };
  } finally {
    stop();
    output.close();
  }
}

/** One harness, those that can run first, or undefined when the person goes back. */
export async function askHarness(
  harnesses: readonly HarnessInfo[],
  usual: string,
): Promise<string | undefined> {
  const output = new PromptOutput();
  const answer = await select<string>({
    input: new PromptInput("choice"),
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
  let typed = "";
  const long = pastes();
  const answer = await autocomplete<string>({
    input: new PromptInput("text", { pastes: long, line: () => typed, history: [] }),
    output,
    message: `What should ${harmless(harness)} do?`,
    placeholder: TASK_PLACEHOLDER,
    options() {
      typed = this.userInput;
      const label = `${harmless(harness)}: ${long.described(typed)}`;
      return [{ value: typed, label: cut(label, output.columns - GUIDE - SIGN) }];
    },
    filter: (search) => search !== TASK_PLACEHOLDER,
    validate: () => (typed.trim() ? undefined : "Type a task, or Esc to go back."),
  });
  output.close();
  return isCancel(answer) ? undefined : long.meant(typed).trim();
}

/** Shows a plan and asks whether to go on. */
export async function askGo(plan: readonly string[]): Promise<boolean> {
  const output = new PromptOutput();
  log.message([...plan], { output });
  const answer = await confirm({
    input: new PromptInput("question"),
    output,
    message: "Run it?",
    initialValue: true,
  });
  output.close();
  return !isCancel(answer) && answer;
}

/**
 * Does work that may read standard input itself. A finished prompt leaves the stream paused, and its listener attached
 * until the next bytes come (node:readline's emitKeypressEvents), so that it would take the next key.
 */
export async function withOwnInput<T>(work: () => Promise<T>): Promise<T> {
  const { stdin } = process;
  // An empty chunk makes that listener notice that nobody waits for keys, and detach itself.
  stdin.emit("data", Buffer.alloc(0));
  stdin.resume();
  try {
    return await work();
  } finally {
    // The work may have set the mode by other means, while the stream believes it is raw; off, then on, takes effect.
    stdin.setRawMode(false);
    stdin.pause();
  }
}
