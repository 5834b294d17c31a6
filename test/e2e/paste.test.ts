// Holds that a paste is text and never keys: in the palette, in its questions and in the browser, marked by the terminal or not.
import { expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { surface } from "../support/surface.ts";
import { describeUnless, without } from "../support/unless.ts";
import { until } from "../support/until.ts";

const PROMPT = "a task, or / for commands";
const TASK = "fix the tests\nyes, all of them\nand say so";

const count = async (home: ReturnType<typeof surface>) =>
  (await home.line.coven(["sessions", "--plain"])).out.trim().split("\n").length - 1;

describeUnless(without("tmux"))("a paste", () => {
  for (const marked of [true, false]) {
    const how = marked ? "marked by the terminal" : "as plain bytes";
    // Its first line became the task, and the y of the second agreed to run it.
    test(`${how}: lines pasted into the palette are one task, shown whole before anything runs`, async () => {
      await using home = surface();
      await home.line.coven(["daemon", "start"]);
      const pane = home.open("", { cols: 120, rows: 30 });
      await pane.shows(PROMPT);
      pane.paste(TASK, marked);
      await pane.shows("› fix the tests↵yes, all of them↵and say so█");
      pane.press("Enter");
      await pane.shows("● Yes / ○ No");
      expect(await count(home)).toBe(0);
      // Nor does a paste answer the question.
      pane.paste("yes\nyes\n", marked);
      await pane.settles();
      expect(pane.rows().join("\n")).toContain("● Yes / ○ No");
      pane.press("y");
      await pane.shows(/asked: fix the tests\s+yes, all of them\s+and say so/);
      const [session] = await home.line.home.client.sessions();
      expect(session?.title).toBe("fix the tests");
      pane.press("Enter");
      await pane.shows("Completed in");
      // Up brings it back, whole, and Down what was typed.
      await pane.shows(PROMPT);
      pane.press("Up");
      await pane.shows("› fix the tests↵yes, all of them↵and say so█");
      pane.press("Down");
      await pane.shows(PROMPT);
      pane.press("C-c");
      await pane.shows("left 0");
    }, 60_000);

    test(`${how}: pasted into the browser it is a filter, and no letter of it an action`, async () => {
      await using home = surface();
      await home.line.coven(["run", "codex", "stay", "--detach"]);
      const pane = home.open("sessions");
      await pane.shows(/waiting .* stay/);
      pane.paste("stay\nkill it\n", marked);
      await pane.shows("stay kill it");
      const [session] = await home.line.home.client.sessions();
      expect(session?.status).toBe("running");
      pane.press("C-u");
      await pane.shows(/waiting .* stay/);
      pane.press("Tab");
      await pane.shows("Kill");
      pane.paste("k\nk", marked);
      await pane.settles();
      expect((await home.line.home.client.sessions())[0]?.status).toBe("running");
      pane.press("C-c");
      await pane.shows("left 0");
    }, 60_000);
  }

  test("a long one is one sign, said by its length, and given to the agent whole", async () => {
    await using home = surface();
    const pane = home.open("", { cols: 120, rows: 30 });
    await pane.shows(PROMPT);
    const log = Array.from({ length: 60 }, (_, at) => `line ${at} of the log`).join("\n");
    pane.type("why? ");
    await pane.shows("› why? █");
    pane.paste(log, true);
    await pane.shows("codex: why? [pasted: 60 lines]");
    pane.press("BSpace");
    await pane.shows("codex: why?\n");
    pane.paste(log, true);
    await pane.shows("codex: why? [pasted: 60 lines]");
    pane.press("Enter");
    await pane.shows("● Yes / ○ No");
    pane.press("y");
    // In the plan it stands behind a rule.
    await pane.shows(/^line 59 of the log/m);
    pane.press("Enter");
    await pane.shows("Completed in");
  }, 60_000);

  test("Alt-Enter and a backslash before Enter make a new line; Ctrl-G opens the editor on all of it", async () => {
    await using home = surface({
      env: { EDITOR: 'sh -c \'tr a-z A-Z < "$1" > "$1.new"; mv "$1.new" "$1"\' edit' },
    });
    const pane = home.open("", { cols: 120, rows: 30 });
    await pane.shows(PROMPT);
    pane.type("one");
    await pane.shows("› one█");
    pane.press("M-Enter");
    await pane.shows("› one↵█");
    pane.type("two\\");
    await pane.shows("› one↵two\\█");
    pane.press("Enter");
    await pane.shows("› one↵two↵█");
    pane.type("three");
    await pane.shows("› one↵two↵three█");
    pane.press("C-g");
    await pane.shows("› ONE↵TWO↵THREE█");
    pane.type("!");
    await pane.shows("› ONE↵TWO↵THREE!█");
    pane.press("Enter");
    await pane.shows("● Yes / ○ No");
    pane.press("y");
    await pane.shows(/asked: ONE\s+TWO\s+THREE!/);
    pane.press("Enter");
    await pane.shows("Completed in");
    // Once the palette has the terminal again.
    await until("it is remembered", () =>
      existsSync(join(home.line.home.paths.home, "palette-history.jsonl")),
    );
  }, 60_000);

  // What is typed while the plan is being made is in no doubt about what it answers.
  test("keys typed before the plan was drawn do not agree to it", async () => {
    await using home = surface();
    await home.line.coven(["daemon", "start"]);
    const pane = home.open("", { cols: 120, rows: 30 });
    await pane.shows(PROMPT);
    pane.type("go");
    await pane.shows("› go█");
    pane.send(new TextEncoder().encode("\ry"));
    await pane.shows("● Yes / ○ No");
    await pane.settles();
    expect(pane.rows().join("\n")).toContain("● Yes / ○ No");
    expect(await count(home)).toBe(0);
    pane.press("n");
    await pane.shows(PROMPT);
  }, 60_000);
});
