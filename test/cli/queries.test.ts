// No query of a harness reaches a terminal that shows it, and everything else does (test/vt has the forms).
import { expect, test } from "bun:test";
import { ptyHost } from "../../src/pty/drivers.ts";
import { type DaemonHome, daemonHome, MAIN } from "../support/daemon-home.ts";
import { FORMS } from "../vt/forms.ts";

test("a harness watched at a terminal with a pipe for a keyboard asks it nothing", async () => {
  // Once its questions reached the terminal, and the answers (`^[[?62;c`) were typed into the person's shell.
  await using home = daemonHome();
  home.script("codex", "printf 'one\\033[c\\033[6ntwo\\033]11;?\\007\\033[35mthree\\n'");
  await home.start();
  expect(await shown(home, "")).toContain("onetwo\x1b[35mthree");
  // Every query there is, in every form.
  await Bun.write(`${home.base}/all`, FORMS.map(([, form]) => `.${form}`).join(""));
  // The terminal echoes the answers, and would do so in the middle of what takes more than one write.
  home.script("codex", `stty -echo; cat "${home.base}/all"`);
  expect(await shown(home, "")).toContain(".".repeat(FORMS.length));
  home.script("codex", "printf 'one\\033[c\\033[6ntwo\\033]11;?\\007\\033[35mthree\\n'");
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
