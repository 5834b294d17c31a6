// What a command is: its definition, and what it gets once the command line is parsed.
import { isArchived, isSettled, type Session } from "../../session/session.ts";

/** Whether a session is of a kind. */
export const SESSION_KINDS = {
  session: () => true,
  "running session": (one) => !isSettled(one.status) && !one.external,
  "session that takes input": (one) =>
    !isSettled(one.status) && !one.external && one.launch_mode === "interactive",
  "settled session": (one) => isSettled(one.status),
  "settled session in the list": (one) => isSettled(one.status) && !isArchived(one),
  "archived session": isArchived,
  // Ended, and it is known by which id its agent finds the conversation again.
  conversation: (one) => isSettled(one.status) && !one.external && one.agent_session_id !== null,
} as const satisfies Record<string, (session: Session) => boolean>;

/** What completions offer for the value of a flag, or in the place of an argument. */
export type Completes = SessionKind | "harness" | "directory" | "command" | readonly string[];

/** Which sessions a command can be used on. */
export type SessionKind = keyof typeof SESSION_KINDS;

/** One `--flag`. */
export interface Flag {
  /** Without the dashes. */
  readonly name: string;
  /** The name of its value in usage lines (`DIR`); absent for a flag that is on or off. */
  readonly takes?: string;
  /**
   * Its value may be left out: whether the next word is one. `before`: the words before it that are no flags. A value behind `=` always is.
   */
  readonly mayTake?: (next: string, before: readonly string[]) => boolean;
  /** May be given again and again (`flagValues`). */
  readonly repeats?: true;
  /** One short line. */
  readonly summary: string;
  /** Only named on the command's page, to leave room there: `coven help COMMAND --all` says what it does. */
  readonly seldom?: true;
  readonly completes?: Completes;
}

/** One word in a fixed place. */
export interface Argument {
  readonly name: string;
  /** What to write in a `Try:` line in its place. */
  readonly sample: string;
  readonly optional?: true;
  /** May be left out where this flag is given. */
  readonly unless?: string;
  /** Takes this word and all that follow. Only the last argument may. */
  readonly rest?: true;
  readonly completes?: Completes;
}

/** What a command is asked to do. */
export interface Invocation {
  /** `daemon status`: the path of words that named the command. */
  readonly name: string;
  readonly words: readonly string[];
  /** Flags that were given: their value, or true for one without. */
  readonly flags: Readonly<Record<string, string | true>>;
}

/** Does the work; resolves to the process's exit code. Throws `Failure` or `CovenError` to end with `Error:`/`Try:`. */
export type Run = (invocation: Invocation, line: CommandLine) => Promise<number>;

/** The command line itself, for commands that list others or run them. */
export interface CommandLine {
  readonly commands: readonly Command[];
  /** Runs what the words ask for and reports what went wrong; resolves to the exit code. */
  perform(argv: readonly string[]): Promise<number>;
}

/** One command. Help, parsing, suggestions, completions and the man page are all read from it. */
export interface Command {
  readonly name: string;
  /** One line without a full stop. */
  readonly summary: string;
  /** Its exit code is an agent's: errors of ours have codes that can be told from it. */
  readonly leavesAsAgent?: true;
  /** Only named in the overview, which has room for 24 lines. */
  readonly seldom?: true;
  /** What to know beyond the summary; at most five lines of 78 columns. */
  readonly about: readonly string[];
  /** A command line and what it does. The first is the most common use. */
  readonly examples: readonly (readonly [line: string, does: string])[];
  readonly args: readonly Argument[];
  readonly flags: readonly Flag[];
  /** The commands below this one: `daemon start` below `daemon`, which does nothing by itself; `sessions`, which has a `load`, does. */
  readonly below: readonly Command[];
  /** Loads only what this command needs: start-up time is paid per import. Undefined where a command below has to be named. */
  readonly load: (() => Promise<Run>) | undefined;
}

/** A command without the members that would be empty. */
export interface Definition extends Partial<Omit<Command, "below">> {
  readonly name: string;
  readonly summary: string;
  readonly below?: readonly Definition[];
}

/** Completes a definition. */
export function command({ below = [], ...definition }: Definition): Command {
  return {
    about: [],
    examples: [],
    args: [],
    flags: [],
    load: undefined,
    ...definition,
    below: below.map(command),
  };
}

/** A flag with its value as usage shows it: `--title TEXT`, `--worktree [BRANCH]`. */
export function shownFlag({ name, takes, mayTake }: Flag): string {
  if (takes === undefined) return `--${name}`;
  return mayTake ? `--${name} [${takes}]` : `--${name} ${takes}`;
}

/** The value of a flag that takes one. */
export function flagValue(invocation: Invocation, flag: string): string | undefined {
  const value = invocation.flags[flag];
  return typeof value === "string" ? value : undefined;
}

/** Between the values of a flag that was given again: no argument of a program holds one. */
export const BETWEEN_VALUES = "\0";

/** The values of a flag that may be given again and again, in order. */
export function flagValues(invocation: Invocation, flag: string): readonly string[] {
  return flagValue(invocation, flag)?.split(BETWEEN_VALUES) ?? [];
}

/** Whether a flag was given, with a value or without. */
export function has(invocation: Invocation, flag: string): boolean {
  return invocation.flags[flag] !== undefined;
}

/** The word in a place; "" cannot happen for a required one, because parsing refused it. */
export function word(invocation: Invocation, place: number): string {
  return invocation.words[place] ?? "";
}
