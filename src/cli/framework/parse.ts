// Command lines. Pure: reads the table, and refuses what it does not know with what to type instead.
import { UsageError } from "../ui/failure.ts";
import { nearest } from "../ui/nearest.ts";
import { quoted } from "../ui/text.ts";
import { BETWEEN_VALUES, type Command, type Flag, type Invocation, type Run } from "./command.ts";

/** What the words ask for. */
export type Decision =
  | { readonly kind: "help"; readonly topic: readonly string[] }
  | { readonly kind: "nothing" }
  | { readonly kind: "run"; readonly load: () => Promise<Run>; readonly invocation: Invocation };

/**
 * Reads argv (without the program) strictly. `--` ends the flags; `--flag value` and `--flag=value` are the same;
 * flags may stand anywhere before `--`. Throws `UsageError` (exit 2) with what to type instead.
 */
export function parse(argv: readonly string[], table: readonly Command[]): Decision {
  const [first, ...others] = argv;
  if (first === undefined) return { kind: "nothing" };
  if (first === "--help" || first === "-h") return { kind: "help", topic: [] };
  if (first === "--version" || first === "-v") return parse(["version"], table);
  if (first.startsWith("-")) {
    throw new UsageError(`coven itself has no flag ${quoted(first)}; flags follow the command.`, [
      "coven help",
    ]);
  }
  const command = find(first, table, "coven");
  if (command.below.length === 0) return read(command, command.name, others);
  const [second, ...rest] = others;
  // `coven sessions` does something by itself as well.
  if (command.load && (second === undefined || second.startsWith("-"))) {
    return read(command, command.name, others);
  }
  if (second === undefined || wantsHelp(others)) return { kind: "help", topic: [command.name] };
  return read(find(second, command.below, `coven ${command.name}`), `${command.name} ${second}`, rest);
}

/** Words that other tools have for what a command here does, and that command. A name in the table goes first. */
const MEANT: Readonly<Record<string, readonly string[]>> = {
  ls: ["coven sessions"],
  list: ["coven sessions"],
  ps: ["coven sessions --status live"],
  status: ["coven sessions   (what runs)", "coven daemon status"],
  top: ["coven sessions"],
  rm: ["coven archive ID   (hides it and keeps everything)", "coven sacrifice ID   (deletes it for good)"],
  remove: [
    "coven archive ID   (hides it and keeps everything)",
    "coven sacrifice ID   (deletes it for good)",
  ],
  delete: ["coven sacrifice ID   (deletes it for good)"],
  stop: ["coven kill ID   (one session)", "coven daemon stop   (the daemon)"],
  start: ["coven run codex 'your task'", "coven daemon start   (the daemon)"],
  new: ["coven run codex 'your task'"],
  open: ["coven attach ID"],
  log: ["coven logs ID   (what a session printed)", "coven logs   (what the daemon did)"],
  restart: ["coven daemon restart"],
};

function find(typed: string, table: readonly Command[], path: string): Command {
  const command = table.find((one) => one.name === typed);
  if (command) return command;
  const meant = path === "coven" && Object.hasOwn(MEANT, typed) ? MEANT[typed] : undefined;
  if (meant) throw new UsageError(`${path} has no command ${quoted(typed)}.`, meant);
  const guess = nearest(typed, table.map((one) => one.name)); // biome-ignore format: one thought
  const topic = path === "coven" ? "coven help" : path.replace("coven", "coven help");
  throw new UsageError(
    `${path} has no command ${quoted(typed)}.`,
    guess ? [`${path} ${guess}`, topic] : [topic],
  );
}

function wantsHelp(words: readonly string[]): boolean {
  const end = words.indexOf("--");
  const flags = end < 0 ? words : words.slice(0, end);
  return flags.includes("--help") || flags.includes("-h");
}

function read(command: Command, name: string, given: readonly string[]): Decision {
  // A person who asks for help gets it, whatever else is wrong with the line.
  if (wantsHelp(given) || !command.load) return { kind: "help", topic: name.split(" ") };
  const words: string[] = [];
  const flags: Record<string, string | true> = {};
  for (const token of tokens(given, command.flags)) {
    if (token.kind === "word") words.push(token.text);
    if (token.kind !== "flag") continue;
    const { flag, value, joined } = token;
    if (!flag) throw unknownFlag(command, name, token, words);
    if (flag.takes === undefined) {
      if (joined) throw new UsageError(`--${flag.name} takes no value.`, [`coven ${name} --${flag.name}`]);
      flags[flag.name] = true;
      continue;
    }
    if (flag.mayTake && value === undefined) {
      flags[flag.name] = true;
      continue;
    }
    const checked = checkedValue(flag, value, joined, name);
    const before = flag.repeats ? flags[flag.name] : undefined;
    flags[flag.name] = before === undefined ? checked : `${before}${BETWEEN_VALUES}${checked}`;
  }
  checkWords(command, name, words, flags);
  return { kind: "run", load: command.load, invocation: { name, words, flags } };
}

/** One piece of a command line, behind the command's name. */
export type Token =
  | { readonly kind: "word"; readonly text: string }
  | {
      readonly kind: "flag";
      /** As it was typed, and the same without `=VALUE`. */
      readonly text: string;
      readonly typed: string;
      /** Undefined for a flag the command does not have. */
      readonly flag: Flag | undefined;
      /** Undefined where none is taken, or the line ends before it. */
      readonly value: string | undefined;
      /** Written as `--flag=value`. */
      readonly joined: boolean;
    }
  /** The `--` after which everything is a word. */
  | { readonly kind: "end" };

/** Takes a command line apart; refuses nothing. Not `node:util.parseArgs`, which costs 0.8 ms (decision 20). */
export function* tokens(given: readonly string[], flags: readonly Flag[]): Generator<Token> {
  let isOver = false;
  const words: string[] = [];
  for (let place = 0; place < given.length; place++) {
    const text = given[place] ?? "";
    if (isOver || !text.startsWith("-") || text === "-") {
      words.push(text);
      yield { kind: "word", text };
    } else if (text === "--") {
      isOver = true;
      yield { kind: "end" };
    } else {
      const [typed = text, joined] = text.split(/=(.*)/s);
      const flag = flags.find((one) => `--${one.name}` === typed);
      const next = given[place + 1];
      const isNext =
        flag?.takes !== undefined &&
        (!flag.mayTake || (next !== undefined && !next.startsWith("-") && flag.mayTake(next, words)));
      const value = joined ?? (isNext ? given[++place] : undefined);
      yield { kind: "flag", text, typed, flag, value, joined: joined !== undefined };
    }
  }
}

function checkedValue(flag: Flag, value: string | undefined, joined: boolean, name: string): string {
  const sample = `coven ${name} --${flag.name}=${flag.takes}`;
  if (value === undefined || value === "") throw new UsageError(`--${flag.name} needs a value.`, [sample]);
  if (!joined && value.startsWith("-") && value !== "-") {
    // `--title --json` is a forgotten value far more often than a title that looks like a flag.
    throw new UsageError(`--${flag.name} needs a value, and ${quoted(value)} looks like a flag.`, [
      `coven ${name} --${flag.name}=${quoted(value)}`,
    ]);
  }
  return value;
}

function unknownFlag(
  command: Command,
  name: string,
  { text, typed }: { readonly text: string; readonly typed: string },
  words: readonly string[],
): UsageError {
  const names = command.flags.map((flag) => flag.name);
  const guess = nearest(typed.replace(/^-+/, ""), names);
  const hints = guess ? [`coven ${name} --${guess}`] : [];
  if (names.includes("arg")) {
    // Which flags an agent has, and what a prompt may hold, only the person knows.
    const harness = quoted(words[0] ?? command.args[0]?.sample ?? "");
    hints.push(`coven ${name} ${harness} --arg=${quoted(text)}   (a flag of the agent's own)`);
    hints.push(`coven ${name} ${harness} -- ${quoted(text)}   (part of the prompt)`);
  }
  hints.push(`coven help ${name}`);
  return new UsageError(`coven ${name} has no flag ${quoted(typed)}.`, hints);
}

function checkWords(
  command: Command,
  name: string,
  words: readonly string[],
  flags: Invocation["flags"],
): void {
  const sample = [
    "coven",
    name,
    ...command.args.filter((arg) => !arg.optional).map((arg) => arg.sample),
  ].join(" ");
  for (const [place, arg] of command.args.entries()) {
    const given = words[place];
    const isOptional = arg.optional || (arg.unless !== undefined && flags[arg.unless] !== undefined);
    if (given === undefined ? !isOptional : given.trim() === "" && !arg.rest) {
      throw new UsageError(`coven ${name} needs ${article(arg.name)}.`, [sample, `coven help ${name}`]);
    }
    if (arg.rest) {
      const all = words.slice(place).join(" ");
      if (!arg.optional && all.trim() === "") throw new UsageError(`The ${arg.name} is empty.`, [sample]);
      return;
    }
  }
  const extra = words[command.args.length];
  if (extra !== undefined) {
    const hint =
      command.args.length === 0 ? "takes no arguments" : `takes only ${article(command.args[0]?.name ?? "")}`;
    throw new UsageError(`coven ${name} ${hint}, and got ${quoted(extra)} as well.`, [`coven help ${name}`]);
  }
}

function article(noun: string): string {
  const named = noun === "id" ? "session id" : noun;
  return `${/^[aeiou]/.test(named) ? "an" : "a"} ${named}`;
}
