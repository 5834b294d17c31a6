// Holds the list and the rituals as scripts read them: columns, words, exit codes.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { type CommandLine, commandLine } from "../support/command-line.ts";

let line: CommandLine;
let done: string;
let slow: string;

beforeAll(async () => {
  line = commandLine();
  line.home.script("codex", "echo ready; exec sleep 600");
  expect((await line.coven(["sessions"])).out).toBe("SESSION  STATUS  HARNESS  STATE  TITLE\n");
  done = (await line.coven(["run", "demo", "hi", "--title", "日本\u001b[2J\nx", "--json"])).out;
  done = JSON.parse(done).id;
  slow = (await line.coven(["run", "codex", "slow", "--detach"])).out.trim();
});

afterAll(() => line[Symbol.asyncDispose]());

test("--plain, and any pipe: a header and one harmless row per session, newest first", async () => {
  const plain = await line.coven(["sessions", "--plain"]);
  expect(plain).toEqual({
    code: 0,
    err: "",
    out: [
      "SESSION                               STATUS     HARNESS  STATE   TITLE",
      `${slow}  running    codex    active  slow`,
      `${done}  completed  demo     active  日本␛[2J x`,
      "",
    ].join("\n"),
  });
  expect(await line.coven(["sessions"])).toEqual(plain);
  expect((await line.coven(["sessions"], { env: { FORCE_COLOR: "1" } })).out).toBe(plain.out);
});

test("--json is one object with the records", async () => {
  const { out } = await line.coven(["sessions", "--json"]);
  expect(out).toStartWith('{"sessions":[{');
  const { sessions } = JSON.parse(out);
  expect(sessions.map((one: { id: string }) => one.id)).toEqual([slow, done]);
  expect(sessions[0]).toMatchObject({ status: "running", archived_at: null, exit_code: null, signal: null });
});

test("a running session can neither be archived nor sacrificed", async () => {
  for (const words of [
    ["archive", slow],
    ["sacrifice", slow, "--yes"],
  ]) {
    const { code, out, err } = await line.coven(words);
    expect([code, out]).toEqual([1, ""]);
    expect(err).toContain("running");
    expect(err).toContain("Try: coven kill ");
  }
});

test("kill waits until it is true; a second one is refused", async () => {
  expect((await line.coven(["kill", slow.slice(0, 4)])).out).toBe(`killed session ${slow}\n`);
  expect((await line.home.client.session(slow)).status).toBe("killed");
  const again = await line.coven(["kill", slow]);
  expect([again.code, again.err.split("\n")[0]]).toEqual([
    1,
    `Error: Session ${slow} is not running (killed).`,
  ]);
});

test("archive hides, --all shows, summon brings back; both may be said twice", async () => {
  for (const _ of [1, 2])
    expect((await line.coven(["archive", done])).out).toBe(`archived session ${done}\n`);
  expect((await line.coven(["sessions"])).out).not.toContain(done);
  expect((await line.coven(["sessions", "--all"])).out).toContain(
    `${done}  completed  demo     archived  日本`,
  );
  for (const _ of [1, 2]) {
    expect((await line.coven(["summon", done.slice(0, 8)])).out).toBe(`summoned session ${done}\n`);
  }
  expect((await line.coven(["sessions"])).out).toContain(`${done}  completed  demo     active`);
});

test("sacrifice needs --yes where nobody can be asked, then deletes for good", async () => {
  const unsure = await line.coven(["sacrifice", done]);
  expect([unsure.code, unsure.out]).toEqual([1, ""]);
  expect(unsure.err).toContain(`Try: coven sacrifice ${done} --yes\n`);
  expect((await line.coven(["sacrifice", done, "--yes"])).out).toBe(`sacrificed session ${done}\n`);
  const gone = await line.coven(["attach", done]);
  expect([gone.code, gone.out]).toEqual([125, ""]);
  expect(gone.err).toContain("Try: coven sessions --all");
  expect((await line.coven(["sessions", "--all"])).out).not.toContain(done);
});

test("an id that fits nothing, and one too short", async () => {
  const none = await line.coven(["attach", "zzzz"]);
  expect([none.code, none.err.split("\n")[0]]).toEqual([
    125,
    "Error: Session not found: no id begins with zzzz, and none is called so.",
  ]);
  expect((await line.coven(["kill", "abc"])).code).toBe(2);
});
