// Holds `coven sessions` as the place to live, at a real terminal: who waits first, its screen, an answer, and the way to and fro.
import { expect, test } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { inTerminal } from "../support/in-terminal.ts";
import { signalOwn } from "../support/signal.ts";
import { SIZES, type Surface, surface } from "../support/surface.ts";
import { SANE } from "../support/tmux.ts";
import { describeUnless, without } from "../support/unless.ts";
import { until } from "../support/until.ts";

const osc = (text: string) => `printf '\\033]7501;${text}\\033\\\\'`;

/** Works until a line comes, asks for leave until the next, says what it got, and goes on so. */
const ASKER = `stty -echo; ${osc("state=working:app=x")}; echo "task $1"
while read go; do echo; echo 'may I run rm?'; ${osc(`state=blocked:kind=permission:app=x:msg=${btoa("run rm -rf build?")}`)}
read answer; echo "got $answer"; ${osc("state=working:app=x")}; done`;

/** A home with `asker`, whose keys are known. */
function withAsker(): Surface {
  const home = surface();
  const { paths } = home.line.home;
  home.line.home.script("asker", ASKER);
  mkdirSync(join(paths.home, "harnesses"), { recursive: true, mode: 0o700 });
  writeFileSync(
    join(paths.home, "harnesses", "asker.json"),
    JSON.stringify({
      schema: 2,
      id: "asker",
      label: "Asker",
      executable: "asker",
      hint: "it is here",
      interactive: ["{prompt}"],
      nonInteractive: ["{prompt}"],
      answers: { approve: ["y", "enter"], deny: ["n", "enter"] },
    }),
    { mode: 0o600 },
  );
  return home;
}

describeUnless(without("tmux"))("the board", () => {
  for (const size of SIZES) {
    test(`${size.cols}x${size.rows}: who waits stands first and says for what; a approves, d denies, and the screen shows it`, async () => {
      await using home = withAsker();
      const { line } = home;
      const ids: string[] = [];
      for (const task of ["first", "second"]) {
        ids.push((await line.coven(["run", "asker", task, "--detach"])).out.trim());
      }
      const pane = home.open("sessions", size);
      await pane.shows(/❯ ● working {2}! .*second(.|\n)*● working {2}! .*first/);
      await line.coven(["send", ids[0] ?? "", "go"]);
      await pane.shows(/◆ waiting {2}! .*first(.|\n)*● working {2}! .*second/);
      pane.type("g");
      await pane.shows(/❯ ◆ waiting/);
      await pane.shows("waiting for leave: run rm -rf build?");
      await pane.shows("a approve");
      const seesScreen = size.cols >= 60;
      if (seesScreen) await pane.shows("may I run rm?");
      pane.type("a");
      await pane.shows(`Approved: ${ids[0]?.slice(0, 8)} first`);
      const screen = async (id: string | undefined) =>
        (await line.home.client.screen(id ?? "")).lines.join("\n");
      await until("it got the answer", async () => (await screen(ids[0])).includes("got y"));
      if (seesScreen) await pane.shows(/got y/);
      await pane.shows(/❯ ● working {2}! .*first|❯ ● working {2}! .*second/);
      pane.type("a");
      await pane.shows("It waits for nothing.");
      await line.coven(["send", ids[1] ?? "", "go"]);
      await pane.shows(/◆ waiting {2}! .*second/);
      pane.type("n");
      await pane.shows(/❯ ◆ waiting {2}! .*second/);
      pane.type("d");
      await pane.shows(`Denied: ${ids[1]?.slice(0, 8)} second`);
      await until("it got the answer", async () => (await screen(ids[1])).includes("got n"));
      // Another size in the middle, and back.
      pane.resize(50, 12);
      await pane.shows(/Sessions in .*\n Filter/);
      pane.resize(size.cols, size.rows);
      await pane.shows("? keys");
      pane.type("q");
      await pane.shows("left 0");
      expect(pane.modes()).toMatchObject(SANE);
    }, 60_000);
  }

  test("Enter is at the session at once, Ctrl-] b is the board again, with pointer and filter where they were", async () => {
    await using home = surface();
    for (const title of ["one", "two", "three"]) await home.line.coven(["run", "codex", title, "--detach"]);
    const pane = home.open("sessions", { cols: 120, rows: 30 });
    await pane.shows("3 live");
    pane.type("/two");
    await pane.shows(/❯ ◆ waiting .*two/);
    // The live screen, beside the list.
    await pane.shows(/│ asked: .*two/);
    pane.press("Enter");
    await pane.shows(/^asked: .*two/m);
    expect(pane.modes().alternate).toBe(false);
    pane.press("C-]", "b");
    await pane.shows(/Filter two\n(.|\n)*❯ ◆ waiting .*two/);
    pane.press("Escape");
    await pane.shows(/ · 3 · 3 live/);
    pane.press("C-c");
    await pane.shows("left 0");
  }, 60_000);

  test("the daemon is killed in the middle: the list and the last screen stay, that is said, and it goes on with the next daemon", async () => {
    await using home = surface();
    const { line } = home;
    await line.coven(["run", "codex", "before", "--detach"]);
    const pane = home.open("sessions", { cols: 120, rows: 30 });
    await pane.shows(/│ asked: .*before/);
    const { daemon } = await line.home.client.health();
    signalOwn(daemon?.pid ?? 0, "SIGKILL");
    await pane.shows("not up to date: the daemon does not answer");
    expect(pane.rows().join("\n")).toMatch(/❯ ◆ waiting .*before.*│/);
    expect(pane.rows().join("\n")).toContain("asked:");
    pane.type("/after");
    await pane.shows("No session matches.");
    pane.press("Escape");
    await line.coven(["run", "codex", "after", "--detach"]);
    await pane.shows(/◆ waiting .*after(.|\n)*✗ orphaned .*before/);
    expect(pane.rows().join("\n")).not.toContain("not up to date");
    pane.press("C-c");
    await pane.shows("left 0");
  }, 60_000);

  test("only what differs is drawn, a frame at a time: a key in a list of a thousand writes a few rows, and nothing clears the screen", async () => {
    await using home = surface();
    const { home: made } = home.line;
    const { client, project } = made;
    await home.line.coven(["daemon", "start"]);
    const at = { projectRoot: project, harness: "codex" };
    for (let n = 0; n < 1_000; n++) {
      const id = crypto.randomUUID();
      await client.registerExternal({ id, projectRoot: project, harness: "codex", title: `task ${n}` });
      if (n % 2 === 0) await client.completeExternal(id);
    }
    const { id } = await client.launch({ ...at, prompt: "look at me" });
    const terminal = inTerminal(made, ["sessions"], { cols: 200, rows: 50 });
    await until(
      "it is drawn",
      () => terminal.shown().includes("asked:") && terminal.shown().includes("1001"),
    );
    const before = terminal.shown().length;
    terminal.type("j");
    await until("the pointer has moved", () => / task \d+/.test(terminal.shown().slice(before)));
    const drawn = terminal.shown().slice(before);
    expect(drawn).not.toContain("\u001b[2J");
    expect(drawn.split("\u001b[?2026h").length).toBe(drawn.split("\u001b[?2026l").length);
    expect(drawn.replaceAll(/\u001b\[\?2026h[\s\S]*?\u001b\[\?2026l/g, "")).toBe("");
    await client.kill(id);
    terminal.type("q");
    expect((await terminal.exit).exitCode).toBe(0);
  }, 60_000);

  test("it rings once for each session that begins to wait, and not for those that waited before", async () => {
    await using home = withAsker();
    const { home: made } = home.line;
    await home.line.coven(["run", "codex", "waits already", "--detach"]);
    const id = (await home.line.coven(["run", "asker", "later", "--detach"])).out.trim();
    const terminal = inTerminal(made, ["sessions"], { cols: 100, rows: 30 });
    await until("both are shown", () => /waits already[\s\S]*later/.test(terminal.shown()));
    const rings = () => terminal.shown().split("\u0007").length - 1;
    expect(rings()).toBe(0);
    await home.line.coven(["send", id, "go"]);
    await until("it rings", () => rings() === 1);
    await until("it is shown", () => terminal.shown().includes("run rm -rf build?"));
    await home.line.coven(["send", id, "yes"]);
    await until("it works again", async () => (await made.client.session(id)).attention?.state === "working");
    await home.line.coven(["send", id, "go"]);
    await until("it rings again", () => rings() === 2);
    terminal.type("q");
    expect((await terminal.exit).exitCode).toBe(0);
    expect(rings()).toBe(2);
  }, 60_000);

  test("what other programs ask the owner for is counted in the heading, and gone once it is decided", async () => {
    await using home = surface();
    const { client } = home.line.home;
    const id = (await home.line.coven(["run", "codex", "stay", "--detach"])).out.trim();
    const pane = home.open("sessions", { cols: 120, rows: 24 });
    await pane.shows("1 live");
    expect(pane.rows()[0]).not.toContain("approval");
    await client.actions({ origin: "bridge", action: "coven.session.kill", args: { sessionId: id } });
    await pane.shows("1 approval asked for (coven approvals)");
    const { approvals } = await client.approvals();
    await home.line.coven(["approvals", "deny", approvals[0]?.id ?? ""]);
    await pane.shows(/^(?![\s\S]*approval)/);
    pane.type("q");
    await pane.shows("left 0");
  }, 60_000);
});
