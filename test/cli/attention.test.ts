// Holds wait, why, approve, deny and send --if-waiting as a script uses them, against a real daemon and real terminals.
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import type { Attention } from "../../src/session/attention.ts";
import { type CommandLine, commandLine } from "../support/command-line.ts";
import { restartInPlace } from "../support/in-place.ts";
import { notLinux, testUnless } from "../support/unless.ts";
import { until } from "../support/until.ts";

setDefaultTimeout(30_000);

let line: CommandLine;

beforeAll(async () => {
  line = commandLine();
  line.home.script("codex", 'for prompt; do :; done\nexec sh -c "$prompt"');
  await line.home.start();
});

afterAll(() => line[Symbol.asyncDispose]());

const osc = (payload: string) => `printf '\\033]7501;${payload}\\033\\\\'`;

async function launch(words: readonly string[]): Promise<string> {
  const { code, out, err } = await line.coven(["run", ...words, "--detach"]);
  if (code !== 0) throw new Error(err);
  return out.trim();
}

function waiting(id: string, after = -1): Promise<Attention> {
  return until(`${id} waits`, async () => {
    const { attention } = await line.home.client.session(id);
    return attention?.state === "waiting" && attention.seq > after ? attention : undefined;
  });
}

test("a script waits for a question, approves it, waits for the end; nothing is answered twice", async () => {
  const id = await launch(["demo", "ask 2"]);
  const question = await waiting(id);
  await line.home.client.input(id, "\n");
  await waiting(id, question.seq);
  const asked = await line.coven(["wait", id, "--for", "waiting", "--timeout", "20s"]);
  expect(asked.code).toBe(0);
  expect(asked.out).toBe(`${id.slice(0, 8)}  waiting for leave: Run rm -r build-1?  ask 2\n`);
  const first = await waiting(id);
  expect(await line.coven(["approve", id])).toEqual({
    code: 0,
    out: `approved session ${id}: waiting for leave: Run rm -r build-1?\n`,
    err: "",
  });
  const second = await waiting(id, first.seq);
  const late = await line.coven(["approve", id, "--if-seq", String(first.seq)]);
  expect([late.code, late.out]).toEqual([1, ""]);
  expect(late.err).toContain("does not wait with that question any more");
  const end = line.begin(["wait", id, "--json"]);
  const denied = await line.coven(["deny", id, "--reason", "not that", "--json"]);
  expect(JSON.parse(denied.out)).toMatchObject({ id, answer: "deny", attention: { seq: second.seq } });
  const { code, out } = await end.left;
  expect([code, JSON.parse(out)]).toMatchObject([
    0,
    { result: "met", for: "exit", sessions: [{ id, status: "completed" }] },
  ]);
  const again = await line.coven(["approve", id]);
  expect([again.code, again.err.split("\n")[0]]).toEqual([
    1,
    `Error: Session ${id} is not running (completed).`,
  ]);
});

test("wait: 4 when it takes too long, 3 when it can't come any more, 1 for a session that is not there, 2 for words that make no sense", async () => {
  const id = await launch(["codex", "read x"]);
  const began = performance.now();
  expect(await line.coven(["wait", id, "--timeout", "300ms"])).toMatchObject({ code: 4, out: "" });
  expect(performance.now() - began).toBeGreaterThan(300);
  // Longer than a timer of the runtime holds.
  const ended = line.begin(["wait", id, "--for", "waiting", "--timeout", "30d"]);
  await line.coven(["kill", id]);
  expect((await ended.left).code).toBe(3);
  expect((await line.coven(["wait", id])).code).toBe(0);
  expect((await line.coven(["wait", "00000000", "--timeout", "5s"])).code).toBe(1);
  for (const words of [["--for", "tea"], ["--any", "--all"], ["--timeout", "soon"], []]) {
    expect((await line.coven(["wait", ...words])).code, words.join(" ")).toBe(2);
  }
  // Of two one has ended already, and can't be done any more.
  const other = await launch(["codex", "read x"]);
  expect((await line.coven(["wait", id, other, "--for", "done"])).code).toBe(3);
  await line.coven(["kill", other]);
});

test("--any: the first that asks, also one that was launched meanwhile; --all: every one that runs", async () => {
  const quiet = await launch(["codex", "read x"]);
  const any = line.begin(["wait", "--any", "--for", "waiting", "--json"]);
  await until("it listens", async () => (await line.home.client.status()).followers.byKind.feed === 1);
  const asks = await launch([
    "codex",
    `${osc("state=blocked:kind=question")}; read x; ${osc("state=done")}; read x`,
  ]);
  const { code, out } = await any.left;
  expect([code, JSON.parse(out).sessions.map(({ id }: { id: string }) => id)]).toEqual([0, [asks]]);
  const all = line.begin(["wait", "--all"]);
  await until("it listens", async () => (await line.home.client.status()).followers.byKind.feed === 1);
  await line.coven(["kill", quiet]);
  expect(all.out()).toBe("");
  await line.coven(["kill", asks]);
  const left = await all.left;
  expect([left.code, left.out.trim().split("\n").length]).toEqual([0, 2]);
  expect((await line.coven(["wait", "--all"])).code).toBe(0);
});

testUnless(notLinux)("a wait goes on over a restart of the daemon, and misses nothing", async () => {
  const id = await launch(["codex", `read x; ${osc("state=done")}; read x; exit 3`]);
  const done = line.begin(["wait", id, "--for", "done"]);
  await until("it listens", async () => (await line.home.client.status()).followers.byKind.feed === 1);
  expect((await restartInPlace(line.home)).refused).toBeNull();
  await line.home.client.input(id, "\n");
  expect((await done.left).code).toBe(0);
  const end = line.begin(["wait", id]);
  await line.home.client.input(id, "\n");
  expect((await end.left).code).toBe(0);
});

test("why: what it wants, who says so, what was before, its last lines; of one that ended how, and who asked for it", async () => {
  const id = await launch([
    "codex",
    `${osc("state=working")}; read x; ${osc(`state=blocked:kind=permission:msg=${btoa("Run it?")}`)}; echo last words; read x`,
  ]);
  const unsaid = await launch(["codex", "read x"]);
  expect((await line.coven(["why", unsaid])).out).toContain("because its program has said nothing yet");
  await until("it works", async () => (await line.home.client.session(id)).attention?.state === "working");
  await line.home.client.input(id, "\n");
  const asked = await waiting(id);
  await until("it has said it", async () =>
    (await line.home.client.screen(id)).lines.join().includes("last words"),
  );
  const { code, out } = await line.coven(["why", id]);
  expect(code).toBe(0);
  const said = out.split("\n");
  expect(said[1]).toBe("waiting for leave: Run it?");
  expect(said[2]).toMatch(
    new RegExp(`^  because its program said so \\(OSC 7501\\), event ${asked.seq}, just now$`),
  );
  expect(out).toMatch(/Before:\n {2}just now {2}working {2}\(osc7501, event \d+\)\n/);
  expect(out).toContain("Its last lines:\n");
  expect(out).toContain("  last words\n");
  await line.coven(["kill", id]);
  const ended = await line.coven(["why", id]);
  expect(ended.out).toMatch(/^Killed after .*\n {2}because a client \(coven\/[\w.-]+\) asked for its end\n/m);
  const document = JSON.parse((await line.coven(["why", id, "--json"])).out);
  expect(document).toMatchObject({
    session: { id, status: "killed" },
    attention: null,
    history: [{ state: "waiting", seq: asked.seq }, { state: "working" }],
    ended: { status: "killed", reasons: [expect.stringContaining("asked for its end")] },
  });
  await line.coven(["kill", unsaid]);
});

test("send --if-waiting types only into a session that waits, and only the question that was seen", async () => {
  const id = await launch([
    "codex",
    `stty -echo; read a; ${osc("state=blocked:kind=question")}; read b; echo "got $b"; read c`,
  ]);
  const early = await line.coven(["send", id, "--if-waiting", "too early"]);
  expect([early.code, early.err.split("\n")[0]]).toEqual([
    1,
    `Error: Session ${id} does not wait for anything: it is unknown.`,
  ]);
  await line.home.client.input(id, "\n");
  await waiting(id);
  expect((await line.coven(["send", id, "--if-waiting", "now"])).code).toBe(0);
  await until("it has read it", async () =>
    (await line.home.client.screen(id)).lines.join().includes("got now"),
  );
  await line.coven(["kill", id]);
});
