// Holds the palette as a person meets it: typed in a real terminal of three sizes, with and without colour, on a good day and bad ones.

import { expect, test } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { widthOf } from "../../src/cli/ui/width.ts";
import { MAIN } from "../support/daemon-home.ts";
import { readOnlyHome, SIZES, surface } from "../support/surface.ts";
import type { Pane } from "../support/tmux.ts";
import { describeUnless, without } from "../support/unless.ts";
import { until } from "../support/until.ts";

const PROMPT = "a task, or / for commands";
const shown = (pane: Pane) => pane.rows().join("\n");
/** Colours and attributes, as tmux writes them for a cell that has any. */
const SGR = /\u001b\[[0-9;]*m/;

describeUnless(without("tmux"))("the palette", () => {
  for (const size of SIZES) {
    for (const plain of [false, true]) {
      test(`${size.cols}x${size.rows}${plain ? ", NO_COLOR" : ""}: opens, offers, shows a page, leaves with 0`, async () => {
        await using home = surface(plain ? { env: { NO_COLOR: "1" } } : {});
        const pane = home.open("", size);
        await pane.shows(PROMPT);
        await pane.shows("daemon not running");
        const first = shown(pane);
        expect(first).toContain("coven · ~/p");
        expect(first).toContain("/run        start a harness on a ");
        expect(first.split("\n").filter((row) => widthOf(row) > size.cols)).toEqual([]);
        expect(SGR.test(pane.cells())).toBe(!plain);

        pane.type("/doc");
        await pane.shows(/› \/doc█\n│ {2}● \/doctor {5}check this machine\n/);
        pane.press("Enter");
        await pane.shows("Any key goes back.");
        expect(shown(pane)).toContain("No problems");
        if (plain) expect(SGR.test(pane.cells())).toBe(false);
        pane.press("x");
        await pane.shows(PROMPT);
        expect(shown(pane)).not.toContain("Any key");
        pane.type("/quit");
        pane.press("Enter");
        await pane.shows("left 0");
      }, 30_000);
    }
  }

  test("Ctrl-C leaves with 0 from the line and from a page; Escape takes back what was typed, then leaves", async () => {
    await using home = surface();
    const line = home.open();
    await line.shows(PROMPT);
    line.type("something");
    await line.shows("codex: something");
    line.press("Escape");
    await line.shows(PROMPT);
    line.press("C-c");
    await line.shows("left 0");
    const page = home.open("tui");
    await page.shows(PROMPT);
    page.type("/help");
    page.press("Enter");
    await page.shows("Any key goes back.");
    page.press("C-c");
    await page.shows("left 0");
    expect(page.modes().cursor).toBe(true);
  }, 30_000);

  test("plain text: a plan with the exact argv, run only once it is agreed to, then attached, then back", async () => {
    await using home = surface();
    const pane = home.open();
    await pane.shows(PROMPT);
    pane.type("say 'hi' & stay");
    await pane.shows("› say 'hi' & stay█");
    pane.press("Enter");
    await pane.shows("● Yes / ○ No");
    const plan = shown(pane);
    expect(plan).toContain("Harness  codex");
    expect(plan).toContain("Project  ~/p (no .git)");
    const argv = `${join(home.line.home.bin, "codex")} 'say '\\''hi'\\'' & stay'`;
    expect(plan.replaceAll("\n│  ", "").replaceAll("\n", "")).toContain(argv);
    pane.press("n");
    await pane.shows(PROMPT);
    expect((await home.line.coven(["sessions", "--plain"])).out.split("\n")).toHaveLength(2);

    pane.type("say 'hi' & stay");
    await pane.shows("› say 'hi' & stay█");
    pane.press("Enter");
    await pane.shows("● Yes / ○ No");
    pane.press("Enter");
    await pane.shows("asked: say 'hi' & stay");
    pane.type("yes");
    pane.press("Enter");
    await pane.shows("answered: yes");
    await pane.shows("Completed in");
    await pane.shows(PROMPT);
    pane.type("/quit");
    pane.press("Enter");
    await pane.shows("left 0");
  }, 30_000);

  test("the heading keeps up by itself: a session that begins to wait for a person is counted without a key", async () => {
    await using home = surface();
    await home.line.coven(["daemon", "start"]);
    const pane = home.open();
    await pane.shows("daemon running · nothing live");
    const { out } = await home.line.coven(["run", "codex", "wait", "--detach"]);
    await pane.shows("daemon running · 1 live · 1 waiting for you");
    // Detached from, it goes on, and the palette is there again.
    pane.type("/attach ");
    await pane.shows("waiting");
    pane.press("Enter");
    await pane.shows("asked: wait");
    pane.press("C-]");
    await pane.shows("goes on without you");
    await pane.shows(PROMPT);
    pane.type("/kill");
    pane.press("Enter");
    await pane.shows("Which session to kill?");
    pane.press("Enter");
    await pane.shows(`killed session ${out.trim()}`);
    await pane.shows("daemon running · nothing live");
  }, 30_000);

  test("what was left out is asked for: a harness, its task; a mistyped command is refused with a guess", async () => {
    await using home = surface();
    const pane = home.open();
    await pane.shows(PROMPT);
    pane.type("/run ");
    await pane.shows(/● codex {6}Codex/);
    pane.press("Down", "Down");
    await pane.shows(/● demo/);
    pane.press("Enter");
    await pane.shows("What should demo do?");
    pane.type("sleep 600");
    pane.press("Enter");
    await pane.shows("Ctrl-] detaches");
    await pane.shows("Reading the task");
    pane.press("C-]");
    await pane.shows("goes on without you");
    await pane.shows(PROMPT);
    pane.type("/sesions");
    pane.press("Enter");
    await pane.shows("There is no /sesions here.");
    expect(shown(pane)).toContain("Try: /sessions");
    await pane.shows(PROMPT);
  }, 30_000);

  test("the session browser from the palette, and back", async () => {
    await using home = surface();
    await home.line.coven(["run", "demo", "hi"]);
    const pane = home.open();
    await pane.shows("daemon running · nothing live");
    pane.type("/sessions");
    pane.press("Enter");
    await pane.shows(/✓ completed +demo/);
    expect(pane.modes().alternate).toBe(true);
    pane.press("Escape");
    await pane.shows(PROMPT);
    expect(pane.modes()).toMatchObject({ alternate: false, wrap: true });
    pane.press("C-c");
    await pane.shows("left 0");
    expect(pane.modes().cursor).toBe(true);
  }, 30_000);
});

describeUnless(without("tmux"))("on a bad day", () => {
  test("no agent installed: plain text is for the demo", async () => {
    await using home = surface({ agents: false });
    const pane = home.open();
    await pane.shows(PROMPT);
    pane.type("hello");
    await pane.shows("demo: hello");
    pane.press("Enter");
    await pane.shows("● Yes / ○ No");
    pane.press("n");
    await pane.shows(PROMPT);
    pane.type("/codex hello");
    pane.press("Enter");
    await pane.shows("Try: npm install -g @openai/codex");
    expect(pane.history().join("\n")).toContain("Error: Codex is not installed: there is no executable");
    await pane.shows(PROMPT);
  }, 30_000);

  test("a home that may not be written to: said in one sentence with what to do, and the palette stays", async () => {
    await using home = surface();
    const { paths } = home.line.home;
    mkdirSync(paths.home, { mode: 0o700 });
    const locked = readOnlyHome(paths.home);
    if (!locked) return;
    const pane = home.open();
    await pane.shows(PROMPT);
    pane.press("C-c");
    await pane.shows("left 0");
    pane.run(`clear; ${locked.prefix} '${process.execPath}' '${MAIN}'`);
    await pane.shows(PROMPT);
    pane.type("/demo hi");
    await pane.shows("demo: hi");
    pane.press("Enter");
    await pane.shows(/Error: Coven cannot use .*: (the file system is read-only|permission denied)\./s);
    expect(shown(pane)).toContain("Try: ");
    await pane.shows(PROMPT);
    pane.type("/doctor");
    pane.press("Enter");
    // What doctor says takes more rows than a terminal has, the longer the paths the more: its top may have been scrolled off.
    await until("doctor names the home", () => /problem {2}home/.test(pane.history().join("\n")));
    locked.undo();
  }, 30_000);

  test("settings that can't be read: said with file and line", async () => {
    await using home = surface();
    const { paths } = home.line.home;
    mkdirSync(paths.home, { mode: 0o700 });
    writeFileSync(paths.config, "[harness]\ndefault = 7\n");
    const pane = home.open();
    await pane.shows("left 1");
    expect(shown(pane).replaceAll("\n", "")).toContain("config.toml, line 2: harness.default must be");
  }, 30_000);

  test("the daemon goes while the palette is open: the heading says so, and the next command starts it again", async () => {
    await using home = surface();
    await home.line.coven(["daemon", "start"]);
    const pane = home.open();
    await pane.shows("daemon running");
    await home.line.coven(["daemon", "stop"]);
    await pane.shows("daemon not running (it starts when needed)");
    pane.type("/daemon start");
    await pane.shows("● /daemon start");
    pane.press("Enter");
    await pane.shows("Coven daemon: running");
    pane.press("x");
    await pane.shows("daemon running");
  }, 30_000);
});

test("coven without a terminal prints help and exits 2; an unknown word is never a task", async () => {
  await using home = surface();
  const { line } = home;
  const alone = await line.coven([]);
  expect([alone.code, alone.out]).toEqual([2, ""]);
  expect(alone.err).toContain("coven run demo 'say hello'");
  const tui = await line.coven(["tui"]);
  expect(tui).toEqual({
    code: 2,
    out: "",
    err: "Error: The palette needs a terminal to type in.\nTry: coven help\n",
  });
  const typo = await line.coven(["sesions"]);
  expect([typo.code, typo.err]).toEqual([
    2,
    "Error: coven has no command sesions.\nTry: coven sessions\n     coven help\n",
  ]);
});
