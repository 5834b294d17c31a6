// Holds `coven run --stream-json` as a cockpit meets it: only lines of JSON on stdout, also for every failure, and the harness's exit code.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { lineReader } from "../../src/cli/commands/run/frames.ts";
import { type CommandLine, commandLine, type Left } from "../support/command-line.ts";
import { restartInPlace } from "../support/in-place.ts";
import { notLinux, testUnless } from "../support/unless.ts";
import { until } from "../support/until.ts";

let line: CommandLine;

beforeAll(() => {
  line = commandLine();
  // They speak as codex 0.169 and claude 2.1.329 do, and leave behind how they were called.
  line.home.script(
    "codex",
    `printf '%s\\n' "$@" > "$HOME/argv"
    printf '%s\\n' '{"type":"thread.started","thread_id":"thread-1"}' '{"type":"turn.started"}' \\
      '{"type":"item.completed","item":{"id":"i1","type":"command_execution","command":"ls","exit_code":0}}' \\
      '{"type":"item.completed","item":{"id":"i2","type":"agent_message","text":"done"}}'
    case "$*" in
      *fails*) echo 'a line of its own' >&2; echo '{"type":"turn.failed","error":{"message":"no quota"}}'; exit 5;;
      *waits*) while [ ! -e "$HOME/go" ]; do sleep 0.05; done
        echo '{"type":"item.completed","item":{"id":"i3","type":"agent_message","text":"more"}}';;
      *slow*) trap 'exit 7' HUP TERM; while :; do sleep 0.05; done;;
    esac
    echo '{"type":"turn.completed","usage":{"output_tokens":2}}'`,
  );
  line.home.script(
    "claude",
    `printf '%s\\n' '{"type":"system","subtype":"init","session_id":"native-1"}' \\
      '{"type":"assistant","message":{"role":"assistant","content":[{"type":"text","text":"done"}]},"session_id":"native-1"}' \\
      '{"type":"result","subtype":"success","is_error":false,"result":"done","session_id":"native-1","usage":{"output_tokens":3},"total_cost_usd":0.5}'`,
  );
});

afterAll(() => line[Symbol.asyncDispose]());

/** Every line of stdout, each a frame. */
function framesOf({ out }: Pick<Left, "out">) {
  return out
    .split("\n")
    .filter((text) => text !== "")
    .map((text): Record<string, unknown> => JSON.parse(text));
}

const run = (...words: string[]) => line.coven(["run", ...words]);
const argv = async () => (await Bun.file(join(line.home.base, "argv")).text()).trim().split("\n");

test("codex: what it says becomes frames, with its conversation and its tokens; what is no message stays in the ledger", async () => {
  const ran = await run("codex", "--stream-json", "--labels", "a, b,,a", "--title", "T", "--", "say hi");
  const frames = framesOf(ran);
  const session_id = frames[0]?.["session_id"];
  expect(frames).toEqual([
    {
      ...{ type: "system", subtype: "init", cwd: line.home.project, session_id, tools: [] },
      ...{ agent_mode: null, model: null, permission: null },
    },
    {
      ...{ type: "user", session_id, parent_tool_use_id: null },
      message: { role: "user", content: [{ type: "text", text: "say hi" }] },
    },
    {
      ...{ type: "assistant", session_id, stop_reason: "end_turn" },
      message: { role: "assistant", content: [{ type: "text", text: "done" }] },
    },
    {
      ...{
        type: "result",
        subtype: "success",
        duration_ms: expect.any(Number),
        is_error: false,
        num_turns: 1,
      },
      ...{ session_id, harness_session_id: "thread-1", error: null, usage: { output_tokens: 2 } },
    },
  ]);
  expect(ran.code).toBe(0);
  const session = await line.home.client.session(String(session_id));
  expect(session).toMatchObject({ launch_mode: "stream", labels: ["a", "b"], title: "T", archived_at: null });
});

test("claude: its own frames with the id of the session, and ours around them", async () => {
  const frames = framesOf(await run("claude", "--stream-json", "hi"));
  const session_id = frames[0]?.["session_id"];
  expect(frames.map(({ type }) => type)).toEqual([
    "system",
    "user",
    "system",
    "assistant",
    "result",
    "result",
  ]);
  expect(new Set(frames.map((frame) => frame["session_id"]))).toEqual(new Set([session_id]));
  expect(frames[4]).toMatchObject({ result: "done", harness_session_id: "native-1" });
  // Readers keep the last result: it has the tokens and the cost too.
  const counted = { usage: { output_tokens: 3 }, total_cost_usd: 0.5 };
  expect(frames.at(-1)).toMatchObject({ is_error: false, harness_session_id: "native-1", ...counted });
});

test("a harness without lines of its own: its output as it comes, the last frame the result", async () => {
  const ran = await run("demo", "--stream-json", "lines 2");
  const frames = framesOf(ran);
  const texts = frames.filter(({ type }) => type === "output").map((frame) => frame["text"]);
  expect(texts.join("")).toContain("line 1\r\nline 2\r\n");
  expect(frames.at(-1)).toMatchObject({ type: "result", is_error: false });
});

test("--continue goes on with the conversation where and as it was, in a new session; --archive hides it", async () => {
  const first = framesOf(
    await run("codex", "--stream-json", "--permission", "read-only", "--labels", "night", "--", "first"),
  );
  const before = String(first[0]?.["session_id"]);
  const again = framesOf(
    await run("codex", "--stream-json", "--continue", before, "--archive", "--", "more"),
  );
  const session = await line.home.client.session(String(again[0]?.["session_id"]));
  expect(session.id).not.toBe(before);
  expect(session).toMatchObject({ title: "first", labels: ["night"], permission: "read-only" });
  expect(session.archived_at).not.toBeNull();
  expect((await argv()).slice(-3)).toEqual(["resume", "thread-1", "more"]);
  expect(await argv()).toContain("read-only");
});

test("as a cockpit of 0.4.6 calls it for a turn of a chat, with the familiar that answers", async () => {
  const file = join(line.home.paths.home, "familiars.toml");
  writeFileSync(file, '[[familiar]]\nid = "sage"\ndisplay_name = "Sage"\n');
  const turn = ["--stream-json", "--permission", "read-only", "--add-dir", line.home.base];
  const frames = framesOf(await run("codex", ...turn, "--familiar", "sage", "--", "hello"));
  expect(frames.at(-1)).toMatchObject({ type: "result", is_error: false });
  expect(frames[1]).toMatchObject({ message: { content: [{ type: "text", text: "hello" }] } });
  const session = await line.home.client.session(String(frames[0]?.["session_id"]));
  expect(session).toMatchObject({ familiar_id: "sage", title: "hello" });
  expect((await argv()).slice(-3)).toEqual(["You are Sage (id sage); answer as that familiar.", "", "hello"]);
  const again = framesOf(await run("codex", "--stream-json", "--continue", session.id, "--", "more"));
  const { familiar_id } = await line.home.client.session(String(again[0]?.["session_id"]));
  expect(familiar_id).toBe("sage");
  const nobody = await run("codex", "--stream-json", "--familiar", "rook", "--", "hello");
  expect(framesOf(nobody).at(-1)).toMatchObject({ is_error: true, error: expect.stringContaining("rook") });
});

test("every failure is a frame too: of the words, of the launch, of a conversation that is not known, of the run", async () => {
  const { id } = await line.home.client.launch({
    ...{ projectRoot: line.home.project, harness: "demo", prompt: "hi", launchMode: "nonInteractive" },
  });
  await until("it has ended", async () => (await line.home.client.session(id)).status === "completed");
  for (const [words, code, error] of [
    [["codex"], 125, "needs a prompt"],
    [["codex", "--bogus", "x"], 125, "--bogus"],
    [["codex", "--detach", "x"], 125, "--detach"],
    [["emacs", "x"], 127, "no harness"],
    [["codex", "--labels", "a b", "x"], 125, "labels"],
    [["codex", "--permission", "half", "x"], 125, "half"],
    [["codex", "--continue", "11111111-1111-4111-8111-111111111111", "x"], 125, "11111111"],
    [["codex", "--continue", id, "x"], 125, "conversation with demo"],
    [["demo", "--continue", id, "x"], 125, "isn't known how demo goes on"],
  ] as const) {
    const ran = await run(...words, "--stream-json");
    expect([words, ran.code]).toEqual([words, code]);
    expect(framesOf(ran)).toEqual([
      {
        ...{
          type: "result",
          subtype: "error_during_execution",
          is_error: true,
          num_turns: 0,
          session_id: "",
        },
        ...{
          duration_ms: expect.any(Number),
          harness_session_id: null,
          error: expect.stringContaining(error),
        },
      },
    ]);
    expect(ran.err).toContain("Error:");
  }
  const failed = await run("codex", "--stream-json", "fails");
  expect(failed.code).toBe(5);
  expect(framesOf(failed)).toContainEqual(
    expect.objectContaining({ type: "output", text: "a line of its own\n" }),
  );
  expect(framesOf(failed).at(-1)).toMatchObject({
    ...{ type: "result", is_error: true, error: expect.stringContaining("no quota") },
  });
  // Behind -- it is the prompt, and the failure one for a person.
  expect((await run("emacs", "--", "--stream-json")).out).toBe("");
});

test("the stop button of a cockpit, SIGTERM, ends the session; the last frame says so", async () => {
  const running = line.begin(["run", "codex", "--stream-json", "slow"]);
  await until("it has answered", () => running.out().includes('"assistant"'));
  running.kill("SIGTERM");
  const left = await running.left;
  expect(left.code).toBe(143);
  const last = framesOf(left).at(-1);
  expect(last).toMatchObject({ type: "result", is_error: true, error: expect.stringContaining("Killed") });
  expect((await line.home.client.session(String(last?.["session_id"]))).status).toBe("killed");
});

test("--end-with-me: SIGHUP ends the session too", async () => {
  const running = line.begin(["run", "codex", "--stream-json", "--end-with-me", "slow"]);
  await until("it has answered", () => running.out().includes('"assistant"'));
  running.kill("SIGHUP");
  const left = await running.left;
  expect(left.code).toBe(129);
  const id = String(framesOf(left)[0]?.["session_id"]);
  expect((await line.home.client.session(id)).status).toBe("killed");
});

testUnless(notLinux)("a daemon that replaces itself in the middle takes no frame", async () => {
  const file = join(line.home.base, "go");
  const running = line.begin(["run", "codex", "--stream-json", `waits for ${file}`]);
  await until("it has answered", () => running.out().includes('"assistant"'));
  expect((await restartInPlace(line.home)).refused).toBeNull();
  writeFileSync(file, "");
  const left = await running.left;
  expect(framesOf(left).map(({ type }) => type)).toEqual([
    "system",
    "user",
    "assistant",
    "assistant",
    "result",
  ]);
  expect(framesOf(left).at(-1)).toMatchObject({ is_error: false, usage: { output_tokens: 2 } });
  expect(left.code).toBe(0);
});

test("lines come in pieces, with a terminal's line ends and sequences, and the last one may have no end", () => {
  const reader = lineReader("s");
  expect(reader.read('\x1b[?25l{"type":"assist')).toEqual([]);
  expect(reader.read('ant","n":1}\r\nplain')).toEqual([{ type: "assistant", n: 1, session_id: "s" }]);
  expect(reader.end()).toEqual([{ type: "output", text: "plain\n", session_id: "s" }]);
  expect(reader.read('{"type":5}\n[1]\n{broken\n\r\n').map(({ type }) => type)).toEqual([
    "output",
    "output",
    "output",
  ]);
});
