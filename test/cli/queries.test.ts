// Holds that no question of a harness reaches a person's terminal, and that everything else does, however the bytes are cut.
import { expect, test } from "bun:test";
import { queryFilter } from "../../src/cli/ui/queries.ts";
import { ptyHost } from "../../src/pty/drivers.ts";
import { type DaemonHome, daemonHome, MAIN } from "../support/daemon-home.ts";

/** What comes through when it arrives in pieces of this many bytes. */
function through(text: string, piece = Number.POSITIVE_INFINITY): string {
  const bytes = new TextEncoder().encode(text);
  const filter = queryFilter();
  const out: number[] = [];
  for (let at = 0; at < bytes.length; at += piece)
    out.push(...filter.convert(bytes.subarray(at, at + piece)));
  return new TextDecoder().decode(Uint8Array.from([...out, ...filter.end()]));
}

const QUERIES = [
  ..."\x1b[c \x1b[0c \x1b[>c \x1b[>0c \x1b[=c \x1b[5n \x1b[6n \x1b[?6n \x1b[?996n \x1b[?u".split(" "),
  ..."\x1b[?2026$p \x1b[4$p \x1b[14t \x1b[16t \x1b[18t \x1b[21t \x1b[>0q \x1b[>q \x1b[x \x1bZ \x05".split(
    " ",
  ),
  ..."\x1b]4;1;?\x07 \x1b]4;1;?;2;?\x1b\\ \x1b]10;?\x1b\\ \x1b]11;?\x07 \x1b]12;?\u009c".split(" "),
  ..."\x1b]52;c;?\x07 \x1bP$qm\x1b\\ \x1bP+q544e\x1b\\ \x1b_Gi=1,a=q;AAAA\x1b\\ \u009bc \u009d11;?\u009c \u009a".split(
    " ",
  ),
  // Controls act at once and the sequence goes on around them; a sequence broken off leaves nothing open.
  "\x1b\x1b[c",
  "\x1b[1\x1b[c",
  "\x1b[\x7fc",
  `\x1b]4;${"1;#ffffff;".repeat(200)}2;?\x07`,
  `\x1b[${"0;".repeat(1000)}c`,
];

const KEPT = [
  ..."\x1b[31m \x1b[2J \x1b[1;2H \x1b[?25l \x1b[?1049h \x1b[>4;1m \x1b[2$x \x1b[22;0t \x1b[2q \x1b[u \x1b[>1u \x1b7 \x1b(B".split(
    " ",
  ),
  "\x1b]0;really?;?\x07",
  "\x1b]8;;https://x.example/?q\x1b\\link\x1b]8;;\x1b\\",
  "\x1b]11;#ff0000\x07",
  `\x1b]52;c;${"QUJD".repeat(1000)}\x07`,
  "\x1bPq#0;2;0;0;0~\x1b\\",
  "Grüße ¶ ÂÂ 字\r\n",
];

test("questions are taken out, in one piece and cut anywhere", () => {
  for (const query of QUERIES) {
    for (const piece of [1, 2, 3, Number.POSITIVE_INFINITY]) {
      expect([query, through(`a${query}z`, piece)]).toEqual([query, "az"]);
    }
  }
  expect(through("\x1b[\nc")).toBe("\n");
});

test("everything else comes through as it was", () => {
  const all = KEPT.join("");
  for (const piece of [1, 2, 7, Number.POSITIVE_INFINITY]) expect(through(all, piece)).toBe(all);
});

test("what is left after taking out makes no new question, and the end leaves nothing open", () => {
  expect(through("\x1b[\x1b[cc")).toBe("c");
  expect(through("\x1b]\x1b[c11;?\x07")).toBe("11;?\x07");
  expect(through("a\x1b[")).toBe("a");
  expect(through("a\x1b]11;?")).toBe("a");
  const title = `\x1b]0;${"x".repeat(3000)}`;
  expect(through(title)).toBe(`${title}\x1b\\`);
});

test("a harness watched at a terminal with a pipe for a keyboard asks it nothing", async () => {
  // Once its questions reached the terminal, and the answers (`^[[?62;c`) were typed into the person's shell.
  await using home = daemonHome();
  home.script("codex", "printf 'one\\033[c\\033[6ntwo\\033]11;?\\007\\033[35mthree\\n'");
  await home.start();
  expect(await shown(home, "")).toContain("onetwo\x1b[35mthree");
  // The exact bytes, for whoever asks for them.
  expect(await shown(home, "--raw")).toContain("one\x1b[c\x1b[6ntwo\x1b]11;?\x07\x1b[35mthree");
});

/** `coven run codex` with a pipe for stdin and a terminal for stdout: everything that terminal was given. */
async function shown(home: DaemonHome, flags: string): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const decoder = new TextDecoder();
  let shown = "";
  ptyHost({}).spawn(
    {
      argv: ["/bin/sh", "-c", `: | "$0" "$1" run codex ${flags} hi`, process.execPath, MAIN],
      cwd: home.project,
      env: { HOME: home.base, COVEN_HOME: home.paths.home, PATH: `${home.bin}:/usr/bin:/bin`, TERM: "xterm" },
      ...{ cols: 80, rows: 24 },
    },
    {
      data: (bytes) => {
        shown += decoder.decode(bytes, { stream: true });
      },
      exit: () => resolve(),
    },
  );
  await promise;
  return shown;
}
