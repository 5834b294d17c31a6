// Holds the parser: one line per case, words in, decision or refusal out.
import { describe, expect, test } from "bun:test";
import { COMMANDS } from "../../src/cli/commands/table.ts";
import { parse } from "../../src/cli/framework/parse.ts";
import { Failure } from "../../src/cli/ui/failure.ts";

/** `name | words | flags` of what would run, or what else is asked. */
function decided(line: readonly string[]): string {
  const decision = parse(line, COMMANDS);
  if (decision.kind === "help") return `help ${decision.topic.join(" ")}`.trimEnd();
  if (decision.kind !== "run") return decision.kind;
  const { name, words, flags } = decision.invocation;
  const shown = Object.entries(flags).map(([flag, value]) => (value === true ? flag : `${flag}=${value}`));
  return [name, words.join("·"), shown.join(",")].join(" | ");
}

function refused(line: readonly string[]): Failure {
  try {
    parse(line, COMMANDS);
  } catch (error) {
    if (error instanceof Failure) return error;
    throw error;
  }
  throw new Error(`accepted: ${line.join(" ")}`);
}

const ACCEPTED: readonly (readonly [line: readonly string[], decision: string])[] = [
  [[], "nothing"],
  [["--help"], "help"],
  [["-h"], "help"],
  [["--version"], "version |  | "],
  [["-v", "more"], "version |  | "],
  [["help"], "help |  | "],
  [["help", "run"], "help | run | "],
  [["run", "--help"], "help run"],
  [["run", "codex", "-h"], "help run"],
  [["run", "--nonsense", "--help"], "help run"],
  [["daemon"], "help daemon"],
  [["daemon", "--help"], "help daemon"],
  [["daemon", "stop", "--help"], "help daemon"],
  [["run", "codex", "fix it"], "run | codex·fix it | "],
  [["run", "codex", "fix", "the", "tests"], "run | codex·fix·the·tests | "],
  [["run", "codex", "fix", "--detach", "it"], "run | codex·fix·it | detach"],
  [["run", "--title", "T", "codex", "x"], "run | codex·x | title=T"],
  [["run", "codex", "x", "--title=a=b"], "run | codex·x | title=a=b"],
  [["run", "codex", "x", "--title=--json"], "run | codex·x | title=--json"],
  [["run", "codex", "x", "--title", "a", "--title", "b"], "run | codex·x | title=b"],
  [["run", "codex", "--", "--help", "me"], "run | codex·--help·me | "],
  [["run", "--json", "--", "codex", "--", "x"], "run | codex·--·x | json"],
  [["run", "codex"], "run | codex | "],
  [["run", "codex", "-"], "run | codex·- | "],
  [["run", "codex", "x", "--cwd", "-"], "run | codex·x | cwd=-"],
  [["sessions"], "sessions |  | "],
  [["sessions", "--help"], "help sessions"],
  [["sessions", "show", "--help"], "help sessions"],
  [["sessions", "show", "3f2a", "--json"], "sessions show | 3f2a | json"],
  [["sessions", "events", "--after-seq", "5"], "sessions events |  | after-seq=5"],
  [["sessions", "--all", "--plain"], "sessions |  | all,plain"],
  [["attach", "3f2a", "--raw"], "attach | 3f2a | raw"],
  [["sacrifice", "--yes", "3f2a"], "sacrifice | 3f2a | yes"],
  [["daemon", "status", "--json", "--check"], "daemon status |  | json,check"],
  [["daemon", "stop", "--force"], "daemon stop |  | force"],
  [["version", "--json"], "version |  | json"],
];

const REFUSED: readonly (readonly [line: readonly string[], says: string, firstTry: string])[] = [
  [["rn"], "coven has no command rn.", "coven run"],
  [["session"], "coven has no command session.", "coven sessions"],
  [["atach", "3f2a"], "coven has no command atach.", "coven attach"],
  [["fix the tests"], "coven has no command 'fix the tests'.", "coven help"],
  [["frobnicate"], "coven has no command frobnicate.", "coven help"],
  [["--json"], "coven itself has no flag --json; flags follow the command.", "coven help"],
  [["daemon", "stat"], "coven daemon has no command stat.", "coven daemon status"],
  [["daemon", "x"], "coven daemon has no command x.", "coven help daemon"],
  [["run"], "coven run needs a harness.", "coven run demo"],
  [["run", "", "x"], "coven run needs a harness.", "coven run demo"],
  [["rename"], "coven rename needs a session id.", "coven rename 3f2a9c1e login"],
  [["rename", "login"], "coven rename needs a name.", "coven rename 3f2a9c1e login"],
  [["run", "codex", "x", "--detatch"], "coven run has no flag --detatch.", "coven run --detach"],
  [
    ["run", "codex", "-x"],
    "coven run has no flag -x.",
    "coven run codex --arg=-x   (a flag of the agent's own)",
  ],
  [
    ["run", "codex", "--do this"],
    "coven run has no flag '--do this'.",
    "coven run codex --arg='--do this'   (a flag of the agent's own)",
  ],
  [["run", "codex", "x", "--title"], "--title needs a value.", "coven run --title=TEXT"],
  [["run", "codex", "x", "--title="], "--title needs a value.", "coven run --title=TEXT"],
  [
    ["run", "codex", "x", "--title", "--json"],
    "--title needs a value, and --json looks like a flag.",
    "coven run --title=--json",
  ],
  [["run", "codex", "x", "--json=yes"], "--json takes no value.", "coven run --json"],
  [["sessions", "3f2a"], "coven sessions has no command 3f2a.", "coven help sessions"],
  [["attach", "a", "b"], "coven attach takes only a session id, and got b as well.", "coven help attach"],
  [["sessions", "--jsn"], "coven sessions has no flag --jsn.", "coven sessions --json"],
  [
    ["attach", "\u001b[31mx", "y\u0007"],
    "coven attach takes only a session id, and got 'y ' as well.",
    "coven help attach",
  ],
  [["\u001b[2J"], "coven has no command '␛[2J'.", "coven help"],
];

describe("what is understood", () => {
  for (const [line, decision] of ACCEPTED) {
    test(`coven ${line.join(" ")}`, () => expect(decided(line)).toBe(decision));
  }
});

describe("what is refused, and the way out", () => {
  for (const [line, says, firstTry] of REFUSED) {
    test(`coven ${JSON.stringify(line.join(" "))}`, () => {
      const failure = refused(line);
      expect([failure.message, failure.hints[0], failure.exitCode]).toEqual([says, firstTry, 2]);
    });
  }
});

test("every example of the table is understood by the parser", () => {
  const examples = COMMANDS.flatMap((command) => command.examples.map(([line]) => line));
  expect(examples.length).toBeGreaterThan(20);
  for (const example of examples) {
    // As a shell would split it, as far as the table's examples go.
    const alone = /coven( [^|>)]*)?/.exec(example)?.[0]?.trim() ?? "";
    const words = Array.from(alone.matchAll(/'([^']*)'|(\S+)/g), (match) => match[1] ?? match[2] ?? "");
    expect(words.shift()).toBe("coven");
    expect(() => parse(words, COMMANDS)).not.toThrow();
  }
});
