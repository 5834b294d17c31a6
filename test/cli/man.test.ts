// Holds the man page: made from the table, complete, and without a warning from those who render it.

import { expect, test } from "bun:test";
import { COMMANDS } from "../../src/cli/commands/table.ts";
import { manPage } from "../../src/cli/framework/man.ts";
import { commandLine } from "../support/command-line.ts";
import { testUnless, without } from "../support/unless.ts";

async function rendered(argv: readonly string[]): Promise<{ text: string; complaints: string }> {
  const child = Bun.spawn([...argv], {
    stdin: new Blob([manPage(COMMANDS)]),
    stdout: "pipe",
    stderr: "pipe",
    env: { PATH: "/usr/bin:/bin", LC_ALL: "C.UTF-8", MANWIDTH: "80" },
  });
  const [text, complaints] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
  ]);
  expect(await child.exited).toBe(0);
  return { text: Bun.stripANSI(text).replace(/.\u0008/g, ""), complaints };
}

test("every command, flag and example of the table is in it", () => {
  const page = manPage(COMMANDS);
  const plain = page.replaceAll("\\-", "-").replaceAll("\\(aq", "'").replaceAll("\\(ti", "~");
  for (const command of COMMANDS) {
    expect(plain).toContain(`.SS coven ${command.name}`);
    for (const flag of [...command.flags, ...(command.below ?? []).flatMap((one) => one.flags)])
      expect(plain).toContain(`.B --${flag.name}`);
    for (const [line] of command.examples) expect(plain).toContain(`\\fB${line}\\fR`);
  }
  expect(page.split("\n").filter((row) => /[^\x20-\x7e]/.test(row))).toEqual([]);
});

testUnless(without("groff"))("groff with every warning on says nothing", async () => {
  const { text, complaints } = await rendered(["groff", "-ww", "-man", "-Tutf8"]);
  expect(complaints).toBe("");
  expect(text).toContain("coven run HARNESS [PROMPT...] [flags]");
});

testUnless(without("man"))("man shows it", async () => {
  const { text, complaints } = await rendered(["man", "-l", "--warnings=all", "-"]);
  expect(complaints).toBe("");
  expect(text).toContain("COVEN_HOME");
});

test("coven help --man prints it", async () => {
  await using line = commandLine();
  expect(await line.coven(["help", "--man"])).toEqual({ code: 0, out: manPage(COMMANDS), err: "" });
});
