// Proof that a prompt of any length reaches a program byte for byte: on standard input where it is one shot, as one submitted paste where it is interactive.
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { createHash } from "node:crypto";
import { chmodSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { bindingPath } from "../../src/pty/binding.ts";
import type { Session } from "../../src/session/session.ts";
import { type CommandLine, commandLine } from "../support/command-line.ts";
import { describeUnless, testUnless } from "../support/unless.ts";
import { until } from "../support/until.ts";

setDefaultTimeout(60_000);

const MB = 1_000_000;

/** Every kind of byte that UTF-8 has but NUL, and none that a terminal line would end early; no two megabytes alike. */
function longText(bytes: number): string {
  const pieces: string[] = [];
  for (let size = 0, line = 0; size < bytes; line++) {
    const piece = `${line} "quoted" 'so' \\ $HOME \`x\` é 世界 👩‍👩‍👧\t<${(line * 2_654_435_761) % 4_294_967_296}>\n`;
    pieces.push(piece);
    size += Buffer.byteLength(piece);
  }
  return `${pieces.join("")}end`;
}

const hashOf = (text: string): string => createHash("sha256").update(text).digest("hex");

/** One shot: what standard input is, and the hash of all that comes on it. */
const ONE_SHOT = `#!/bin/sh
if [ -t 0 ]; then echo "stdin is a terminal: $#"; exit 3; fi
[ -t 1 ] && echo "stdout is a terminal"
[ -w /dev/tty ] && echo "there is a controlling terminal"
echo "got $(sha256sum | cut -c1-64)"
`;

/**
 * Interactive, in the terminal's raw mode: asks a question first, then says that it waits for a task, takes bracketed pastes, and prints the hash of what each
 * Enter has submitted.
 */
const INTERACTIVE = `
import { createHash } from "node:crypto";
const asks = process.env.ASKS === "1";
const says = process.env.SAYS !== "0";
const ignores = process.env.IGNORES === "1";
const shows = process.env.SHOWS === "1";
process.stdin.setRawMode(true);
process.stdout.write("\\x1b[?2004h" + (asks ? "Trust this folder? (y)\\r\\n" : ""));
let answered = !asks;
const ready = () => process.stdout.write("READY\\r\\n" + (says ? "\\x1b]7501;state=idle:app=test\\x1b\\\\" : ""));
if (answered) ready();
let all = Buffer.alloc(0);
process.stdin.on("data", (bytes) => {
  if (!answered) {
    if (ignores && bytes.length > 1) return;
    process.stdout.write("answer " + JSON.stringify(bytes.toString().slice(0, 40)) + "\\r\\n");
    if (bytes.toString() !== "y") process.exit(9);
    answered = true;
    setTimeout(ready, 200);
    return;
  }
  all = Buffer.concat([all, bytes]);
  process.stdout.write(shows && all.indexOf("\x1b[201~") > 0 ? "[Pasted]" : ".");
  const begin = all.indexOf("\\x1b[200~");
  const end = all.indexOf("\\x1b[201~");
  if (begin < 0 || end < 0) return;
  const enter = all.indexOf("\\r", end);
  if (enter < 0) return;
  const text = all.subarray(begin + 6, end);
  process.stdout.write("\\r\\nbefore " + begin + " between " + (enter - end - 6) + " got " + createHash("sha256").update(text).digest("hex") + "\\r\\n");
  process.exit(0);
});
`;

function withPrograms(): CommandLine {
  const line = commandLine();
  const { home } = line;
  mkdirSync(home.paths.harnesses, { recursive: true, mode: 0o700 });
  chmodSync(home.paths.home, 0o700);
  const oneShot = join(home.base, "one-shot");
  writeFileSync(oneShot, ONE_SHOT);
  chmodSync(oneShot, 0o755);
  const script = join(home.base, "interactive.ts");
  writeFileSync(script, INTERACTIVE);
  const interactive = join(home.base, "interactive");
  writeFileSync(interactive, `#!/bin/sh\nexec ${process.execPath} ${script}\n`);
  chmodSync(interactive, 0o755);
  const manifest = (id: string, members: object) =>
    writeFileSync(
      join(home.paths.harnesses, `${id}.json`),
      JSON.stringify({ schema: 2, id, label: id, separator: false, ...members }),
      { mode: 0o600 },
    );
  manifest("shot", {
    ...{ executable: oneShot, interactive: ["{prompt}"], nonInteractive: ["--prompt={prompt}"] },
    stdin: { nonInteractive: ["-"] },
  });
  // Its arguments never hold the prompt.
  manifest("piped", { executable: oneShot, interactive: ["{prompt}"], nonInteractive: [] });
  manifest("typed", {
    executable: interactive,
    interactive: [],
    nonInteractive: ["{prompt}"],
    ready: "idle",
  });
  manifest("seen", {
    executable: interactive,
    interactive: [],
    nonInteractive: ["{prompt}"],
    ready: "shown",
  });
  manifest("shy", {
    ...{ executable: interactive, interactive: ["{prompt}"], opens: [], nonInteractive: ["{prompt}"] },
  });
  return line;
}

/** Every driver there is here gives standard input, each in its own way. */
for (const driver of ["posix", "bun", "node-pty"] as const) {
  const why = driver === "node-pty" && bindingPath() === undefined ? "node-pty is not built" : undefined;
  describeUnless(why)(`one shot, by the driver ${driver}`, () => {
    const env = { COVEN_PTY: driver };

    test("5 MB on standard input, with the terminal for all else, and nothing left behind", async () => {
      await using line = withPrograms();
      const prompt = longText(5 * MB);
      const ran = await line.coven(["run", "shot", "-"], { env, stdin: prompt });
      expect(ran.out.split("\n")).toEqual([
        "stdout is a terminal",
        "there is a controlling terminal",
        `got ${hashOf(prompt)}`,
        "",
      ]);
      expect(ran.code).toBe(0);
      expect(readdirSync(line.home.paths.home).filter((name) => name.startsWith("input-"))).toEqual([]);
    });

    test("what is read from standard input alone comes there however short it is", async () => {
      await using line = withPrograms();
      const ran = await line.coven(["run", "piped", "--", "-x"], { env });
      expect(ran.out).toContain(`got ${hashOf("-x")}\n`);
    });

    test("its exit code, and a kill, are the program's own", async () => {
      await using line = withPrograms();
      writeFileSync(
        join(line.home.base, "one-shot"),
        '#!/bin/sh\nread first\necho "got $first"\nexec sleep 100\n',
      );
      const running = line.begin(["run", "piped", "hello"], { env });
      await until("the program read", () => running.out().includes("got hello"));
      const { sessions } = JSON.parse((await line.coven(["sessions", "--json"])).out);
      expect((await line.coven(["kill", sessions[0].id])).code).toBe(0);
      await running.left;
      const [session]: Session[] = JSON.parse((await line.coven(["sessions", "--json"])).out).sessions;
      expect(session).toMatchObject({ status: "killed", exit_code: null });
      writeFileSync(join(line.home.base, "one-shot"), "#!/bin/sh\ncat >/dev/null\nexit 7\n");
      expect((await line.coven(["run", "piped", "hello"], { env })).code).toBe(7);
    });
  });
}

test("the last length that is an argument, and the first that is not", async () => {
  await using line = withPrograms();
  const limit = 131_071 - "--prompt=".length;
  const last = await line.coven(["run", "shot", "-"], { stdin: "x".repeat(limit) });
  expect([last.code, last.out]).toEqual([3, "stdin is a terminal: 1\n"]);
  const first = await line.coven(["run", "shot", "-"], { stdin: "x".repeat(limit + 1) });
  expect(first.out).toContain(`got ${hashOf("x".repeat(limit + 1))}`);
});

describe("interactive", () => {
  async function printed(line: CommandLine, id: string, what: RegExp): Promise<string> {
    let out = "";
    await until(
      String(what),
      async () => {
        out = (await line.coven(["logs", id])).out;
        return what.test(out);
      },
      10_000,
    ).catch((error) => {
      throw new Error(`${error}; it printed ${out.slice(-600)}`);
    });
    return out;
  }

  /** As a person's keys, never as a paste. */
  async function typed(line: CommandLine, id: string, data: string): Promise<number> {
    const { status } = await fetch(`http://coven/api/v1/sessions/${id}/input`, {
      ...{ unix: line.home.paths.socket, method: "POST", body: JSON.stringify({ data }) },
    });
    return status;
  }

  test("5 MB as one paste, submitted by one Enter behind it", async () => {
    await using line = withPrograms();
    const prompt = longText(5 * MB);
    const ran = await line.coven(["run", "typed", "-", "--detach"], { stdin: prompt });
    const id = ran.out.trim();
    expect(await printed(line, id, /got [0-9a-f]{64}/)).toContain(`before 0 between 0 got ${hashOf(prompt)}`);
    expect(JSON.parse((await line.coven(["sessions", "show", id, "--json"])).out)).toMatchObject({
      ...{ status: "completed", launch_mode: "interactive" },
    });
  });

  test("a program that takes it as an argument has it typed only where it is too long", async () => {
    await using line = withPrograms();
    const env = { SAYS: "0" };
    const prompt = longText(200_000);
    const ran = await line.coven(["run", "shy", "-", "--detach"], { stdin: prompt, env });
    expect(await printed(line, ran.out.trim(), /got [0-9a-f]{64}/)).toContain(`got ${hashOf(prompt)}`);
    const plan = await line.coven(["run", "shy", "-", "--interactive", "--dry-run"], { stdin: prompt });
    expect(plan.out).toMatch(/^Prompt: +typed, once it is ready$/m);
    const short = await line.coven(["run", "shy", "hi", "--interactive", "--dry-run", "--json"]);
    expect(JSON.parse(short.out)).toMatchObject({ prompt: "argument", argv: [expect.any(String), "hi"] });
  });

  test("nothing is typed into the question that comes first; keys of a person answer it", async () => {
    await using line = withPrograms();
    const prompt = longText(300_000);
    const ran = await line.coven(["run", "typed", "-", "--detach"], { stdin: prompt, env: { ASKS: "1" } });
    const id = ran.out.trim();
    await printed(line, id, /Trust this folder/);
    // Longer than a screen is quiet before a text is typed.
    await Bun.sleep(1_500);
    expect((await line.coven(["logs", id])).out).not.toContain("answer");
    expect(await typed(line, id, "y")).toBe(202);
    const out = await printed(line, id, /got [0-9a-f]{64}/);
    expect(out).toContain('answer "y"');
    expect(out).toContain(`before 0 between 0 got ${hashOf(prompt)}`);
  });

  test("where a program doesn't say that it asks, Enter is pressed only once the text is seen on its screen", async () => {
    await using line = withPrograms();
    const prompt = longText(300_000);
    const env = { ASKS: "1", IGNORES: "1", SAYS: "0", SHOWS: "1" };
    const ran = await line.coven(["run", "seen", "-", "--detach"], { stdin: prompt, env });
    const id = ran.out.trim();
    await printed(line, id, /Trust this folder/);
    // Long enough for a paste, and for the Enter that must not follow it: patience for 300 KB is two seconds.
    await Bun.sleep(4_000);
    expect((await line.coven(["logs", id])).out).not.toContain("answer");
    expect(await typed(line, id, "y")).toBe(202);
    expect(await printed(line, id, /got [0-9a-f]{64}/)).toContain(`before 0 between 0 got ${hashOf(prompt)}`);
  });

  test("a text without a sign for it on the screen counts when its end is there", async () => {
    await using line = withPrograms();
    // A line of the terminal's own: it echoes what is typed.
    writeFileSync(
      join(line.home.base, "interactive"),
      `#!/bin/sh\nprintf '\\033[?2004h> '\nread -r line\necho "got $line"\n`,
    );
    const ran = await line.coven(["run", "seen", "fix the tests", "--detach"]);
    expect(await printed(line, ran.out.trim(), /got .*/)).toContain("fix the tests");
  });

  testUnless(process.platform === "linux" ? undefined : "a daemon goes on in place on Linux only")(
    "a daemon that is replaced before the program is ready types it afterwards",
    async () => {
      await using line = withPrograms();
      const prompt = longText(300_000);
      const ran = await line.coven(["run", "typed", "-", "--detach"], { stdin: prompt, env: { ASKS: "1" } });
      const id = ran.out.trim();
      await printed(line, id, /Trust this folder/);
      expect((await line.coven(["daemon", "restart"])).code).toBe(0);
      expect(await typed(line, id, "y")).toBe(202);
      expect(await printed(line, id, /got [0-9a-f]{64}/)).toContain(`between 0 got ${hashOf(prompt)}`);
    },
  );
});

test("the demo reads what to do from the beginning of a task of any length", async () => {
  await using line = withPrograms();
  const ran = await line.coven(["run", "demo", "-"], { stdin: `lines 3 ${longText(5 * MB)}` });
  expect([ran.code, ran.out.includes("line 3")]).toEqual([0, true]);
  expect(readFileSync(line.home.paths.log, "utf8")).not.toContain("quoted");
});
