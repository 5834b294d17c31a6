// Questions to a person at a terminal, with @clack/prompts.
import { confirm, isCancel, text } from "@clack/prompts";
import { PromptInput } from "./prompt-input.ts";

/** True once the person has typed exactly this word; false when they typed nothing or left with Ctrl-C. */
export async function typedWord(question: string, word: string): Promise<boolean> {
  const answer = await text({
    input: new PromptInput("line"),
    message: `${question}\nType ${word} to go on, or press Enter to leave it.`,
    validate: (value) =>
      !value || value === word ? undefined : `That is not "${word}". Type it, or empty the line.`,
  });
  return !isCancel(answer) && answer === word;
}

/** True for a yes; Ctrl-C and Enter are a no. */
export async function yes(question: string): Promise<boolean> {
  const answer = await confirm({
    input: new PromptInput("question"),
    message: question,
    initialValue: false,
  });
  return !isCancel(answer) && answer;
}
