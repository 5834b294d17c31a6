// Reads the demo's prompt: which scripted things it was asked to do, in which order. Pure.

/** One thing the demo does because its prompt says so. */
export type DemoStep =
  | { readonly kind: "lines"; readonly count: number }
  | { readonly kind: "bytes"; readonly count: number }
  | { readonly kind: "sleep"; readonly seconds: number }
  /** Asks for leave so many times. */
  | { readonly kind: "ask"; readonly count: number };

/** What a prompt asks of the demo. */
export interface DemoScript {
  /** In the order they stand in the prompt. */
  readonly steps: readonly DemoStep[];
  /** 0..255; the last `exit N` of the prompt, else 0. */
  readonly exitCode: number;
}

/** The longest sleep, in seconds: a day. */
const MAX_SECONDS = 86_400;

/**
 * `lines N`, `bytes N`, `sleep SECONDS` (fractions allowed), `ask N` and `exit N`, anywhere in the text and in any
 * combination; whatever else stands there is the task, and changes nothing. A number out of range is the nearest one in it.
 */
export function readScript(prompt: string): DemoScript {
  const steps: DemoStep[] = [];
  let exitCode = 0;
  for (const [, word = "", digits = ""] of prompt.matchAll(
    /\b(exit|lines|bytes|sleep|ask)\s+(\d+(?:\.\d+)?)/gi,
  )) {
    const kind = word.toLowerCase();
    const number = Number(digits);
    if (kind === "exit") exitCode = Math.min(Math.trunc(number), 255);
    else if (kind === "sleep") steps.push({ kind, seconds: Math.min(number, MAX_SECONDS) });
    else if (kind === "lines" || kind === "bytes" || kind === "ask")
      steps.push({ kind, count: Math.min(Math.trunc(number), 1e12) });
  }
  return { steps, exitCode };
}

/** The task as one line that is safe to print: control characters become spaces, at most `width` code points. */
export function taskLine(prompt: string, width: number): string {
  const points = Array.from(prompt.replace(/[\p{Cc}\p{Cf}]+/gu, " ").trim());
  return points.length <= width ? points.join("") : `${points.slice(0, width - 1).join("")}…`;
}
