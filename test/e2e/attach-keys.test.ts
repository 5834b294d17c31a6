// Holds the keys behind the detach key at a real terminal: other sessions, the line of keys, the key itself; alone it detaches.
import { expect, test } from "bun:test";
import { surface } from "../support/surface.ts";
import { SANE } from "../support/tmux.ts";
import { describeUnless, without } from "../support/unless.ts";
import { until } from "../support/until.ts";

describeUnless(without("tmux"))("behind the detach key", () => {
  async function two() {
    const home = surface();
    // Says which it is, and shows what it is sent.
    home.line.home.script("codex", 'printf "I am %s\\r\\n" "$1"; stty raw -echo; exec cat -v');
    const ids: string[] = [];
    for (const name of ["first", "second", "third"]) {
      ids.push((await home.line.coven(["run", "codex", name, "--detach"])).out.trim());
    }
    return { home, ids };
  }

  test("n and p go to the next and the previous live session, l to the one before, and each takes the keys", async () => {
    const { home: made, ids } = await two();
    await using home = made;
    const pane = home.open(`attach ${ids[2]}`);
    await pane.shows("I am third");
    pane.press("C-]", "n");
    await pane.shows("I am second");
    pane.press("C-]", "n");
    await pane.shows("I am first");
    pane.press("C-]", "l");
    await pane.shows("I am second");
    pane.press("C-]", "p");
    await pane.shows("I am third");
    pane.type("typed here");
    await pane.shows("typed here");
    pane.press("C-]");
    await pane.shows("goes on without you");
    await pane.shows(`coven attach ${ids[2]?.slice(0, 8)}`);
    await pane.shows("left 0");
    expect(pane.modes()).toMatchObject({ alternate: false, cursor: true });
  }, 60_000);

  test("? shows the keys in one line, which goes again; the key twice is sent to the program", async () => {
    const { home: made, ids } = await two();
    await using home = made;
    const pane = home.open(`attach ${ids[0]}`, { cols: 80, rows: 20 });
    await pane.shows("I am first");
    pane.press("C-]", "?");
    // All of it, in 80 columns: its end was cut off.
    await pane.shows("Ctrl-]: n next  p prev  l last  w waiting  b list  [ log  r redraw  Ctrl-] send");
    pane.type("x");
    await pane.shows(/I am first\n[\s\S]*x/);
    await pane.shows(/^(?![\s\S]*: n next)/);
    pane.press("C-]", "C-]");
    await pane.shows("x^]");
    pane.press("C-]", "C-]", "y");
    await pane.shows("x^]^]y");
    pane.press("C-]");
    await pane.shows("left 0");
  }, 60_000);

  test("where no other session is live that is said, and the session stays", async () => {
    await using home = surface();
    const id = (await home.line.coven(["run", "codex", "alone", "--detach"])).out.trim();
    const pane = home.open(`attach ${id}`);
    await pane.shows("asked: alone");
    pane.press("C-]", "n");
    await until("it is said", () => pane.history().join("\n").includes("No other session is live."));
    await pane.settles();
    pane.type("go");
    pane.press("Enter");
    await pane.shows("answered: go");
    await pane.shows("left 0");
  }, 60_000);

  test("[ is the log: scrolled, searched and copied in, and q brings the screen back as it then is", async () => {
    await using home = surface();
    home.line.home.script(
      "codex",
      "seq -f 'line %g' 1 200; stty -echo; while read it; do echo \"got $it\"; done",
    );
    const id = (await home.line.coven(["run", "codex", "many", "--detach"])).out.trim();
    const pane = home.open(`attach ${id}`);
    await pane.shows("line 200");
    const before = pane.rows();
    pane.press("C-]");
    pane.type("[");
    await pane.shows("q back");
    await pane.shows(/line 200\n/);
    expect(pane.rows()[0]).toContain("many");
    pane.type("g");
    await pane.shows(/^ many.*\n.*\nline 1\nline 2\n/);
    pane.type("/line 77");
    await pane.shows("/line 77█");
    pane.press("Enter");
    await pane.shows(/\nline 77\n/);
    pane.type("/line 1");
    pane.press("Enter");
    await pane.shows(/\nline 100\n/);
    pane.type("n");
    await pane.shows("101 of 200");
    pane.type("N");
    await pane.shows("100 of 200");
    pane.press("PageUp");
    await pane.shows(/(78|79) of 200/);
    pane.type("G");
    await pane.shows("200 of 200");
    // What is printed meanwhile, and an answer to nothing the person typed, are none of the log's.
    await home.line.coven(["send", id, "meanwhile"]);
    pane.type("q");
    await pane.shows("got meanwhile");
    expect(pane.modes()).toMatchObject({ alternate: false, mouse: false, cursor: true });
    expect(pane.rows().join("\n")).toContain(`${before.filter(Boolean).slice(3).join("\n")}\ngot meanwhile`);
    pane.type("typed");
    pane.press("Enter");
    await pane.shows("got typed");
    // The session's end while the log is read: said once one is back.
    pane.press("C-]");
    pane.type("[");
    await pane.shows("q back");
    await home.line.coven(["kill", id]);
    await pane.settles();
    expect(pane.rows().join("\n")).toContain("q back");
    pane.type("q");
    await pane.shows(/left \d+/);
    expect(pane.modes()).toMatchObject(SANE);
  }, 60_000);

  test("y copies the line under the pointer, or what was selected, by OSC 52; where nobody takes it that is said", async () => {
    await using home = surface();
    home.line.home.script("codex", "seq -f 'line %g' 1 9; exec cat");
    const id = (await home.line.coven(["run", "codex", "few", "--detach"])).out.trim();
    for (const takes of ["on", "external"] as const) {
      const pane = home.open(`attach ${id}`);
      pane.server("set-option", "-s", "set-clipboard", takes);
      await pane.shows("line 9");
      pane.press("C-]");
      pane.type("[");
      await pane.shows("q back");
      await pane.shows("9 of 9");
      pane.type("kkv");
      pane.press("Up");
      pane.type("y");
      await pane.shows("Sent 2 lines to the clipboard");
      if (takes === "on") {
        await until("tmux has it", () => pane.server("show-buffer") === "line 6\nline 7\n");
        pane.type("y");
        await until("tmux has the line", () => pane.server("show-buffer") === "line 6");
      }
      pane.type("q");
      await pane.shows("line 9");
      pane.press("C-]");
      await pane.shows("left 0");
    }
  }, 60_000);

  test("a program on the alternate screen has scrollback too, and its screen is back cell by cell", async () => {
    await using home = surface();
    // As agents do: an input line that stays, the rest scrolls in a region above it, a frame at a time.
    const agent = `printf '\\033[?1049h\\033[?1000h\\033[2J\\033[24;1H> input\\033[1;22r\\033[22;1H'
for n in $(seq 1 100); do printf '\\033[?2026h\\nanswer %s\\r\\033[?2026l' $n; done
exec cat`;
    home.line.home.script("codex", agent);
    const id = (await home.line.coven(["run", "codex", "full screen", "--detach"])).out.trim();
    const pane = home.open(`attach ${id}`);
    await pane.shows("answer 100");
    const before = await pane.settles();
    expect(pane.modes()).toMatchObject({ alternate: true, mouse: true });
    pane.press("C-]");
    pane.type("[");
    await pane.shows("q back");
    pane.type("g");
    await pane.shows(/^ full screen.*\n.*\nanswer 1\nanswer 2\nanswer 3\n/);
    pane.type("/answer 57");
    pane.press("Enter");
    await pane.shows(/\nanswer 56\nanswer 57\nanswer 58\n/);
    pane.type("q");
    await pane.shows("> input");
    expect(await pane.settles()).toBe(before);
    expect(pane.modes()).toMatchObject({ alternate: true, mouse: true });
    pane.press("C-]");
    await pane.shows("left 0");
    expect(pane.modes()).toMatchObject(SANE);
  }, 60_000);

  test("w goes to the next that waits; b is the list of sessions, and Enter there the session again", async () => {
    await using home = surface();
    home.line.home.script("claude", "echo I do not wait; exec cat");
    const quiet = (await home.line.coven(["run", "claude", "quiet", "--detach"])).out.trim();
    const pane = home.open(`attach ${quiet}`);
    await pane.shows("I do not wait");
    pane.press("C-]", "w");
    await until("it is said", () => pane.history().join("\n").includes("No other session waits for you."));
    await home.line.coven(["run", "codex", "a question", "--detach"]);
    await home.line.coven(["run", "claude", "quiet too", "--detach"]);
    pane.press("C-]", "w");
    await pane.shows("asked: a question");
    pane.press("C-]", "b");
    await pane.shows(/Sessions in .* · 3 · 3 live · 1 waiting/);
    pane.press("Enter");
    // Not its preview in the list. What stood there before is back at once, so the next key comes while the session is being opened.
    await pane.shows(/^(?![\s\S]*Sessions in )[\s\S]*(asked: a question|I do not wait)/);
    pane.press("C-]", "b");
    await pane.shows(/Sessions in .* · 3 · 3 live · 1 waiting/);
    pane.type("q");
    await pane.shows("left 0");
    expect(pane.modes()).toMatchObject(SANE);
  }, 60_000);

  test("an observer has the same keys, but types nothing; Ctrl-C leaves at once", async () => {
    const { home: made, ids } = await two();
    await using home = made;
    const pane = home.open(`attach ${ids[0]} --observe`);
    await pane.shows("I am first");
    pane.press("C-]", "p");
    await pane.shows("I am second");
    pane.press("C-]", "C-]", "x");
    pane.press("C-]");
    pane.type("[");
    await pane.shows("q back");
    await pane.shows("I am second");
    pane.type("q");
    await until("the screen is back", () => !pane.modes().alternate);
    pane.press("C-c");
    await pane.shows("left 0");
    expect((await home.line.home.client.screen(ids[1] ?? "")).lines.join("")).not.toContain("x");
    expect(pane.modes()).toMatchObject(SANE);
  }, 60_000);
});
