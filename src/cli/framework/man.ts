// The man page, made from the command table: `coven help --man | man -l -`.
import { COVEN_VERSION } from "../../version.ts";
import { type Command, type Flag, shownFlag } from "./command.ts";
import { usage } from "./help.ts";

/** The page in man(7) macros; the same for the same version. */
export function manPage(table: readonly Command[]): string {
  return [
    `.TH COVEN 1 "" "coven ${roff(COVEN_VERSION)}" "User Commands"`,
    ".SH NAME",
    "coven \\- run coding agents in the background and keep every byte they print",
    ".SH SYNOPSIS",
    ".B coven",
    ".br",
    ".B coven",
    ".I command",
    "[\\fIargument\\fR ...] [\\fIflags\\fR]",
    ".SH DESCRIPTION",
    ...paragraph(
      "coven starts coding agents (codex, claude and others) in pseudo-terminals that belong to a daemon of yours. " +
        "Closing the terminal ends no session: come back with coven attach.",
    ),
    ".PP",
    ...paragraph(
      "At a terminal, coven alone opens a palette: plain text is a task, a slash begins a command.",
    ),
    ".SH COMMANDS",
    ...table.flatMap(section),
    ".SH EXIT STATUS",
    ...item("0", "It worked."),
    ...item("1", "It did not; standard error says why, and what to try."),
    ...item("2", "The command line made no sense."),
    ...item("124", "coven run --timeout: it took longer, and was ended."),
    ...item("3", "coven daemon status --check: no daemon answers."),
    ...item("other", "coven run and coven attach leave with the harness's own code, 128+n for a signal."),
    ".SH ENVIRONMENT",
    ...item("COVEN_HOME", "Where everything is kept; an absolute path. Default: ~/.coven"),
    ...item("NO_COLOR, FORCE_COLOR", "No colour, or colour also where there is no terminal. NO_COLOR wins."),
    ...item("COVEN_DEBUG", "Show where in the program an error happened."),
    ".SH FILES",
    ...item("~/.coven/coven.db", "The ledger: sessions and all their output."),
    ...item("~/.coven/config.toml", "Settings, see coven config."),
    ...item("~/.coven/harnesses/NAME.json", "Harnesses of your own."),
    ...item("~/.coven/palette-history.jsonl", "Lines typed into the palette."),
    ...item("~/.coven/logs/daemon.log", "What the daemon noted; never output or input."),
    "",
  ].join("\n");
}

function section(command: Command): string[] {
  const flags = [
    ...command.flags.map((flag) => ({ flag, of: "" })),
    ...command.below.flatMap((one) => one.flags.map((flag) => ({ flag, of: `${one.name}: ` }))),
  ];
  return [
    `.SS ${roff(usage(command))}`,
    ...paragraph(`${command.summary}. ${command.about.join(" ")}`.trim()),
    ...command.below.flatMap((one) => item(`${command.name} ${one.name}`, `${one.summary}.`)),
    ...flags.flatMap(({ flag, of }) => item(flagText(flag), `${of}${flag.summary}`)),
    ".PP",
    ".nf",
    ...command.examples.map(([line, does]) => `\\fB${roff(line)}\\fR    ${roff(does)}`),
    ".fi",
  ];
}

function flagText(flag: Flag): string {
  return shownFlag(flag);
}

function item(term: string, text: string): string[] {
  return [".TP", `.B ${roff(term)}`, ...paragraph(text)];
}

function paragraph(text: string): string[] {
  return [roff(text)];
}

/** Text as roff takes it literally: no escapes, no requests, hyphens that can be copied into a shell. */
function roff(text: string): string {
  const escaped = text.replaceAll("\\", "\\e").replaceAll("-", "\\-").replaceAll("'", "\\(aq").replaceAll("~", "\\(ti").replaceAll("^", "\\(ha").replaceAll("`", "\\(ga"); // biome-ignore format: one list
  return /^[.']/.test(escaped) ? `\\&${escaped}` : escaped;
}
