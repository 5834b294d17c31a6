// Holds the keys behind the detach key at a real terminal: other sessions, the line of keys, the key itself; alone it detaches.
import { expect, test } from "bun:test";
import { surface } from "../support/surface.ts";
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
    await pane.shows("Ctrl-] then: n next  p previous  l last  r redraw  Ctrl-] send it  else: detach");
    pane.type("x");
    await pane.shows(/I am first\n[\s\S]*x/);
    await pane.shows(/^(?![\s\S]*then: n next)/);
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
});
