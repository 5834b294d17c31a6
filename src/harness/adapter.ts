// What we know about launching one harness: its names, its arguments, and how to get it.
import { CovenError } from "../errors.ts";
import type { HarnessAttention } from "../session/attention.ts";
import type { Asked, HarnessStart, Maturity } from "../session/ports/harnesses.ts";
import type { LaunchMode } from "../session/session.ts";
import { MOST_ARGUMENT_BYTES } from "./argument-room.ts";
import { type Asking, askingArguments, VALUE } from "./asking.ts";

/** The element of an argument list that stands for the prompt, whole. */
export const PROMPT = "{prompt}";
/** The element in whose place the arguments stand that tell the harness what is asked for beside the prompt. */
export const OPTIONS = "{options}";

/** Stands for the id in a line of a program's that names its conversation. */
export const ID = "{id}";

/** One external program we may launch. */
export interface Adapter {
  readonly id: string;
  readonly label: string;
  /** A name to look up on the PATH, or an absolute path. */
  readonly executable: string;
  /** How to install it, as a sentence or a command. */
  readonly hint: string;
  readonly source: "built-in" | "manifest";
  /** Null for a manifest: only its owner knows. */
  readonly maturity: Maturity | null;
  /**
   * Arguments after the program, with exactly one element that is `{prompt}` or ends with `={prompt}` and, where it can be told anything else,
   * one `{options}`. One without a prompt says that the program takes none from its arguments.
   */
  readonly interactive: readonly string[];
  readonly nonInteractive: readonly string[];
  /** One shot that prints what happens as lines of JSON; absent where the program can't. */
  readonly stream?: readonly string[];
  /** The arguments with which one shot reads its prompt, whole, from standard input; absent where it can't. */
  readonly stdin?: {
    readonly nonInteractive?: readonly string[];
    readonly stream?: readonly string[];
  };
  readonly asking?: Asking;
  /** The arguments with which it waits for a prompt to be typed; absent where it can't. */
  readonly opens?: readonly string[];
  /** `idle`: it says by itself when it waits for a task (OSC 7501, or a title of `titles`), and nothing is typed before. */
  readonly ready?: HarnessStart["ready"];
  /** What it prints its conversation's id in, each with one `{id}`; for a conversation that it named itself. */
  readonly says?: readonly string[];
  /** What the path of a file that it keeps open looks like, each with one `{id}`: then its conversation is known while it runs. */
  readonly holds?: readonly string[];
  /** Names of its environment: kept although no harness gets them, and taken out beside what none gets. */
  readonly environment?: {
    readonly pass?: readonly string[];
    readonly strip?: readonly string[];
  };
  /** The arguments that ask it for its version. */
  readonly version?: readonly string[];
  /**
   * Its own command that says whether somebody is logged in (exit 0) or not (1, and says so), and the one to log in with.
   * We never look at credentials ourselves.
   */
  readonly login?: { readonly status?: readonly string[]; readonly start: string };
  /** How it says what it wants, where it doesn't say so in OSC 7501; and the keys that answer its questions for leave. */
  readonly titles?: HarnessAttention["titles"];
  readonly answers?: HarnessAttention["answers"];
  /** Put `--` before a prompt that begins with `-` and is an argument of its own. */
  readonly separator: boolean;
}

/** The built-in allowlist, in the order it is shown; `demo` follows it (CONTRACT, Harness argv), then what is in `recipes.ts`. */
export const BUILT_IN: readonly Adapter[] = [
  {
    id: "codex",
    label: "Codex",
    executable: "codex",
    hint: "npm install -g @openai/codex",
    version: ["--version"],
    source: "built-in",
    maturity: "launched here",
    interactive: [OPTIONS, PROMPT],
    opens: [OPTIONS],
    ready: "idle",
    nonInteractive: ["exec", "--skip-git-repo-check", "--color", "never", OPTIONS, PROMPT],
    stream: ["exec", "--json", "--skip-git-repo-check", "--color", "never", OPTIONS, PROMPT],
    stdin: {
      nonInteractive: ["exec", "--skip-git-repo-check", "--color", "never", OPTIONS, "-"],
      stream: ["exec", "--json", "--skip-git-repo-check", "--color", "never", OPTIONS, "-"],
    },
    // As codex 0.169 has them (`codex --help`, `codex exec --help`). With a policy of `never` nobody can be asked to lift the sandbox.
    asking: {
      model: ["--model", VALUE],
      provider: "openai",
      permission: {
        "read-only": ["--sandbox", "read-only", "--config", 'approval_policy="never"'],
        full: ["--sandbox", "danger-full-access"],
      },
      addDir: ["--add-dir", VALUE],
      resumeConversation: ["resume", VALUE],
      unattended: ["--sandbox", "workspace-write", "--config", 'approval_policy="never"'],
    },
    // One shot says it in its heading, as JSON in its first line; the terminal interface when it is left.
    says: [`session id: ${ID}`, `"thread_id":"${ID}"`, `codex resume ${ID}`],
    holds: [`/thread-writer-locks/${ID}.lock`],
    login: { status: ["login", "status"], start: "codex login" },
    // "Yes, proceed (y)"; "No, and tell Codex what to do differently (esc)", which ends the turn.
    answers: { approve: ["y"], deny: ["esc"] },
    separator: true,
  },
  {
    id: "claude",
    label: "Claude Code",
    executable: "claude",
    hint: "npm install -g @anthropic-ai/claude-code",
    version: ["--version"],
    source: "built-in",
    maturity: "launched here",
    interactive: [OPTIONS, PROMPT],
    opens: [OPTIONS],
    ready: "idle",
    nonInteractive: ["--print", OPTIONS, PROMPT],
    // Without --verbose it refuses this format.
    stream: ["--print", "--output-format", "stream-json", "--verbose", OPTIONS, PROMPT],
    stdin: {
      nonInteractive: ["--print", OPTIONS],
      stream: ["--print", "--output-format", "stream-json", "--verbose", OPTIONS],
    },
    // As claude 2.1.329 has them (`claude --help`). `=` keeps those that take several values from taking the prompt. Its plan mode asks before it
    // writes, and settings of the user may have answered already: without these tools it can't.
    asking: {
      model: ["--model", VALUE],
      provider: "anthropic",
      permission: {
        "read-only": ["--permission-mode", "plan", "--disallowed-tools=Bash,Edit,NotebookEdit,Write"],
        full: ["--permission-mode", "bypassPermissions"],
      },
      addDir: [`--add-dir=${VALUE}`],
      initConversation: ["--session-id", VALUE],
      resumeConversation: ["--resume", VALUE],
    },
    // It takes ours; but a person may begin another one in it.
    says: [`"session_id":"${ID}"`, `claude --resume ${ID}`],
    login: { status: ["auth", "status"], start: "claude auth login" },
    // "1. Yes", whichever is selected; "No (esc)", which ends the turn.
    answers: { approve: ["1"], deny: ["esc"] },
    separator: true,
  },
];

/**
 * The arguments after the program, and how it gets its prompt: as one argument whatever it holds, so no quoting exists that could fail; where the
 * program takes none there, or `fits` says that it is too long, on standard input or typed. Throws `askingArguments`, and `invalid_request` for a mode it has not, a NUL, or a prompt
 * that can't be given.
 */
export function startOf(
  adapter: Adapter,
  prompt: string,
  mode: LaunchMode,
  asked: Asked,
  fits: (args: readonly string[]) => boolean,
): Omit<HarnessStart, "ready"> {
  refuseNul(prompt);
  const options = askingArguments(adapter, asked, mode);
  if (prompt === "") return { argv: opened(adapter, mode, options), given: "argument" };
  const template = adapter[mode];
  if (!template) throw cannotStream(adapter);
  const elsewhere = mode === "interactive" ? "typed" : "stdin";
  if (!template.some(takesPrompt)) return { argv: filled(template, options), given: elsewhere };
  const argv = filled(template, options, (element) => {
    if (element === PROMPT) return adapter.separator && prompt.startsWith("-") ? ["--", prompt] : [prompt];
    return [element.slice(0, -PROMPT.length) + prompt];
  });
  if (fits(argv)) return { argv, given: "argument" };
  const other = mode === "interactive" ? adapter.opens : adapter.stdin?.[mode];
  if (!other) throw tooLong(adapter, prompt);
  return { argv: filled(other, options), given: elsewhere };
}

/** The argument list with what stands for options and prompt put in. */
function filled(
  template: readonly string[],
  options: readonly string[],
  prompted: (element: string) => string[] = () => [],
): string[] {
  return template.flatMap((element) => {
    if (element === OPTIONS) return options;
    return takesPrompt(element) ? prompted(element) : [element];
  });
}

/** The element in whose place, or at whose end, the prompt stands. */
export function takesPrompt(element: string): boolean {
  return element === PROMPT || element.endsWith(`=${PROMPT}`);
}

/** Without a prompt: only where we know that the harness then waits for one. */
function opened(adapter: Adapter, mode: LaunchMode, options: readonly string[]): string[] {
  if (mode === "interactive" && adapter.opens) return filled(adapter.opens, options);
  throw new CovenError(
    "invalid_request",
    `${adapter.label} can't be started without a prompt${mode === "interactive" ? "" : " in this mode"}.`,
    {
      field: "withoutPrompt",
      harness: adapter.id,
      hint: `coven run ${adapter.id} 'your task'`,
    },
  );
}

/** The refusal of `launchMode` `stream`. */
export function cannotStream({ id, label }: { readonly id: string; readonly label: string }): CovenError {
  return new CovenError("invalid_request", `${label} can't print what it does as lines of JSON.`, {
    field: "launchMode",
    harness: id,
    hint: "use launchMode nonInteractive, or another harness",
  });
}

/** Throws `invalid_request` for a prompt with a NUL: it would end an argument early and silently. */
export function refuseNul(prompt: string): void {
  if (!prompt.includes("\0")) return;
  throw new CovenError(
    "invalid_request",
    "The prompt holds a NUL character, which no program can be given.",
    {
      member: "prompt",
    },
  );
}

function tooLong({ id, label }: Adapter, prompt: string): CovenError {
  const bytes = Buffer.byteLength(prompt);
  return new CovenError(
    "invalid_request",
    `The prompt is ${bytes} bytes long; this system hands a program at most ${MOST_ARGUMENT_BYTES} as an argument, and ${label} has no other way. Put it in a file and name the file.`,
    { member: "prompt", harness: id, bytes, limit: MOST_ARGUMENT_BYTES },
  );
}
