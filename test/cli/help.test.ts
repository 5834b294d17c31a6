// Holds the help pages: they fit a small terminal, are the same from both forms, and name every flag.
import { expect, test } from "bun:test";
import { COMMANDS } from "../../src/cli/commands/table.ts";
import { helpText } from "../../src/cli/framework/help.ts";
import { widthOf } from "../../src/cli/ui/width.ts";
import { commandLine } from "../support/command-line.ts";

const TOPICS = [
  [],
  ...COMMANDS.flatMap((one) => [[one.name], ...(one.below ?? []).map((b) => [one.name, b.name])]),
];

for (const topic of TOPICS) {
  test(`coven help ${topic.join(" ")}: at most 24 lines of 80 columns`, () => {
    for (const all of [false, true]) {
      const lines = helpText(topic, COMMANDS, all).trimEnd().split("\n");
      // A page fits the smallest window; every flag that there is was asked for, and `run` has many.
      expect(lines.length).toBeLessThanOrEqual(all ? 40 : 24);
      expect(lines.filter((line) => widthOf(line) > 80 || /\s$/.test(line))).toEqual([]);
    }
  });
}

test("a page shows examples before flags, and every flag of the table", () => {
  for (const command of COMMANDS) {
    const text = helpText([command.name], COMMANDS);
    const [example] = command.examples;
    expect(example).toBeDefined();
    expect(text.indexOf(example?.[0] ?? "?")).toBeGreaterThan(0);
    for (const flag of [...command.flags, ...(command.below ?? []).flatMap((one) => one.flags)]) {
      expect(text.indexOf(`--${flag.name}`)).toBeGreaterThan(0);
      expect(flag.seldom ? helpText([command.name], COMMANDS, true) : text).toContain(flag.summary);
    }
  }
});

test("both forms print the same text on stdout and exit 0; alone coven exits 2 with help on stderr", async () => {
  await using line = commandLine();
  for (const name of ["run", "daemon"]) {
    const [long, short] = await Promise.all([line.coven(["help", name]), line.coven([name, "--help"])]);
    expect(long).toEqual({ code: 0, out: helpText([name], COMMANDS), err: "" });
    expect(short).toEqual(long);
  }
  expect(await line.coven([])).toEqual({ code: 2, out: "", err: helpText([], COMMANDS) });
});

test("--all shows what each flag does, also those that a page only names", async () => {
  await using line = commandLine();
  const { out } = await line.coven(["help", "run", "--all"]);
  expect(out).toBe(helpText(["run"], COMMANDS, true));
  expect(out).toContain("--model NAME");
  expect(helpText(["run"], COMMANDS)).toMatch(/Also .*--model .*\(coven help\s+run --all\)/s);
});

test("help for what isn't there is refused with a guess", () => {
  expect(() => helpText(["sesions"], COMMANDS)).toThrow("There is no command sesions to help with.");
  expect(() => helpText(["daemon", "stp"], COMMANDS)).toThrow(
    "There is no command 'daemon stp' to help with.",
  );
  expect(() => helpText(["run", "codex"], COMMANDS)).toThrow();
});
