// The candidates for the word at the cursor, from the command table: the hidden `coven __complete WORDS…` of every shell.
// It answers from the command table, the disk and a daemon that runs already; it never starts one and never fails.
import { isSettled, type Session } from "../../session/session.ts";
import { type Argument, type Command, type Completes, type Flag, SESSION_KINDS } from "./command.ts";
import { tokens } from "./parse.ts";

/** One thing that may stand there, and a few words about it. */
export interface Candidate {
  readonly value: string;
  readonly about: string;
}

/** What completing needs to know beyond the table; each is asked only where it is needed. */
export interface Sources {
  /** Every session, newest first; empty where no daemon answers at once. */
  sessions(): Promise<readonly Session[]>;
  harnesses(): Promise<readonly Candidate[]>;
}

/** Directories are the shell's own business. */
export const DIRECTORIES = "directories";

/** What may replace the last word, which may be empty. The words are those after `coven`. */
export async function candidates(
  words: readonly string[],
  table: readonly Command[],
  sources: Sources,
): Promise<readonly Candidate[] | typeof DIRECTORIES> {
  if (words[0] === "-C" && words.length === 2) return DIRECTORIES;
  const { before, current, bare } = read(words[0] === "-C" ? words.slice(2) : words);
  const found = commandOf(before, table);
  if (!found && before.length > 0) return [];
  if (!found)
    return current.startsWith("-") ? matching(GLOBAL, current) : matching(table.map(named), current);
  const { command, rest } = found;
  if (command.below.length > 0 && !current.startsWith("-"))
    return matching(command.below.map(named), current);

  const typed = Array.from(tokens(rest, command.flags));
  const last = typed.at(-1);
  if (
    last?.kind === "flag" &&
    last.flag?.takes !== undefined &&
    !last.flag.mayTake &&
    last.value === undefined
  ) {
    return ofKind(last.flag.completes, current);
  }
  if (current.startsWith("-") && !typed.some((one) => one.kind === "end")) {
    const equals = /^--([^=]+)=(.*)$/s.exec(current);
    if (!equals) {
      const given = typed.map((one) => (one.kind === "flag" ? one.flag : undefined));
      return matching([...command.flags.filter((one) => !given.includes(one)).map(dashed), ...HELP], current);
    }
    const flag = command.flags.find((one) => one.name === equals[1]);
    const values = await ofKind(flag?.completes, equals[2] ?? "");
    if (values === DIRECTORIES || bare) return values;
    return values.map((one) => ({ ...one, value: `--${equals[1]}=${one.value}` }));
  }
  const place = typed.filter((one) => one.kind === "word").length;
  const argument: Argument | undefined = command.args[Math.min(place, command.args.length - 1)];
  if (!argument || (place >= command.args.length && !argument.rest)) return [];
  return ofKind(argument.completes, current);

  async function ofKind(
    kind: Completes | undefined,
    typed: string,
  ): Promise<readonly Candidate[] | typeof DIRECTORIES> {
    if (kind === undefined) return [];
    if (kind === "directory") return DIRECTORIES;
    if (kind === "harness") return matching(await sources.harnesses(), typed);
    if (kind === "command") return matching(table.map(named), typed);
    if (typeof kind !== "string") {
      const values = kind.map((value) => ({ value, about: "" }));
      return matching(values, typed);
    }
    const all = await sources.sessions();
    const fitting = all.filter(SESSION_KINDS[kind]);
    return matching([...namesOf(fitting, all), ...fitting.map((one) => described(one, all))], typed);
  }
}

const HELP: readonly Candidate[] = [{ value: "--help", about: "Show its help" }];
const GLOBAL: readonly Candidate[] = [...HELP, { value: "--version", about: "Show the version" }];

/** The words before the last, and the last. bash cuts `--flag=value` into three; then a candidate is the value alone. */
function read(words: readonly string[]): { before: string[]; current: string; bare: boolean } {
  const all = [...words];
  const current = all.pop() ?? "";
  if (current === "=" && all.at(-1)?.startsWith("--"))
    return { before: all.slice(0, -1), current: `${all.at(-1)}=`, bare: true };
  if (all.at(-1) === "=" && all.at(-2)?.startsWith("--")) {
    return { before: all.slice(0, -2), current: `${all.at(-2)}=${current}`, bare: true };
  }
  return { before: all, current, bare: false };
}

function commandOf(
  before: readonly string[],
  table: readonly Command[],
): { command: Command; rest: readonly string[] } | undefined {
  const command = table.find((one) => one.name === before[0]);
  if (!command) return undefined;
  const below = command.below.find((one) => one.name === before[1]);
  return below ? { command: below, rest: before.slice(2) } : { command, rest: before.slice(1) };
}

function matching(all: readonly Candidate[], typed: string): readonly Candidate[] {
  return all.filter((one) => one.value.startsWith(typed));
}

function named({ name, summary }: Command): Candidate {
  return { value: name, about: summary };
}

function dashed({ name, summary }: Flag): Candidate {
  return { value: `--${name}`, about: summary };
}

const SHORT = 8;

/** Names that stand for these, each once: the one that has not ended, else the newest. */
function namesOf(fitting: readonly Session[], all: readonly Session[]): Candidate[] {
  return fitting.flatMap((one) => {
    const called = one.name ? all.filter(({ name }) => name === one.name) : [];
    const meant = called.find(({ status }) => !isSettled(status)) ?? called[0];
    return one.name && meant === one ? [{ value: one.name, about: aboutOf(one) }] : [];
  });
}

function aboutOf({ status, harness, title }: Session): string {
  return `${status}  ${harness}  ${title}`;
}

/** The short id where it is no other's too. */
function described(one: Session, all: readonly Session[]): Candidate {
  const short = one.id.slice(0, SHORT);
  const shared = all.some((other) => other !== one && other.id.startsWith(short));
  return { value: shared ? one.id : short, about: aboutOf(one) };
}
