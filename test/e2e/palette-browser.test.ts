// Holds `coven sessions` at a real terminal: live, filtered, acted upon, and always back where one was.

import { expect, test } from "bun:test";
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { widthOf } from "../../src/cli/ui/width.ts";
import { realWorld } from "../../src/daemon/world.ts";
import { openLedger } from "../../src/store/ledger.ts";
import { sample } from "../cli/sample.ts";
import { signalOwn } from "../support/signal.ts";
import { SIZES, surface } from "../support/surface.ts";
import { type Pane, SANE } from "../support/tmux.ts";
import { describeUnless, without } from "../support/unless.ts";
import { until } from "../support/until.ts";

const shown = (pane: Pane) => pane.rows().join("\n");
const childrenOf = (pid: number) =>
  readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ");
const SGR = /\u001b\[[0-9;]*m/;

describeUnless(without("tmux"))("the session browser", () => {
  for (const size of SIZES) {
    for (const plain of [false, true]) {
      test(`${size.cols}x${size.rows}${plain ? ", NO_COLOR" : ""}: every state readable, nothing wider than the terminal`, async () => {
        await using home = surface(plain ? { env: { NO_COLOR: "1" } } : {});
        const { line } = home;
        await line.coven(["run", "demo", "日本語 wide title ".repeat(8)]);
        await line.coven(["run", "demo", "exit 3"]);
        await line.coven(["run", "codex", "wait for me", "--detach"]);
        const pane = home.open("sessions", size);
        await pane.shows(/❯ ◆ waiting/);
        const rows = pane.rows();
        expect(rows[0]).toMatch(/Sessions in .* · 3 · 1 live · 1/);
        expect(rows.filter((row) => widthOf(row) > size.cols)).toEqual([]);
        expect(shown(pane)).toMatch(/✗ failed .*\n.*✓ completed /);
        expect(rows.at(-1)).toContain("Enter attach");
        expect(SGR.test(pane.cells())).toBe(!plain);
        // Another size while it is open.
        pane.resize(60, 15);
        await pane.shows(/Enter attach.*Tab actions/);
        pane.press("Escape");
        await pane.shows("left 0");
        expect(pane.modes()).toMatchObject({ alternate: false, cursor: true, wrap: true });
      }, 30_000);
    }
  }

  test("it is live: what begins, waits and ends elsewhere shows without a key, and the pointer stays where it was", async () => {
    await using home = surface();
    const { line } = home;
    await line.coven(["run", "demo", "first"]);
    const pane = home.open("sessions");
    await pane.shows(/❯ ✓ completed .* first/);
    const id = (await line.coven(["run", "codex", "second", "--detach"])).out.trim();
    await pane.shows(/ ◆ waiting .* second(.|\n)*\n❯ ✓ completed .* first/);
    await line.coven(["kill", id]);
    await pane.shows(/ ■ killed .* second/);
    await line.coven(["archive", id]);
    await pane.shows(/Sessions in .* · 1\n/);
    pane.press("C-c");
    await pane.shows("left 0");
  }, 30_000);

  test("rejoin, detach, and back on the same session with the same filter; then kill", async () => {
    await using home = surface();
    const { line } = home;
    for (const title of ["one", "two", "three"]) await line.coven(["run", "codex", title, "--detach"]);
    const pane = home.open("sessions");
    await pane.shows("3 live");
    pane.type("/t");
    pane.press("Down");
    await pane.shows(/❯ ◆ waiting .* two/);
    // At once, without a menu.
    pane.press("Enter");
    await pane.shows(/asked: .*two/);
    pane.press("C-]");
    await pane.shows("❯ ◆ waiting");
    expect(shown(pane)).toContain("Filter t\n");
    expect(shown(pane)).toMatch(/❯ ◆ waiting .* two/);
    pane.press("Tab");
    await pane.shows("❯ Rejoin");
    expect(shown(pane)).toMatch(/View Log .*\n +Kill /);
    expect(shown(pane)).not.toMatch(/Archive|Sacrifice|Summon/);
    pane.type("k");
    await pane.shows("End it and everything it started? y or n");
    // The Enter that chose it may have been pressed twice.
    pane.press("Enter");
    pane.type("n");
    await pane.shows("It goes on.");
    pane.press("Tab");
    await pane.shows("❯ Rejoin");
    pane.type("k");
    await pane.shows("End it and everything it started? y or n");
    pane.type("y");
    await pane.shows(/■ killed .* two/);
    pane.press("C-c");
    await pane.shows("left 0");
  }, 30_000);

  test("view log, archive, summon, sacrifice by the word alone", async () => {
    await using home = surface();
    const { line } = home;
    const record = JSON.parse((await line.coven(["run", "demo", "lines 90", "--json"])).out);
    const pane = home.open("sessions --all");
    await pane.shows(/❯ ✓ completed/);
    pane.press("Tab");
    await pane.shows("❯ View Log");
    expect(shown(pane)).toMatch(/Archive .*\n +Sacrifice /);
    pane.press("Enter");
    await pane.shows("line 90");
    expect(shown(pane)).toContain("Done.");
    pane.press("Home");
    await pane.shows("task  lines 90");
    pane.press("Escape");
    await pane.shows(/❯ ✓ completed/);

    pane.press("Tab");
    await pane.shows("❯ View Log");
    pane.type("a");
    await pane.shows(/❯ ○ archived/);
    pane.press("Tab");
    await pane.shows(/Summon .*\n +Sacrifice /);
    expect(shown(pane)).not.toMatch(/Rejoin|Kill| Archive /);
    pane.press("Down", "Enter");
    await pane.shows(/❯ ✓ completed/);

    pane.press("Tab");
    await pane.shows("❯ View Log");
    pane.type("s");
    await pane.shows("Type sacrifice to delete it for good:");
    pane.type("yes");
    pane.press("Enter");
    await pane.shows("That is not the word.");
    expect((await line.home.client.session(record.id)).id).toBe(record.id);
    pane.press("C-u");
    pane.type("sacrifice");
    await pane.shows("sacrifice█");
    pane.press("Enter");
    await pane.shows("it and its output are gone.");
    await pane.shows("No sessions yet.");
    pane.press("Escape");
    await pane.shows("left 0");
  }, 30_000);

  test("the mouse: a click selects, two open, a wheel moves, a line of the menu is chosen", async () => {
    await using home = surface();
    for (const title of ["one", "two", "three"]) await home.line.coven(["run", "codex", title, "--detach"]);
    const pane = home.open("sessions");
    await pane.shows(/❯ ◆ waiting .* three/);
    expect(pane.modes().mouse).toBe(true);
    const click = (title: string) => {
      const y = pane.rows().findIndex((row) => row.includes(title));
      pane.send(Buffer.from(`\u001b[<0;9;${y + 1}M\u001b[<0;9;${y + 1}m`));
    };
    click("one");
    await pane.shows(/❯ ◆ waiting .* one/);
    pane.send(Buffer.from("\u001b[<64;9;9M"));
    await pane.shows(/❯ ◆ waiting .* three/);
    click(" two");
    click(" two");
    await pane.shows(/asked: .*two/);
    expect(pane.modes().mouse).toBe(false);
    pane.press("C-]");
    await pane.shows(/❯ ◆ waiting .* two/);
    pane.press("Tab");
    await pane.shows("❯ Rejoin");
    click("Kill");
    await pane.shows("End it and everything it started? y or n");
    click(" one");
    await pane.settles();
    expect(shown(pane)).toContain("End it and everything it started? y or n");
    pane.press("Escape");
    await pane.shows("It goes on.");
    pane.press("C-c");
    await pane.shows("left 0");
    expect(pane.modes().mouse).toBe(false);
  }, 30_000);

  for (const [signal, code] of [
    ["TERM", 143],
    ["HUP", 129],
    ["INT", 130],
    ["QUIT", 131],
  ] as const) {
    test(`SIG${signal} leaves, and the terminal is as it was: no mouse, no pastes marked, the shell's screen`, async () => {
      await using home = surface();
      await home.line.coven(["run", "demo", "first"]);
      const pane = home.open("sessions");
      await pane.shows(/❯ ✓ completed/);
      signalOwn(Number(childrenOf(pane.pid)[0]), `SIG${signal}`);
      await pane.shows(`left ${code}`);
      expect(pane.modes()).toMatchObject(SANE);
      pane.run("stty -a | grep -o '[-]*icanon'");
      await pane.shows(/\nicanon/);
    }, 30_000);
  }

  test("stopped from outside it gives the terminal back, and fg brings all of it again", async () => {
    await using home = surface();
    await home.line.coven(["run", "demo", "first"]);
    const pane = home.open("sessions");
    await pane.shows(/❯ ✓ completed/);
    signalOwn(Number(childrenOf(pane.pid)[0]), "SIGTSTP");
    await pane.shows("Stopped");
    expect(pane.modes()).toMatchObject(SANE);
    pane.run("fg");
    await pane.shows(/❯ ✓ completed/);
    expect(pane.modes().mouse).toBe(true);
    pane.type("q");
    await until("the shell's screen is back", () => !pane.modes().alternate);
    expect(pane.modes()).toMatchObject(SANE);
  }, 30_000);

  test("Space marks: two are ended at once, after a question that counts them", async () => {
    await using home = surface();
    for (const title of ["one", "two", "three"]) await home.line.coven(["run", "codex", title, "--detach"]);
    const pane = home.open("sessions");
    await pane.shows("3 live");
    pane.press("Space");
    await pane.shows(/ \+◆ waiting .* three/);
    pane.press("Space");
    await pane.shows("2 marked");
    pane.press("Tab");
    await pane.shows("❯ Kill");
    pane.press("Enter");
    await pane.shows("End 2 sessions and everything started there? y or n");
    pane.type("y");
    await pane.shows("Ended 2 sessions.");
    await pane.shows(/❯ ◆ waiting .* one|◆ waiting .* one/);
    const { sessions } = JSON.parse(
      (await home.line.coven(["sessions", "--json", "--status", "killed"])).out,
    );
    expect(sessions).toHaveLength(2);
    pane.press("C-c");
    await pane.shows("left 0");
  }, 30_000);

  test("it opens on the project one stands in; p shows all projects, and --all all there is", async () => {
    await using home = surface();
    const { line } = home;
    const other = join(line.home.base, "other-project");
    mkdirSync(other);
    await line.coven(["run", "demo", "in here"]);
    await line.coven(["-C", other, "run", "codex", "over there", "--detach"]);
    const pane = home.open("sessions");
    await pane.shows(/❯ ✓ completed .* in here/);
    expect(shown(pane)).toContain("1 waiting in other projects");
    expect(shown(pane)).not.toContain("over there");
    pane.type("p");
    await pane.shows(/Sessions of all projects · 2 · 1 live(.|\n)* ◆ waiting .* over there/);
    expect(shown(pane)).toMatch(/❯ ✓ completed .* in here/);
    pane.type("p");
    await pane.shows(/Sessions in /);
    // None of this project waits, so the next that does is elsewhere.
    pane.type("n");
    await pane.shows(/❯ ◆ waiting .* over there/);
    pane.type("q");
    await pane.shows("left 0");
    const empty = home.open(`-C '${line.home.base}/bin' sessions`);
    await empty.shows("No sessions in this project.");
    expect(shown(empty)).toContain("p shows those of other projects: 2.");
    const all = home.open("sessions --all");
    await all.shows(/Sessions of all projects · 2/);
  }, 30_000);

  test("the daemon goes away: said, the list stays, and it is live again when the daemon is", async () => {
    await using home = surface();
    const { line } = home;
    await line.coven(["run", "demo", "first"]);
    const pane = home.open("sessions");
    await pane.shows(/❯ ✓ completed/);
    await line.coven(["daemon", "stop"]);
    await pane.shows("not up to date: the daemon does not answer");
    expect(shown(pane)).toMatch(/❯ ✓ completed .* first/);
    await line.coven(["run", "demo", "second"]);
    await pane.shows(/✓ completed .* second/);
    expect(shown(pane)).not.toContain("not up to date");
  }, 30_000);

  test("five thousand sessions: there at once, filtered as one types, live ones first however old", async () => {
    await using home = surface();
    const { paths, client, project } = home.line.home;
    mkdirSync(paths.home, { mode: 0o700 });
    const ledger = openLedger(paths.ledger, { after: realWorld.after });
    await home.line.coven(["--version"]);
    for (let n = 0; n < 5_000; n++) {
      const one = sample({ title: `task ${n}`, project_root: project, cwd: project, status: "created" });
      ledger.create(one);
      ledger.settle(one.id, { status: "completed", exitCode: 0, signal: null }, [], one.updated_at);
    }
    ledger.close();
    await home.line.coven(["daemon", "start"]);
    const old = await client.launch({ projectRoot: project, harness: "codex", prompt: "old and live" });
    const pane = home.open("sessions");
    await pane.shows(/Sessions in .* · 5001 · 1 live/);
    await pane.shows(/❯ ◆ waiting .* old and live/);
    pane.type("/^task '31");
    const fitting = Array.from({ length: 5_000 }, (_, n) => `${n}`).filter((one) => one.includes("31"));
    await pane.shows(` · ${fitting.length} of 5001`);
    pane.press("Up");
    pane.type("/ !2 '4310");
    await pane.shows(" · 1 of 5001");
    await pane.shows(/❯ ✓ completed .* task 4310\n/);
    pane.press("C-u");
    await pane.shows(" · 5001");
    pane.press("C-c");
    await pane.shows("left 0");
    expect((await client.session(old.id)).status).toBe("running");
  }, 60_000);
});
