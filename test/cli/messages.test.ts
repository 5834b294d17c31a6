// Holds everything a person can be told against one table, and what is printed against what a terminal could be made to do.
import { describe, expect, test } from "bun:test";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { harmless } from "../../src/cli/ui/text.ts";
import { commandLine } from "../support/command-line.ts";
import { everythingSaid } from "../support/said.ts";
import { MESSAGES } from "./messages.ts";
import { CONTROLS, HOSTILE } from "./sample.ts";

const row = (file: string, says: string, tries: string) => `${file}: ${says}  Try: ${tries}`;

test("every message stands in the table, and the table holds no other", () => {
  const said = everythingSaid().map((one) => row(one.file, one.message, one.tries));
  const known = MESSAGES.map((one) => row(...one));
  // New here? Read it as somebody who knows nothing of the code: what happened, what to do. Then put it into messages.ts.
  expect(said.filter((one) => !known.includes(one))).toEqual([]);
  // Gone from the source: take it out of messages.ts.
  expect(known.filter((one) => !said.includes(one))).toEqual([]);
});

describe("each is a sentence for a stranger", () => {
  for (const [file, says, tries] of MESSAGES) {
    test(row(file, says, tries), () => {
      // No words of the workshop.
      expect(says).not.toMatch(/\b(undefined|null|NaN|errno|ENOENT|exception|stack|invalid argument)\b/i);
      expect(says).toMatch(/^[A-Z…\-'"(]|^(coven|sacrifice|attach|cursor|cols)\b/);
      // An error of the command line says what to try; what its code decides is held in error-hints.test.ts.
      if (tries !== "")
        expect(tries).toMatch(/coven|--|…|\/help|the same|cd |ls|npm|edit|echo|look|at the file/);
    });
  }
});

describe("what is printed can do nothing to a terminal", () => {
  test("titles, paths and prompts of an enemy, through every command that lists or tells, with and without NO_COLOR", async () => {
    await using line = commandLine();
    const { home } = line;
    // A path may hold anything but NUL and slash.
    const project = join(home.base, HOSTILE.replaceAll(/[\u0000/]/g, ""));
    mkdirSync(project);
    await line.coven(["daemon", "start"]);
    const { id } = await home.client.launch({
      projectRoot: project,
      harness: "demo",
      prompt: "exit 1",
      title: HOSTILE,
      launchMode: "nonInteractive",
    });
    const ways = [
      ["sessions", "--plain"],
      ["sessions", "--all", "--json"],
      ["attach", "zzzz"],
      ["attach", HOSTILE.replaceAll("\u0000", "")],
      ["kill", id],
      ["archive", id],
      ["summon", id],
      ["doctor"],
      ["doctor", "--json"],
      ["daemon", "status"],
      ["daemon", "status", "--json"],
      ["help"],
      ["help", "run"],
      ["version"],
      ["config", "list"],
      ["logs"],
      [HOSTILE.replaceAll("\u0000", "")],
      ["run", HOSTILE.replaceAll("\u0000", ""), "x"],
      ["sacrifice", id, "--yes"],
    ];
    for (const words of ways) {
      for (const env of [{ NO_COLOR: "1" }, {}]) {
        const { out, err } = await line.coven(words, { cwd: project, env });
        const lines = `${out}${err}`.split("\n");
        expect([words, lines.filter((one) => CONTROLS.test(one))]).toEqual([words, []]);
      }
    }
  }, 30_000);

  test("harmless keeps every letter and no control", () => {
    expect(harmless(HOSTILE)).toBe("a␛[2J␛]0;x b  c d e 31mf g h");
    expect(CONTROLS.test(harmless(HOSTILE))).toBe(false);
  });
});
