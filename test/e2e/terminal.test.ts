// Tests a session in a real terminal (tmux) with real full-screen programs: attached, left, and attached again.

import { afterAll, beforeAll, expect, setDefaultTimeout } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type DaemonHome, daemonHome, MAIN } from "../support/daemon-home.ts";
import { HAS_TMUX, type Pane, SANE, type Tmux, tmux } from "../support/tmux.ts";
import { testUnless, without } from "../support/unless.ts";

const withTmux = testUnless(without("tmux"));
setDefaultTimeout(20_000);
const having = (program: string) => testUnless(without("tmux", program));

let home: DaemonHome;
let terminals: Tmux;

beforeAll(async () => {
  if (!HAS_TMUX) return;
  home = daemonHome();
  // The stand-in for an agent: whatever full-screen program the prompt names.
  home.script("codex", 'for prompt; do :; done\nexec sh -c "$prompt"');
  const lines = Array.from({ length: 300 }, (_, i) => `${i + 1} \tline with 世界, e\u0301 and שלום`);
  writeFileSync(join(home.project, "text"), `${lines.join("\n")}\n`);
  const env = {
    HOME: home.base,
    COVEN_HOME: home.paths.home,
    PATH: `${home.bin}:/usr/bin:/bin`,
    LANG: "C.UTF-8",
    PWD: home.project,
  };
  terminals = tmux(home.base, env, [process.execPath, MAIN]);
  await home.start();
});

afterAll(async () => {
  terminals?.[Symbol.dispose]();
  await home?.[Symbol.asyncDispose]();
});

/** A pane whose shell has printed something of its own already. */
async function shell(cols: number, rows: number): Promise<Pane> {
  const pane = terminals.pane(cols, rows);
  await pane.shows("$");
  pane.run("echo EARLIER");
  await pane.shows(/^EARLIER\n\$$/m);
  return pane;
}

/** The id of the session launched last, shortened as people see it. */
async function latest(): Promise<string> {
  const [session] = await home.client.sessions();
  return session?.id.slice(0, 8) ?? "none";
}

async function kill(id: string): Promise<void> {
  const session = (await home.client.sessions()).find((one) => one.id.startsWith(id));
  if (session?.status === "running") await home.client.kill(session.id);
}

const PROGRAMS = [
  {
    name: "vim",
    command: "exec vim -n -u NONE -N -c 'set mouse=a title ruler bg=dark' text",
    keys: ["G", "z", "z", "i", "new"],
  },
  { name: "less", command: "exec less -M text", keys: ["Space", "Space", "/line", "Enter"] },
] as const;

for (const { name, command, keys } of PROGRAMS) {
  having(name)(
    `${name}: the same cells as without coven; detach gives the shell back; attach shows them again, in another size too`,
    async () => {
      const direct = await shell(90, 28);
      direct.run(`sh -c "${command}"`);
      await direct.shows("line with");
      const pane = await shell(90, 28);
      const before = { termios: pane.termios(), title: pane.title() };
      pane.run(`coven run codex "${command}"`);
      await pane.shows(/^1 .*line with/m);
      // Attaching makes the program draw again; it counts its rows anew while it does.
      await pane.settles();
      for (const one of [direct, pane]) for (const key of keys) one.press(key);
      const expected = await direct.settles();
      expect(await pane.settles()).toBe(expected);

      pane.press("C-]");
      await pane.shows("Come back:  coven attach");
      const id = await latest();
      expect(pane.rows().slice(0, 3)).toEqual([
        "$ echo EARLIER",
        "EARLIER",
        expect.stringContaining("$ coven run codex"),
      ]);
      expect(pane.rows()).toContain(`Session ${id} goes on without you.`);
      expect(pane.modes()).toMatchObject({ ...SANE, region: "0-27" });
      expect({ termios: pane.termios(), title: pane.title() }).toEqual(before);

      pane.run(`coven attach ${id}`);
      await pane.shows("line with");
      expect(await pane.settles()).toBe(expected);

      // The window is made smaller and larger again under it.
      for (const [cols, rows] of [
        [64, 20],
        [90, 28],
      ] as const) {
        for (const one of [direct, pane]) one.resize(cols, rows);
        const resized = await direct.settles();
        expect(await pane.settles()).toBe(resized);
      }

      const other = await shell(61, 17);
      other.run(`coven attach ${id}`);
      direct.resize(61, 17);
      const smaller = await direct.settles();
      await other.shows("line with");
      expect(await other.settles()).toBe(smaller);

      // The one used last decides; the first has its size back with the first key.
      direct.resize(90, 28);
      const back = await direct.settles();
      pane.press("C-l");
      direct.press("C-l");
      await direct.settles();
      expect([await pane.settles(), back]).toEqual([await direct.settles(), back]);
      await kill(id);
      await pane.shows("Killed after");
      await other.shows("Killed after");
      expect(other.modes()).toMatchObject({ ...SANE, region: "0-16" });
      for (const one of [direct, pane, other]) one.close();
    },
    30_000,
  );
}

/** Without echo at its end: what is compared is what the program prints. */
const PRINTS = `printf 'first words\\n'; seq 1 100; printf 'READY 世界 👩‍👩‍👧‍👦 end\\n'; stty -echo; read line; echo "got $line"; exit 5`;

withTmux(
  "a program on the primary screen: its lines scroll into the terminal's own history, below what was there",
  async () => {
    const pane = await shell(80, 24);
    home.script("prints", PRINTS);
    pane.run("coven run codex 'exec prints'");
    await pane.shows("READY");
    const id = await latest();
    const seen = await pane.settles();
    pane.press("C-]");
    await pane.shows("goes on without you");
    const other = await shell(80, 24);
    other.run(`coven attach ${id}`);
    await other.shows("READY");
    expect(await other.settles()).toBe(seen);
    const history = other.history();
    const from = history.indexOf("EARLIER");
    expect(history.slice(from, from + 6)).toEqual([
      "EARLIER",
      `$ coven attach ${id}`,
      `codex ${id}: exec prints  Ctrl-] detaches`,
      "first words",
      "1",
      "2",
    ]);
    expect(history.filter((row) => row === "77")).toEqual(["77"]);
    // The end: the last screen stays, the prompt stands below it, and the exit code is the harness's.
    other.run("hello");
    await other.shows(/^got hello\nFailed after .*exit code 5\.\n\$$/m);
    other.run("echo $?");
    await other.shows(/^5$/m);
    for (const one of [pane, other]) one.close();
  },
);

withTmux(
  "a harness that only prints begins below the prompt, as without coven; one that clears gets a screen of its own",
  async () => {
    const pane = await shell(80, 24);
    home.script("prints", "echo one; echo two; exit 3");
    pane.run("coven run codex 'exec prints'");
    await pane.shows(/^Failed after/m);
    expect(pane.rows().slice(1, 7)).toEqual([
      "EARLIER",
      "$ coven run codex 'exec prints'",
      expect.stringContaining("Ctrl-] detaches"),
      "one",
      "two",
      expect.stringContaining("Failed after"),
    ]);
    home.script("clears", "echo waits; read line; printf '\\033[2J\\033[3;3Hthird'; read line");
    pane.run("coven run codex 'exec clears'");
    await pane.shows(/^waits$/m);
    pane.press("Enter");
    await pane.shows(/^\n\n {2}third$/m);
    expect(pane.rows().slice(0, 4)).toEqual(["", "", "  third", ""]);
    expect(pane.history()).toContain("EARLIER");
    pane.press("Enter");
    await pane.shows("Completed in");
    pane.close();
  },
);

withTmux("a finished session is its last screen and scrollback; --raw its bytes", async () => {
  const pane = await shell(80, 24);
  home.script("prints", "seq 1 50; printf '\\033[31mred\\033[0m end\\n'");
  pane.run("coven run codex 'exec prints'");
  await pane.shows("Completed in");
  const id = await latest();
  pane.run("clear");
  pane.run(`coven attach ${id}`);
  await pane.shows(/^red end\nCompleted in/m);
  expect(pane.cells()).toContain("\u001b[31mred");
  expect(
    pane
      .history()
      .filter((row) => /^\d+$/.test(row))
      .slice(-50),
  ).toEqual(Array.from({ length: 50 }, (_, i) => String(i + 1)));
  expect(pane.modes()).toMatchObject(SANE);
  // Killed on its alternate screen, that is what it showed last.
  home.script(
    "prints",
    "printf '\\033[?1049h\\033[2J\\033[2;5Hon the alternate screen\\033[?1000h'; exec cat",
  );
  pane.run("coven run codex 'exec prints'");
  await pane.shows("on the alternate screen");
  const killed = await latest();
  await kill(killed);
  await pane.shows("Killed after");
  pane.run("clear");
  pane.run(`coven attach ${killed}`);
  await pane.shows(/^ {4}on the alternate screen\n(.*\n)*Killed after/m);
  expect(pane.modes()).toMatchObject(SANE);
  pane.close();
});

withTmux("--observe neither types nor has a say in the size; Ctrl-C leaves", async () => {
  const pane = await shell(80, 24);
  pane.run("coven run codex 'exec cat'");
  await pane.shows("Ctrl-] detaches");
  const id = await latest();
  const watcher = await shell(100, 30);
  watcher.run(`coven attach ${id} --observe`);
  await watcher.shows("Ctrl-] or Ctrl-C leaves");
  pane.run("typed here");
  await watcher.shows(/^typed here\ntyped here$/m);
  watcher.type("never");
  watcher.press("Enter");
  pane.run("the end");
  await watcher.shows(/^the end\nthe end$/m);
  expect(watcher.rows().join("\n")).not.toContain("never");
  expect(await home.client.screen((await home.client.sessions())[0]?.id ?? "")).toMatchObject({
    cols: 80,
    rows: 24,
  });
  watcher.press("C-c");
  await watcher.shows("goes on without you");
  watcher.run("echo left with $?");
  await watcher.shows("left with 0");
  await kill(id);
  await pane.shows("Killed after");
  for (const one of [pane, watcher]) one.close();
});
