// A harness that prints to deceive: its bytes go to the terminal that attached for them, and nowhere else. What we print in
// our own words (tables, logs, prompts, errors, windows titles) carries none of its control characters.
import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { commandLine } from "../support/command-line.ts";
import { until } from "../support/until.ts";

/** Clears the screen, sets the clipboard, sets and asks for the title, rings, reverses, moves, C1 as UTF-8, a link. */
const EVIL =
  "\u001b[2J\u001b]52;c;b3duZWQ=\u0007\u001b]0;$(touch owned)\u0007\u001b[21t\u0007\u202egnp\u001b[1;1H\u009b31m\u0090q\u009c\u001b]8;;http://evil\u0007x";

/** Control characters, and what turns the reading direction; LF stays, it ends our own lines. */
const OBEYED = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]/;

test("escape sequences in titles, output, names and errors reach no table, log, prompt or message", async () => {
  await using line = commandLine();
  line.home.script(
    "codex",
    'case "$1" in login|--version) exit;; esac; printf \'%s\' "$COVEN_TEST_EVIL"; exec sleep 600',
  );
  await line.home.start();
  const env = { COVEN_TEST_EVIL: EVIL };
  const launched = await line.home.client.launch({
    projectRoot: line.home.project,
    harness: "codex",
    prompt: EVIL,
    title: `a ${EVIL} b`,
    env,
  });
  await until("it printed", () => {
    const db = readFileSync(`${line.home.paths.ledger}-wal`);
    return db.includes("b3duZWQ=");
  });
  const id = launched.id;
  const own: string[][] = [
    ["sessions"],
    ["sessions", "--plain"],
    ["sessions", "--all"],
    ["daemon", "status"],
    ["daemon", "stop"],
    ["logs"],
    ["logs", "--json"],
    ["doctor"],
    ["kill", EVIL],
    ["attach", `${id.slice(0, 6)}${EVIL}`],
    ["run", EVIL, "x"],
    ["run", "codex", "x", "--cwd", EVIL],
    [EVIL],
    ["help", EVIL],
    ["config", "set", EVIL, EVIL],
    ["logs", "--session", EVIL],
    ["export", id, "--format", EVIL],
    ["sacrifice", id],
    ["archive", id],
  ];
  for (const words of own) {
    const { out, err } = await line.coven(words);
    expect({ words, bad: OBEYED.exec(out + err)?.[0] }).toEqual({ words, bad: undefined });
  }
  // JSON escapes what it holds: a program gets the title as it is.
  const { out } = await line.coven(["sessions", "--json"]);
  expect(JSON.parse(out).sessions[0].title).toContain("\u001b[2J");
  expect(OBEYED.exec(readFileSync(line.home.paths.log, "utf8"))).toBeNull();
}, 60_000);

test("a title is never read back into the program, and a clipboard read is answered with an empty one", async () => {
  await using line = commandLine();
  // Whatever the terminal answers is echoed by `cat -v`, so that it shows in the output.
  line.home.script(
    "codex",
    // Raw: answers are read as bytes, and none may be echoed.
    "stty raw -echo; printf '\\033]0;rm -rf\\007\\033[21t\\033]52;c;?\\007\\033[c'; timeout --foreground 1 cat -v",
  );
  await line.home.start();
  const { id } = await line.home.client.launch({
    projectRoot: line.home.project,
    harness: "codex",
    prompt: "x",
  });
  const { out } = await line.coven(["attach", id]);
  // DA1 is asked last: its answer says that the others are through.
  expect(out).toContain("^[[?");
  expect(out.replaceAll("\u001b]0;rm -rf\u0007", "")).not.toContain("rm -rf");
  expect(out).toContain("^[]52;c;^G");
});
