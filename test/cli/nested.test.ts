// Holds that no session shows itself, at once or by way of others: attached to itself one printed 2.5 to 36 MB in 35 s.
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { posixPtyHost } from "../../src/pty/posix.ts";
import { type CommandLine, commandLine } from "../support/command-line.ts";
import { until } from "../support/daemon-home.ts";
import { restartInPlace } from "../support/in-place.ts";
import { inTerminal } from "../support/in-terminal.ts";
import { testUnless } from "../support/unless.ts";

setDefaultTimeout(60_000);

let line: CommandLine;

beforeAll(async () => {
  line = commandLine();
  // A shell in a terminal of its own, as an agent's commands have it.
  line.home.script("codex", "PS1='> ' exec sh -i");
  await line.home.start();
});

afterAll(() => line[Symbol.asyncDispose]());

/** What it has printed, without colours. */
async function printed(id: string): Promise<string> {
  return Bun.stripANSI(Buffer.concat(await Array.fromAsync(line.home.client.output(id))).toString());
}

/** Types a command line into it; the exit code, once it has ended, by a word that no other session prints. */
async function typed(id: string, text: string): Promise<() => Promise<number>> {
  const word = crypto.randomUUID().slice(0, 8);
  await line.home.client.input(id, `${text}; echo ${word}"=$?"\r`);
  const ended = async () => new RegExp(`${word}=(\\d+)`).exec(await printed(id))?.[1];
  return async () => Number(await until("the command has ended", ended));
}

/** A session with a shell in it. */
async function shell() {
  const id = (await line.coven(["run", "codex", "--detach", "--title", "a shell"])).out.trim();
  await until("the shell is there", async () => (await printed(id)).includes("> "));
  return {
    id,
    printed: () => printed(id),
    type: (text: string) => typed(id, text),
    /** Its detach key, where it shows another one. */
    leave: () => line.home.client.input(id, "\x1d"),
    end: () => line.coven(["kill", id]),
  };
}

test("attach to the session one is in is refused, in its terminal and on a pipe, and prints next to nothing", async () => {
  for (const command of ["attach", "attach --observe", "attach --raw", "logs --follow"]) {
    const own = await shell();
    const [verb, flag = ""] = command.split(" ");
    const left = await own.type(`coven ${verb} "$COVEN_SESSION_ID" ${flag}`);
    expect([command, await left()]).toEqual([command, command.startsWith("attach") ? 125 : 1]);
    const shown = await own.printed();
    expect(shown).toContain("Error: ");
    expect(shown).toContain("would be its own output");
    expect(shown).toContain(`coven attach ${own.id} --no-follow`);
    expect(shown.length).toBeLessThan(4_000);
    await own.end();
  }
});

test("A shows B, so B can't show A, nor can C that B shows; once A has left it can", async () => {
  const [a, b, c] = [await shell(), await shell(), await shell()];
  const left = await a.type(`coven attach ${b.id}`);
  await until("A shows B", async () => (await a.printed()).includes("Ctrl-] detaches"));
  await b.type(`coven attach ${c.id} | cat`);
  await until("B shows C", async () => (await b.printed()).includes("codex: a shell"));
  const refused = await c.type(`coven attach ${a.id}`);
  expect(await refused()).toBe(125);
  expect(await c.printed()).toContain(`is already shown in session ${a.id} (by way of ${b.id})`);
  for (const one of [a, b, c]) expect((await one.printed()).length).toBeLessThan(8_000);
  await a.leave();
  expect(await left()).toBe(0);
  await c.type(`coven attach ${a.id}`);
  await until("C shows A", async () => (await c.printed()).includes("Ctrl-] detaches"));
  for (const one of [a, b, c]) await one.end();
});

test("a session may start another and show it; what runs in that can't show the first", async () => {
  const outer = await shell();
  const left = await outer.type("coven run codex --title inner");
  const isInner = ({ title }: { title: string }) => title === "inner";
  const inner = await until("it has one", async () => (await line.home.client.sessions()).find(isInner));
  await until("it shows it", async () => (await outer.printed()).includes("Ctrl-] detaches"));
  const refused = await typed(inner.id, `coven attach ${outer.id}`);
  expect(await refused()).toBe(125);
  await line.home.client.input(inner.id, "exit 7\r");
  expect(await left()).toBe(7);
  await outer.end();
});

test("with --no-follow a session reads what it has printed, in its terminal and on a pipe", async () => {
  const own = await shell();
  await own.type("echo 'a wo'rd");
  await until("it has", async () => (await own.printed()).includes("a word"));
  await own.type('coven attach "$COVEN_SESSION_ID" --no-follow');
  await until("it is there twice", async () => (await own.printed()).split("a word").length > 2);
  await own.type('coven attach "$COVEN_SESSION_ID" --no-follow | grep -c "^a word"; echo do"ne"');
  await until("it has ended", async () => (await own.printed()).includes("done"));
  expect(await own.printed()).toMatch(/\n2\r\n/);
  await own.end();
});

const lack = posixPtyHost() ? undefined : "not Linux, or its C library is too old";

testUnless(lack)("a daemon that is replaced in place refuses the same", async () => {
  const [a, b] = [await shell(), await shell()];
  const left = await a.type(`coven attach ${b.id}`);
  await until("A shows B", async () => (await a.printed()).includes("Ctrl-] detaches"));
  expect(await restartInPlace(line.home)).toMatchObject({ refused: null });
  await line.home.client.input(a.id, "echo come ag'ain'\r");
  await until("A shows B again", async () => (await a.printed()).includes("come again"));
  const refused = await b.type(`coven attach ${a.id}`);
  expect(await refused()).toBe(125);
  expect(await b.printed()).toContain("is already shown in");
  await a.leave();
  expect(await left()).toBe(0);
  for (const one of [a, b]) await one.end();
});

test("a person's own terminal is in no session, and a session of another home is none of ours", async () => {
  const own = await shell();
  for (const env of [{}, { COVEN_SESSION_ID: crypto.randomUUID() }, { COVEN_SESSION_ID: "not an id" }]) {
    const terminal = inTerminal(line.home, ["attach", own.id], { env });
    await until("it is shown", () => terminal.shown().includes("> "));
    terminal.type("\x1d");
    expect((await terminal.exit).exitCode).toBe(0);
  }
  await own.end();
});
