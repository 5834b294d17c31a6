// Whoever watches or types while the daemon is replaced goes on watching and typing: in a terminal, and on a pipe.
import { expect } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { posixPtyHost } from "../../src/pty/posix.ts";
import { commandLine } from "../support/command-line.ts";
import { MAIN, until } from "../support/daemon-home.ts";
import { restartInPlace } from "../support/in-place.ts";
import { signalOwn } from "../support/signal.ts";
import { HAS_TMUX, tmux } from "../support/tmux.ts";
import { testUnless } from "../support/unless.ts";

const lack = posixPtyHost() ? undefined : "not Linux, or its C library is too old";

testUnless(lack)(
  "run and attach on a pipe print every byte once, and leave with the exit code",
  async () => {
    await using line = commandLine();
    line.home.script("codex", 'for prompt; do :; done\nexec sh -c "$prompt"');
    const stop = join(line.home.base, "stop");
    const run = line.begin(["run", "codex", `until [ -e ${stop} ]; do seq 1 2000; sleep 0.02; done; exit 5`]);
    await until("it prints", () => run.out().includes("2000\n"));
    const id = (await line.home.client.sessions())[0]?.id ?? "";
    const attach = line.begin(["attach", id]);
    await until("attach prints", () => attach.out().includes("2000\n"));
    for (let i = 0; i < 3; i++) {
      expect(await restartInPlace(line.home)).toMatchObject({ refused: null });
      const had = run.out().length;
      await until("it goes on", () => run.out().length > had);
    }
    writeFileSync(stop, "");
    const block = `${Array.from({ length: 2_000 }, (_, i) => i + 1).join("\n")}\n`;
    for (const { left } of [run, attach]) {
      const { code, out, err } = await left;
      expect(code).toBe(5);
      expect(out.length % block.length).toBe(0);
      expect(out === block.repeat(out.length / block.length)).toBe(true);
      expect(err).not.toContain("went away");
    }
    const kept = Buffer.concat(await Array.fromAsync(line.home.client.output(id)))
      .toString()
      .replaceAll("\r\n", "\n");
    expect((await run.left).out === kept).toBe(true);
  },
  30_000,
);

testUnless(lack, HAS_TMUX ? undefined : "no tmux on the PATH")(
  "attach in a terminal: the screen stays, keys typed all the while arrive once and in order, and it is left as ever",
  async () => {
    await using line = commandLine();
    const { home } = line;
    home.script("codex", 'for prompt; do :; done\nexec sh -c "$prompt"');
    const env = {
      HOME: home.base,
      COVEN_HOME: home.paths.home,
      PATH: `${home.bin}:/usr/bin:/bin`,
      LANG: "C.UTF-8",
    };
    using terminals = tmux(home.base, { ...env, PWD: home.project }, [process.execPath, MAIN]);
    const pane = terminals.pane(80, 20);
    pane.run(
      `coven run codex 'stty -echo; printf "%s-%s\\n" is ready; while read -r l; do echo "<$l>"; done'`,
    );
    await pane.shows("is-ready");
    const id = (await home.client.sessions())[0]?.id ?? "";
    const words: string[] = [];
    let over = false;
    const typing = (async () => {
      for (let i = 0; !over; i++) {
        const word = `w${i}`;
        words.push(word);
        pane.type(word);
        pane.press("Enter");
        await Bun.sleep(15);
      }
    })();
    for (let i = 0; i < 4; i++) expect(await restartInPlace(home)).toMatchObject({ refused: null });
    over = true;
    await typing;
    await pane.shows(`<${words.at(-1)}>`);
    const text = Buffer.concat(await Array.fromAsync(home.client.output(id))).toString();
    expect(Array.from(text.matchAll(/<(w\d+)>/g), ([, word]) => word)).toEqual(words);
    pane.press("C-]");
    await pane.shows("goes on without you");
    expect((await home.client.session(id)).status).toBe("running");
  },
  40_000,
);

// Regression: a Ctrl-C while the daemon was away ended nothing, and a program that ended meanwhile lost its last words.
testUnless(lack)(
  "Ctrl-C and the end of the program are heard also while the daemon is being replaced",
  async () => {
    await using line = commandLine();
    line.home.script("codex", 'for prompt; do :; done\nexec sh -c "$prompt"');
    await line.home.start();
    for (let round = 0; round < 4; round++) {
      const go = join(line.home.base, `go-${round}`);
      const stays = line.begin(["run", "codex", "echo up; sleep 600"]);
      const ends = line.begin([
        "run",
        "codex",
        `echo up; until [ -e ${go} ]; do sleep 0.005; done; seq 1 2000; echo last words; exit 5`,
      ]);
      await until("both are up", () => stays.out().includes("up\n") && ends.out().includes("up\n"));
      const restarted = restartInPlace(line.home);
      await Bun.sleep(round * 20);
      signalOwn(stays.pid, "SIGINT");
      writeFileSync(go, "");
      expect(await restarted).toMatchObject({ refused: null });
      expect(await stays.left).toMatchObject({ code: 130, out: "up\n" });
      const want = `up\n${Array.from({ length: 2_000 }, (_, i) => `${i + 1}\n`).join("")}last words\n`;
      expect(await ends.left).toMatchObject({ code: 5, out: want });
    }
    const statuses = (await line.home.client.sessions()).map(({ status }) => status);
    expect(statuses.sort()).toEqual([...Array(4).fill("failed"), ...Array(4).fill("killed")]);
  },
  40_000,
);
