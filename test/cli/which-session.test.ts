// Holds how sessions are named: several at once, `-` for the last one here, and picked by a person where nothing was typed.
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { spanOf } from "../../src/cli/ui/time.ts";
import { type CommandLine, commandLine } from "../support/command-line.ts";
import { surface } from "../support/surface.ts";
import { testUnless, without } from "../support/unless.ts";
import { until } from "../support/until.ts";

setDefaultTimeout(30_000);

let line: CommandLine;
let elsewhere: string;

beforeAll(async () => {
  line = commandLine();
  line.home.script("codex", "echo ready; exec sleep 600");
  elsewhere = join(line.home.base, "elsewhere");
  mkdirSync(elsewhere);
  await line.home.start();
});

afterAll(() => line[Symbol.asyncDispose]());

const start = async (cwd?: string): Promise<string> =>
  (await line.coven(["run", "codex", "stay", "--detach"], cwd === undefined ? {} : { cwd })).out.trim();
const status = async (id: string): Promise<string> => (await line.home.client.session(id)).status;

test("kill, archive, summon and sacrifice take several; what fails with one is said, and the others follow", async () => {
  const [one, other] = [await start(), await start()];
  const killed = await line.coven(["kill", one.slice(0, 8), other, one]);
  expect(killed).toEqual({ code: 0, out: `killed session ${one}\nkilled session ${other}\n`, err: "" });
  const third = await start();
  const some = await line.coven(["archive", one, third, other]);
  expect([some.code, some.out]).toEqual([1, `archived session ${one}\narchived session ${other}\n`]);
  expect(some.err).toContain(`coven kill ${third}`);
  const back = await line.coven(["summon", one, other]);
  expect(back.out).toBe(`summoned session ${one}\nsummoned session ${other}\n`);
  await line.coven(["kill", third]);
  const gone = await line.coven(["sacrifice", one, other, third, "--yes"]);
  expect(gone.out.split("\n")).toHaveLength(4);
});

test("one that can't be found stops all: nothing is touched", async () => {
  const id = await start();
  const { code, err } = await line.coven(["kill", id, "ffffffff"]);
  expect([code, err.split("\n")[0]]).toEqual([1, "Error: Session not found: no id begins with ffffffff."]);
  expect(await status(id)).toBe("running");
  await line.coven(["kill", id]);
});

test("- is the last session of the project one stands in", async () => {
  const there = await start(elsewhere);
  const here = await start();
  expect((await line.coven(["kill", "-"], { cwd: elsewhere })).out).toBe(`killed session ${there}\n`);
  expect(await status(here)).toBe("running");
  expect((await line.coven(["kill", "-"])).out).toBe(`killed session ${here}\n`);
  const empty = join(line.home.base, "empty");
  mkdirSync(empty);
  const { code, err } = await line.coven(["attach", "-"], { cwd: empty });
  expect([code, err]).toEqual([125, expect.stringContaining("There is no session of this project")]);
});

test("archive --ended takes all that ended, or only those that did so long ago", async () => {
  const id = await start();
  await line.coven(["kill", id]);
  expect((await line.coven(["archive", "--ended", "--older-than", "1d"])).err).toBe(
    "No session to archive.\n",
  );
  expect((await line.coven(["archive", "--ended"])).out).toContain(`archived session ${id}\n`);
  expect((await line.coven(["archive", "--ended", "--older-than", "soon"])).code).toBe(2);
  expect((await line.coven(["archive", id, "--ended"])).code).toBe(2);
  expect((await line.coven(["archive", id, "--older-than", "1d"])).code).toBe(2);
});

test("without an id where nobody can pick, it is asked for; --yes agrees only to what is named", async () => {
  for (const verb of ["attach", "kill", "archive", "summon", "export"]) {
    const { code, err } = await line.coven([verb, ...(verb === "export" ? ["--format=text"] : [])]);
    expect([code, err.split("\n")[0]]).toEqual([2, `Error: coven ${verb} needs a session id.`]);
  }
  expect((await line.coven(["sacrifice", "--yes"])).code).toBe(2);
});

test("spans of time", () => {
  expect(["90s", "10m", "12h", "7d", "2w", "0s"].map((typed) => spanOf("timeout", typed))).toEqual([
    90_000, 600_000, 43_200_000, 604_800_000, 1_209_600_000, 0,
  ]);
  for (const typed of ["", "10", "m", "-1m", "1.5h", "10 m", "99999999999d"]) {
    expect(() => spanOf("timeout", typed)).toThrow("--timeout takes a span of time");
  }
});

testUnless(without("tmux"))(
  "at a terminal without an id: none, the only one, a list to pick from",
  async () => {
    await using home = surface();
    const none = home.open("kill");
    await none.shows("There is no running session to kill.");
    const run = async () => (await home.line.coven(["run", "codex", "stay", "--detach"])).out.trim();
    const first = await run();
    const only = home.open("kill");
    await only.shows(`killed session ${first}`);
    const [older, newer] = [await run(), await run()];
    const pane = home.open("kill");
    await pane.shows("Which session to kill?");
    pane.press("Down", "Enter");
    await pane.shows(`killed session ${older}`);
    await pane.shows("left 0");
    expect((await home.line.home.client.session(newer)).status).toBe("running");
    const other = home.open("attach");
    await other.shows("Which session to attach?");
    other.press("C-c");
    await other.shows("left 1");
  },
);

testUnless(without("tmux"))(
  "coven send without an id: picked, of those that take input alone, then typed",
  async () => {
    await using home = surface();
    home.line.home.script("codex", 'stty -echo; while read it; do echo "got $it"; done');
    const ids: string[] = [];
    for (const title of ["one", "two"]) {
      ids.push((await home.line.coven(["run", "codex", title, "--detach"])).out.trim());
    }
    await home.line.coven(["run", "demo", "wait"], { stdin: "" });
    const pane = home.open("send");
    await pane.shows("Which session to send?");
    expect(pane.rows().join("\n")).not.toContain("(demo)");
    pane.press("Down", "Enter");
    await pane.shows("Type the text, then Ctrl-D");
    pane.type("hello you");
    pane.press("Enter");
    pane.press("C-d");
    await pane.shows("left 0");
    const shown = async (id: string | undefined) =>
      (await home.line.home.client.screen(id ?? "")).lines.join("\n");
    await until("it has it", async () => (await shown(ids[0])).includes("got hello you"));
    expect(await shown(ids[1])).not.toContain("hello");
    const keys = home.open("send --key enter");
    await keys.shows("Which session to send?");
    keys.press("Escape");
    await keys.shows("No session was picked.");
  },
  60_000,
);
