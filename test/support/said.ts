// Reads from the source what a person can be told: every message of an error, and what it says to try.
import { readFileSync } from "node:fs";
import { join } from "node:path";

/** One place where something is said. */
export interface Said {
  /** Under src/. */
  readonly file: string;
  /** With `…` for what is filled in. */
  readonly message: string;
  /** What to try, `…` for what is filled in; empty where the caller or the code of the error decides. */
  readonly tries: string;
}

/** Calls that tell a person something: which argument is the message, and which says what to try. */
const CALLS = [
  { call: "new Failure(", message: 0, tries: 1 },
  { call: "new UsageError(", message: 0, tries: 1 },
  { call: "new CovenError(", message: 1, tries: 9 },
  { call: "say(", message: 0, tries: 9 },
] as const;

/** Everything said under src/, in the order of files and lines. */
export function everythingSaid(): Said[] {
  const src = join(import.meta.dir, "..", "..", "src");
  const files = Array.from(new Bun.Glob("**/*.ts").scanSync(src)).sort();
  return files.flatMap((file) => {
    const text = readFileSync(join(src, file), "utf8");
    // `say` is the command line's word; elsewhere it means other things.
    const calls = CALLS.filter(({ call }) => call !== "say(" || file.startsWith("cli/"));
    const said = calls.flatMap(({ call, message, tries }) =>
      places(text, call).map((at) => {
        const given = argumentsFrom(text, at + call.length);
        return { at, file, message: words(given[message] ?? ""), tries: words(given[tries] ?? "") };
      }),
    );
    return said
      .filter((one) => /\p{L}{2}/u.test(one.message.replace("…", "")))
      .sort((a, b) => a.at - b.at)
      .map(({ at: _, ...one }) => one);
  });
}

function places(text: string, call: string): number[] {
  const found: number[] = [];
  for (let at = text.indexOf(call); at >= 0; at = text.indexOf(call, at + 1)) {
    if (!/[\w.]/.test(text[at - 1] ?? "")) found.push(at);
  }
  return found;
}

/** The texts of the arguments of a call, from behind its parenthesis. */
function argumentsFrom(text: string, from: number): string[] {
  const all: string[] = [];
  let depth = 0;
  let begin = from;
  for (let at = from; at < text.length; at++) {
    const char = text[at] ?? "";
    if (char === '"' || char === "'" || char === "`") at = endOfString(text, at);
    else if ("([{".includes(char)) depth += 1;
    else if (")]}".includes(char) && --depth < 0) return [...all, text.slice(begin, at)];
    else if (char === "," && depth === 0) {
      all.push(text.slice(begin, at));
      begin = at + 1;
    }
  }
  return all;
}

function endOfString(text: string, from: number): number {
  const quote = text[from];
  for (let at = from + 1; at < text.length; at++) {
    if (text[at] === "\\") at += 1;
    else if (quote === "`" && text.startsWith("${", at)) at = endOfHole(text, at + 2);
    else if (text[at] === quote) return at;
  }
  return text.length;
}

function endOfHole(text: string, from: number): number {
  let depth = 0;
  for (let at = from; at < text.length; at++) {
    const char = text[at] ?? "";
    if (char === '"' || char === "'" || char === "`") at = endOfString(text, at);
    else if (char === "{") depth += 1;
    else if (char === "}" && depth-- === 0) return at;
  }
  return text.length;
}

/** The strings in an expression, one after the other, with `…` for every hole; nothing of the code around them. */
function words(expression: string): string {
  const found: string[] = [];
  for (let at = 0; at < expression.length; at++) {
    const char = expression[at] ?? "";
    if (char !== '"' && char !== "`") continue;
    const end = endOfString(expression, at);
    let text = "";
    for (let i = at + 1; i < end; i++) {
      if (char === "`" && expression.startsWith("${", i)) {
        text += "…";
        i = endOfHole(expression, i + 2);
      } else if (expression[i] === "\\") {
        i += 1;
        text += expression[i] === "n" ? " " : (expression[i] ?? "");
      } else text += expression[i];
    }
    if (text !== "") found.push(text);
    at = end;
  }
  return found.join(" | ");
}
