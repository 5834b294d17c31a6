// Owns what may stand where the cursor is: the hidden `coven __complete WORDS…` behind every shell's completions.
// It answers from the command table, the disk and a daemon that runs already; it never starts one and never fails.
import type { Session } from "../../session/session.ts";
import type { Argument, Command, Completes, Flag } from "./command.ts";

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

/** Which sessions a command can be used on; any other command takes each of them. */
const FITS: Readonly<Record<string, (one: Session) => boolean>> = {
  kill: (one) => !ended(one),
  send: (one) => !ended(one),
  archive: (one) => ended(one) && one.archived_at === null,
  summon: (one) => one.archived_at !== null,
  sacrifice: ended,
};

function ended(one: Session): boolean {
  return one.status !== "running" && one.status !== "created";
}

/** What may replace the last word, which may be empty. The words are those after `coven`. */
export async function candidates(
  words: readonly string[],
  table: readonly Command[],
  sources: Sources,
): Promise<readonly Candidate[] | typeof DIRECTORIES> {
  const { before, current, bare } = read(words);
  const found = commandOf(before, table);
  if (!found && before.length > 0) return [];
  if (!found)
    return current.startsWith("-") ? matching(GLOBAL, current) : matching(table.map(named), current);
  const { command, rest } = found;
  if (command.below && !current.startsWith("-")) return matching(command.below.map(named), current);

  const flags = rest.slice(0, rest.indexOf("--") < 0 ? rest.length : rest.indexOf("--"));
  const opened = rest.includes("--") ? undefined : flagNamed(command, rest.at(-1));
  if (opened?.takes !== undefined) return ofKind(opened.completes, current);
  const equals = /^--([^=]+)=(.*)$/s.exec(current);
  if (equals && !rest.includes("--")) {
    const flag = command.flags.find((one) => one.name === equals[1]);
    const values = await ofKind(flag?.completes, equals[2] ?? "");
    if (values === DIRECTORIES || bare) return values;
    return values.map((one) => ({ ...one, value: `--${equals[1]}=${one.value}` }));
  }
  if (current.startsWith("-") && !rest.includes("--")) {
    const left = command.flags.filter((one) => !flags.includes(`--${one.name}`));
    return matching([...left.map(dashed), ...HELP], current);
  }
  const place = placeOf(command, rest);
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
    if (kind !== "session")
      return matching(
        kind.map((value) => ({ value, about: "" })),
        typed,
      );
    const fits = FITS[command.name] ?? (() => true);
    const all = await sources.sessions();
    return matching(
      all.filter(fits).map((one) => described(one, all)),
      typed,
    );
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
  const below = command.below?.find((one) => one.name === before[1]);
  return below ? { command: below, rest: before.slice(2) } : { command, rest: before.slice(1) };
}

function flagNamed(command: Command, word: string | undefined): Flag | undefined {
  return command.flags.find((one) => `--${one.name}` === word);
}

/** How many words stand in places before the current one. */
function placeOf(command: Command, rest: readonly string[]): number {
  let place = 0;
  for (let at = 0; at < rest.length; at++) {
    const word = rest[at] ?? "";
    if (word === "--") return place + rest.length - at - 1;
    if (!word.startsWith("-") || word === "-") place += 1;
    else if (flagNamed(command, word)?.takes !== undefined) at += 1;
  }
  return place;
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

/** The short id where it is no other's too. */
function described(one: Session, all: readonly Session[]): Candidate {
  const short = one.id.slice(0, SHORT);
  const shared = all.some((other) => other !== one && other.id.startsWith(short));
  return { value: shared ? one.id : short, about: `${one.status}  ${one.harness}  ${one.title}` };
}
