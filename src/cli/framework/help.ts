// The text of `coven help`: the overview and a page for each command, made from the table.
import { UsageError } from "../ui/failure.ts";
import { nearest } from "../ui/nearest.ts";
import { pairs } from "../ui/table.ts";
import { quoted } from "../ui/text.ts";
import { wrapped } from "../ui/width.ts";
import { type Command, type Flag, shownFlag } from "./command.ts";

/**
 * The table's text for a topic (`[]`, `["run"]`, `["daemon","stop"]`), at most 24 lines of 80 columns. `all`: a command's
 * usage and every flag it has, and nothing else, in as many lines as it takes. Throws `UsageError`.
 */
export function helpText(topic: readonly string[], commands: readonly Command[], all = false): string {
  const [name, ...below] = topic;
  if (name === undefined) return overview(commands);
  const command = commands.find((one) => one.name === name);
  // The page of a command also lists those below it; a word that names none of them is refused.
  const [second] = below;
  const names = (command ? command.below : commands).map((one) => one.name);
  if (!command || (second !== undefined && !names.includes(second)) || below.length > 1) {
    const typed = topic.slice(0, command ? 2 : 1).join(" ");
    const guess = nearest(command ? (second ?? "") : name, names);
    const full = command ? `${name} ${guess}` : guess;
    throw new UsageError(`There is no command ${quoted(typed)} to help with.`, [
      ...(guess ? [`coven help ${full}`] : []),
      "coven help",
    ]);
  }
  return all ? everyFlag(command) : page(command);
}

function overview(commands: readonly Command[]): string {
  return lines([
    "coven runs coding agents in the background and keeps every byte they print.",
    "",
    ...pairs([
      ["coven run demo 'say hello'", "try it: no agent needed"],
      ["coven run codex fix the tests", "an agent in this project"],
    ]),
    "",
    // The last line says it of help; the version is asked for by --version.
    ...pairs(
      commands
        .filter(({ name, seldom }) => !seldom && name !== "help" && name !== "version")
        .map(({ name, summary }) => [name, summary]),
      "  ",
      2,
    ),
    "",
    ...wrapped(
      `Also: ${commands.flatMap(({ name, seldom }) => (seldom ? [name] : [])).join(", ")}`,
      PAGE_COLUMNS,
    ),
    "coven help COMMAND: examples. coven -C DIR: as if started there. Files: ~/.coven",
  ]);
}

function everyFlag(command: Command): string {
  const flags = flagsOf(command);
  return lines([`Usage: ${usage(command)}`, ...(flags.length > 0 ? ["", ...pairs(merged(flags))] : [])]);
}

function flagsOf(command: Command): readonly (Flag & { readonly of?: string })[] {
  return [
    ...command.flags,
    ...command.below.flatMap((one) => one.flags.map((flag) => ({ ...flag, of: one.name }))),
  ];
}

const PAGE_COLUMNS = 80;

function page(command: Command): string {
  const every = flagsOf(command);
  const flags = every.filter((flag) => !flag.seldom);
  const seldom = every.filter((flag) => flag.seldom).map((flag) => `--${flag.name}`);
  const also = `Also ${seldom.join(" ")} (coven help ${command.name} --all).`;
  return lines([
    `${command.summary}.`,
    "",
    ...pairs(command.examples),
    "",
    `Usage: ${usage(command)}`,
    ...(command.about.length > 0 ? ["", ...command.about] : []),
    ...(command.below.length > 0 ? ["", ...pairs(command.below.map((one) => [one.name, one.summary]))] : []),
    ...(flags.length > 0 ? ["", ...pairs(merged(flags))] : []),
    ...(seldom.length > 0 ? wrapped(also, PAGE_COLUMNS - 4).map((line) => `  ${line}`) : []),
  ]);
}

/** Flags as rows; one that several commands below share is shown once, with their names. */
function merged(flags: readonly (Flag & { readonly of?: string })[]): [string, string][] {
  const rows = new Map<string, { summary: string; own: boolean; of: string[] }>();
  for (const flag of flags) {
    const shown = shownFlag(flag);
    const row = rows.get(shown) ?? { summary: flag.summary, own: flag.of === undefined, of: [] };
    if (flag.of !== undefined) row.of.push(flag.of);
    rows.set(shown, row);
  }
  return [...rows].map(([shown, row]) => [
    shown,
    row.of.length > 0 && !row.own ? `${row.of.join(", ")}: ${row.summary}` : row.summary,
  ]);
}

function lines(text: readonly string[]): string {
  return `${text.join("\n")}\n`;
}

/** `coven run HARNESS PROMPT... [flags]`. */
export function usage(command: Command): string {
  const args = command.args.map((arg) => {
    const named = arg.name.toUpperCase() + (arg.rest ? "..." : "");
    return arg.optional ? `[${named}]` : named;
  });
  const names = command.below.map((one) => one.name).join("|");
  // One that has a doing of its own needs none of them.
  const below = names === "" ? [] : [command.load ? `[${names}]` : names];
  const anyFlags = command.flags.length > 0 || command.below.some((one) => one.flags.length > 0);
  return ["coven", command.name, ...below, ...args, ...(anyFlags ? ["[flags]"] : [])].join(" ");
}
