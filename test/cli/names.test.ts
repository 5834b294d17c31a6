// Holds that a name stands for a session in every verb, that no two that live share one, and that none is ever taken for an id.
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { NAME } from "../../src/session/name.ts";
import { type CommandLine, commandLine } from "../support/command-line.ts";
import { until } from "../support/daemon-home.ts";
import { inTerminal } from "../support/in-terminal.ts";
import { ask } from "../support/raw.ts";

setDefaultTimeout(30_000);

let line: CommandLine;

beforeAll(async () => {
  line = commandLine();
  // Says its task, and does what it is told until it is told to leave.
  line.home.script(
    "codex",
    'printf "I am %s\\n" "$*"; while read -r word; do [ "$word" = leave ] && exit 3; echo "got $word"; done',
  );
  await line.home.start();
});

afterAll(() => line[Symbol.asyncDispose]());

const launch = async (...words: readonly string[]) =>
  (await line.coven(["run", "codex", "task", "--detach", ...words])).out.trim();

async function ended(id: string): Promise<void> {
  await until("it has ended", async () => (await line.home.client.session(id)).status !== "running");
}

test("every verb that takes a session takes its name", async () => {
  const id = await launch("--name", "login");
  const said = async (...words: readonly string[]) => {
    const { code, out, err } = await line.coven(words);
    expect([words, code, err.includes("Error")]).toEqual([words, 0, false]);
    return out;
  };
  expect(JSON.parse(await said("sessions", "show", "login", "--json"))).toMatchObject({ id, name: "login" });
  expect(await said("sessions", "show", "login")).toMatch(/name +login/);
  await said("send", "login", "hello");
  await until("it has got it", async () => (await said("logs", "login")).includes("got hello"));
  expect(await said("attach", "login", "--no-follow")).toContain("I am task");
  expect(await said("sessions", "events", "login", "--json")).toContain(id);
  expect(await said("sessions", "log", "login")).toContain("got hello");
  expect(await said("logs", "--session", "login")).toContain("session_started");
  expect(await said("why", "login")).toContain(id.slice(0, 8));
  expect(await said("diagnostics", "--print", "--include-output", "login")).toContain(`output/${id}.txt`);
  expect((await line.coven(["wait", "login", "--timeout", "1s"])).code).toBe(4);
  await said("export", "login", "--output", join(line.home.base, "login.txt"), "--format", "text");
  await said("send", "login", "leave");
  expect((await line.coven(["attach", "login"])).code).toBe(3);
  await said("archive", "login");
  expect(await said("summon", "login")).toContain(id);
  expect(await said("sacrifice", "login", "--yes")).toContain(id);
  const gone = await line.coven(["attach", "login"]);
  expect(gone.err).toContain("no id begins with login, and none is called so");
});

test("a name is refused with the reason where it is none, and with a code where a live session has it; no row is made", async () => {
  const id = await launch("--name", "taken");
  const before = (await line.home.client.sessions()).length;
  const bad = ["cafe", "3f2a9c1e", "dead-beef", "1234", "-x", ".x", "a b", "a/b", "x".repeat(65), "ünï"];
  for (const name of bad) {
    const { code, err } = await line.coven(["run", "codex", "task", "--detach", `--name=${name}`]);
    expect([name, code === 0, err]).toEqual([
      name,
      false,
      expect.stringContaining("1 to 64 letters, digits or . _ -"),
    ]);
  }
  for (const name of ["login", "x", "fix-tests", "0.5", "a_b", "cafe1x", "x".repeat(64)])
    expect(NAME.test(name)).toBe(true);
  const again = await line.coven(["run", "codex", "task", "--detach", "--name", "taken"]);
  expect([again.code === 0, again.err]).toEqual([
    false,
    expect.stringContaining(`Session ${id} is called taken already`),
  ]);
  expect(again.err).toContain("coven attach taken");
  const body = { projectRoot: line.home.project, harness: "codex", prompt: "x", name: "taken" };
  const { status, body: text } = await ask(
    line.home.paths.socket,
    "POST /api/v1/sessions",
    JSON.stringify(body),
  );
  expect([status, JSON.parse(text).error]).toEqual([
    409,
    { code: "name_taken", message: expect.any(String), details: { name: "taken", sessionId: id } },
  ]);
  expect((await line.home.client.sessions()).length).toBe(before);
  await line.coven(["kill", "taken"]);
});

test("once it has ended the name is free; it means the one that runs, else the newest", async () => {
  const [first, other] = [await launch("--name", "nightly"), await launch()];
  await line.coven(["kill", first]);
  const second = await launch("--name", "nightly");
  const meant = async () => JSON.parse((await line.coven(["sessions", "show", "nightly", "--json"])).out).id;
  expect(await meant()).toBe(second);
  await line.coven(["kill", "nightly"]);
  expect(await meant()).toBe(second);
  // The older runs again under that name, as it were: it is meant.
  await line.home.client.rename(other, "nightly");
  expect(await meant()).toBe(other);
  await line.coven(["kill", other]);
  expect(await meant()).toBe(second);
});

test("rename gives, changes and takes a name away, with an event while it lives; of another's name it is refused", async () => {
  const [id, other] = [await launch("--name", "old"), await launch("--name", "else")];
  expect((await line.coven(["rename", "old", "new"])).out).toBe(`session ${id} is new\n`);
  expect((await line.coven(["rename", "old", "new"])).code).not.toBe(0);
  expect((await line.coven(["rename", "new", "new", "--json"])).out).toContain('"name":"new"');
  const taken = await line.coven(["rename", "new", "else"]);
  expect([taken.code, taken.err]).toEqual([
    1,
    expect.stringContaining(`Session ${other} is called else already`),
  ]);
  expect((await line.coven(["rename", "new", "cafe"])).err).toContain("as ids are");
  expect((await line.coven(["rename", "new"])).code).toBe(2);
  const renames = async () => {
    const { events } = await line.home.client.events(id);
    return events
      .map(({ payload_json }) => JSON.parse(payload_json))
      .filter(({ event }) => event === "renamed");
  };
  expect(await renames()).toEqual([{ event: "renamed", name: "new", before: "old" }]);
  await line.coven(["kill", "new"]);
  await ended(id);
  expect((await line.coven(["rename", "new", "--none"])).out).toBe(`session ${id} has no name\n`);
  // The exit event is the last of a session.
  expect((await line.home.client.events(id)).events.at(-1)?.kind).toBe("exit");
  expect((await line.home.client.session(id)).name).toBeNull();
  await line.coven(["kill", "else"]);
});

test("a run that somebody else started can't be shadowed, whatever it is called", async () => {
  const projectRoot = line.home.project;
  const { id } = await line.home.client.registerExternal({ id: "build", projectRoot, harness: "ci" });
  await line.home.client.registerExternal({ id: "build.2", projectRoot, harness: "ci" });
  const shadow = await line.coven(["run", "codex", "x", "--detach", "--name", "build"]);
  expect(shadow.code).not.toBe(0);
  expect((await line.coven(["sessions", "show", "build", "--json"])).out).toContain(`"id":"${id}"`);
});

test("labels of a run are what the list is filtered by, a key alone or with its value", async () => {
  const web = await launch("--label", "team=web", "--label", "urgent");
  const app = await launch("--label", "team=app", "--labels", "urgent,late");
  const none = await launch();
  const listed = async (...labels: string[]) => {
    const words = labels.flatMap((label) => ["--label", label]);
    const { out } = await line.coven(["sessions", "--json", ...words]);
    const { sessions }: { sessions: { id: string }[] } = JSON.parse(out);
    return sessions.map(({ id }) => id).filter((one) => [web, app, none].includes(one));
  };
  expect(await listed("team=web")).toEqual([web]);
  expect(await listed("team")).toEqual([app, web]);
  expect(await listed("urgent", "team=app")).toEqual([app]);
  expect(await listed("tea")).toEqual([]);
  expect((await line.home.client.session(app)).labels).toEqual(["team=app", "urgent", "late"]);
  const wrong = await line.coven(["run", "codex", "x", "--detach", "--label", "a b"]);
  expect([wrong.code === 0, wrong.err]).toEqual([
    false,
    expect.stringContaining("letters, digits or . _ : = -"),
  ]);
  await line.coven(["kill", web, app, none]);
});

test("completions offer names beside ids, with the title; the list and the browser show them", async () => {
  const id = await launch("--name", "shown", "--title", "a long title");
  const offered = (await line.coven(["__complete", "attach", "sho"])).out;
  expect(offered).toBe("shown\trunning  codex  a long title\n");
  expect((await line.coven(["__complete", "kill", ""])).out.split("\n")).toEqual(
    expect.arrayContaining([
      "shown\trunning  codex  a long title",
      `${id.slice(0, 8)}\trunning  codex  a long title`,
    ]),
  );
  expect((await line.coven(["sessions", "--plain"])).out).toMatch(
    /^SESSION +STATUS +HARNESS +STATE +TITLE\n/,
  );
  const browser = inTerminal(line.home, ["sessions"]);
  await until("the browser names it", () => browser.shown().includes("shown: a long title"));
  browser.type("q");
  expect((await browser.exit).exitCode).toBe(0);
  await line.coven(["kill", "shown"]);
});

test("a name outlives the daemon", async () => {
  const id = await launch("--name", "kept");
  await line.coven(["send", "kept", "leave"]);
  await ended(id);
  await line.coven(["daemon", "stop", "--force"]);
  expect((await line.coven(["sessions", "show", "kept", "--json"])).out).toContain(`"id":"${id}"`);
});

test("no command looks a session up by itself", () => {
  // Whoever takes a session's id takes its name and `-` too: there is one place that knows how.
  const commands = join(import.meta.dir, "../../src/cli/commands");
  const takes = readdirSync(commands).filter((name) => {
    if (name.endsWith(".ts")) return false;
    const text = readFileSync(join(commands, name, "command.ts"), "utf8");
    return /sessionIds?\(|completes: "[^"]*session/.test(text) && name !== "run";
  });
  expect(takes.length).toBeGreaterThan(10);
  for (const name of takes) {
    const text = readdirSync(join(commands, name))
      .filter((file) => file.endsWith(".ts"))
      .map((file) => readFileSync(join(commands, name, file), "utf8"))
      .join("");
    expect([name, /sessionsMeant|sessionMeant|fullId|kept.*ids/.test(text)]).toEqual([name, true]);
  }
});
