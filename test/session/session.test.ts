// What a record says: the final status of a run, and its title.
import { expect, test } from "bun:test";
import { settlementOf, titleOf } from "../../src/session/session.ts";

const endings: [
  name: string,
  exitCode: number | null,
  signal: string | null,
  killed: boolean,
  status: string,
  code: number | null,
][] = [
  ["exit 0 is completed", 0, null, false, "completed", 0],
  ["any other exit code is failed", 3, null, false, "failed", 3],
  ["a signal that was not ours is failed", null, "SIGSEGV", false, "failed", null],
  ["our kill is killed", null, "SIGHUP", true, "killed", null],
  ["our kill is killed, also when the harness tidied up and left with 0", 0, null, true, "killed", 0],
  ["a signal leaves no exit code, whatever the driver said", 0, "SIGKILL", false, "failed", null],
];

for (const [name, exitCode, signal, killed, status, code] of endings) {
  test(name, () => {
    expect(settlementOf({ exitCode, signal }, killed)).toEqual({
      status: status as "killed",
      exitCode: code,
      signal,
    });
  });
}

const titles: [name: string, title: string | undefined, prompt: string, expected: string][] = [
  ["as given", "Fix the build", "whatever", "Fix the build"],
  ["as given, also when long", "x".repeat(200), "whatever", "x".repeat(200)],
  ["a blank one is none", "  ", "say hi", "say hi"],
  ["the prompt's first line", undefined, "first\r\nsecond", "first"],
  ["leading blank lines do not count", undefined, "\n\n  first\nsecond", "first"],
  ["48 code points stay", undefined, "😀".repeat(48), "😀".repeat(48)],
  ["49 are cut, with the ellipsis counted", undefined, "😀".repeat(49), `${"😀".repeat(47)}…`],
];

for (const [name, title, prompt, expected] of titles) {
  test(`title: ${name}`, () => {
    expect(titleOf(title, prompt)).toBe(expected);
  });
}
