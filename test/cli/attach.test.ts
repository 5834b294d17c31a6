// Holds what goes through an attached terminal: every byte typed, pastes, floods, sizes; and the words that are refused.

import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { type CommandLine, commandLine } from "../support/command-line.ts";
import { inTerminal } from "../support/in-terminal.ts";
import { testUnless, without } from "../support/unless.ts";
import { until } from "../support/until.ts";

setDefaultTimeout(30_000);

let line: CommandLine;

beforeAll(async () => {
  line = commandLine();
  line.home.script("codex", 'for prompt; do :; done\nexec sh -c "$prompt"');
  await line.home.start();
});

afterAll(() => line[Symbol.asyncDispose]());

/** Raw, as agents have their terminals: in the mode they begin in some keys are the kernel's. A session that keeps exactly `count` bytes of what is typed in a file, and what that file then holds. */
async function keeping(
  count: number,
): Promise<{ terminal: ReturnType<typeof inTerminal>; kept: () => Promise<Buffer> }> {
  const file = join(line.home.base, crypto.randomUUID());
  const script = `stty raw -echo; printf 'REA%s' DY; head -c ${count} > ${file}.part; mv ${file}.part ${file}`;
  const terminal = inTerminal(line.home, ["run", "codex", script]);
  await until("the program listens", () => terminal.shown().includes("READY"));
  return {
    terminal,
    async kept() {
      await until("everything has arrived", () => existsSync(file), 20_000);
      expect((await terminal.exit).exitCode).toBe(0);
      return readFileSync(file);
    },
  };
}

test("every byte but the detach key goes through as it is, Ctrl-C, NUL and broken UTF-8 among them", async () => {
  const all = new Uint8Array(Array.from({ length: 256 }, (_, byte) => byte).filter((byte) => byte !== 0x1d));
  const { terminal, kept } = await keeping(all.length);
  terminal.type(all);
  expect(await kept()).toEqual(Buffer.from(all));
});

test("a bracketed paste of a megabyte, the detach key within, is one piece and in order", async () => {
  const inner = "\u001d wide 世界 👩‍👩‍👧‍👦 שלום\r".repeat(28_000);
  const paste = Buffer.from(`\u001b[200~${inner}\u001b[201~`);
  expect(paste.length).toBeGreaterThan(1_000_000);
  const { terminal, kept } = await keeping(paste.length);
  terminal.type(paste);
  expect((await kept()).equals(paste)).toBe(true);
});

test("ten thousand keystrokes in quick succession arrive in order", async () => {
  const keys = Array.from({ length: 10_000 }, (_, i) => String.fromCharCode(97 + (i % 26)));
  const { terminal, kept } = await keeping(keys.length);
  for (const [i, key] of keys.entries()) {
    terminal.type(key);
    if (i % 100 === 0) await new Promise((go) => setImmediate(go));
  }
  expect((await kept()).toString()).toBe(keys.join(""));
});

test("in the mode terminals begin in a long line is echoed once, edited by the kernel, and read at Enter", async () => {
  const file = join(line.home.base, crypto.randomUUID());
  const script = `printf 'REA%s' DY; read -r text; printf %s "$text" > ${file}.part; mv ${file}.part ${file}`;
  const terminal = inTerminal(line.home, ["run", "codex", script]);
  await until("the program listens", () => terminal.shown().includes("READY"));
  const text = Array.from({ length: 1_000 }, (_, i) => String.fromCharCode(97 + (i % 26))).join("");
  for (const key of `${text}!\u007f\r`) terminal.type(key);
  expect((await terminal.exit).exitCode).toBe(0);
  expect(readFileSync(file, "utf8")).toBe(text);
  expect(terminal.shown().replace(/[\r\n]/g, "")).toContain(`${text}!\b \b`);
});

test("what is typed while it still connects is not lost", async () => {
  const file = join(line.home.base, "early");
  const script = `stty raw -echo; head -c 5 > ${file}.part; mv ${file}.part ${file}`;
  const id = (await line.coven(["run", "codex", script, "--detach"])).out.trim();
  const terminal = inTerminal(line.home, ["attach", id]);
  await until("the hint is there", () => terminal.shown().includes("Ctrl-]"));
  terminal.type("early");
  await terminal.exit;
  expect(readFileSync(file, "utf8")).toBe("early");
});

test("a window of 300 x 100, and each new size, reach the program", async () => {
  const terminal = inTerminal(
    line.home,
    ["run", "codex", "trap 'stty size' WINCH; stty size; while :; do sleep 0.02; done"],
    {
      cols: 300,
      rows: 100,
    },
  );
  await until("the first size", () => terminal.shown().includes("100 300"));
  terminal.resize(61, 17);
  await until("the second size", () => terminal.shown().includes("17 61"));
  terminal.type("\u001d");
  expect((await terminal.exit).exitCode).toBe(0);
  const [session] = await line.home.client.sessions();
  if (!session) throw new Error("no session");
  expect(await line.home.client.screen(session.id)).toMatchObject({ cols: 61, rows: 17 });
  await line.home.client.kill(session.id);
});

test("a flood of ten megabytes comes through whole, and the last words after it", async () => {
  const terminal = inTerminal(line.home, [
    "run",
    "codex",
    "yes 0123456789 | head -c 10000000; printf 'THE %s' END; exit 3",
  ]);
  expect((await terminal.exit).exitCode).toBe(3);
  expect(terminal.shown()).toMatch(/THE END[\s\S]*Failed after/);
});

const withPython = testUnless(without("python3"));

// The terminal was written to with a blocking write: SIGTERM then waited for a reader that never came.
withPython(
  "a terminal that stands still does not keep the command from leaving, nor hold the session up",
  async () => {
    const script = "while :; do yes 0123456789 | head -c 1000000; done";
    const id = (await line.coven(["run", "codex", script, "--detach"])).out.trim();
    const child = Bun.spawn(
      ["python3", "-c", STILL, process.execPath, join(import.meta.dir, "../../src/main.ts"), "attach", id],
      {
        env: { ...process.env, HOME: line.home.base, COVEN_HOME: line.home.paths.home, TERM: "xterm" },
        stdout: "pipe",
      },
    );
    expect(await new Response(child.stdout).text()).toBe("left with 143\n");
    const before = (await line.home.client.screen(id)).asOfSeq;
    await until("the session prints on", async () => (await line.home.client.screen(id)).asOfSeq > before);
    await line.home.client.kill(id);
  },
);

const STILL = `
import fcntl, os, pty, subprocess, sys, termios, time
fd, slave = pty.openpty()
own = lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0)
child = subprocess.Popen(sys.argv[1:], stdin=slave, stdout=slave, stderr=slave, start_new_session=True, preexec_fn=own)
os.close(slave)
seen = b""
while b"Ctrl-]" not in seen: seen += os.read(fd, 1024)
time.sleep(1.5)
child.terminate()
try:
    code = child.wait(10)
    print("left with", code if code >= 0 else "signal " + str(-code))
except subprocess.TimeoutExpired:
    child.kill()
    print("left with nothing")
`;

test("another detach key: by flag, by setting, and one that typing needs is refused", async () => {
  const refused = await line.coven(["attach", "abcd", "--detach-key", "ctrl-c"]);
  expect([refused.code, refused.err]).toEqual([
    125,
    expect.stringContaining("ctrl-c can't be the detach key"),
  ]);
  const id = (await line.coven(["run", "codex", "exec cat", "--detach"])).out.trim();
  const byFlag = inTerminal(line.home, ["attach", id, "--detach-key", "ctrl-g"]);
  await until("it is attached", () => byFlag.shown().includes("Ctrl-G detaches"));
  byFlag.type("\u001d\u0007");
  expect((await byFlag.exit).exitCode).toBe(0);
  mkdirSync(line.home.paths.home, { recursive: true });
  writeFileSync(line.home.paths.config, '[terminal]\ndetach_key = "ctrl-o"\n');
  const bySetting = inTerminal(line.home, ["attach", id]);
  await until("it is attached", () => bySetting.shown().includes("Ctrl-O detaches"));
  bySetting.type("\u000f");
  expect((await bySetting.exit).exitCode).toBe(0);
  writeFileSync(line.home.paths.config, "");
  await line.home.client.kill(id);
});

// Bun's WebSocket takes a socket's path from a URL that knows no escaping: a space in the home ended every attach.
// The link that spares it the URL was made in TMPDIR, and the same was true of that.
test.each(["/tmp", "t m p", "not there"])(
  "a home whose path has spaces, signs and letters of other scripts; TMPDIR %p",
  async (name) => {
    const daemon = join(line.home.base, "a b ü#?:");
    if (!existsSync(daemon)) symlinkSync(line.home.paths.home, daemon);
    const temporary = resolve(line.home.base, name);
    if (name === "t m p") mkdirSync(temporary);
    const id = (await line.coven(["run", "codex", "read line; exit 4", "--detach"])).out.trim();
    const terminal = inTerminal(line.home, ["attach", id], {
      env: { COVEN_HOME: daemon, TMPDIR: temporary },
    });
    await until("the hint is there", () => terminal.shown().includes("Ctrl-]"));
    terminal.type("\r");
    expect((await terminal.exit).exitCode).toBe(4);
  },
);
