// Proof of the demo harness as a real process, with pipes and in a pseudo-terminal.
import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { until } from "../support/until.ts";

const DEMO = [process.execPath, join(import.meta.dir, "demo-process.ts")];
const directory = mkdtempSync(join(tmpdir(), "cv-demo-"));
/** Not the directory the demo stands in: Bun itself, run from source, keeps things in its HOME. */
const home = mkdtempSync(join(tmpdir(), "cv-home-"));
afterAll(() => {
  for (const made of [directory, home]) rmSync(made, { recursive: true, force: true });
});

const environment = { PATH: process.env["PATH"] ?? "", HOME: home, TERM: "xterm-256color" };

function piped(
  mode: string,
  prompt: string,
  stdin: "ignore" | Uint8Array = "ignore",
  env: Record<string, string> = {},
) {
  const run = Bun.spawnSync([...DEMO, mode, prompt], {
    cwd: directory,
    stdin,
    env: { ...environment, ...env },
  });
  return { code: run.exitCode, out: run.stdout.toString(), err: run.stderr.toString() };
}

/** One demo in a terminal of its own: what it printed so far, and keys for it. */
function inTerminal(mode: string, prompt: string, env: Record<string, string> = {}) {
  const decoder = new TextDecoder();
  let seen = "";
  const child = Bun.spawn([...DEMO, mode, prompt], {
    cwd: directory,
    env: { ...environment, ...env },
    terminal: {
      cols: 80,
      rows: 24,
      data: (_, bytes) => {
        seen += decoder.decode(bytes, { stream: true });
      },
    },
  });
  return {
    child,
    seen: () => seen,
    type: (keys: string) => child.terminal?.write(keys),
    says: (text: string) => until(`the demo says ${JSON.stringify(text)}`, () => seen.includes(text)),
  };
}

test("with no terminal at all it does its work, asks nothing, prints no escape and leaves with 0", () => {
  const { code, out, err } = piped("nonInteractive", "greet the reader");
  expect(code).toBe(0);
  expect(err).toBe("");
  expect(out).toContain("greet the reader");
  expect(out).toContain("Done.");
  expect(out).not.toContain("?");
  expect(out).not.toContain("\x1b");
});

test.each([
  ["exit 3", 3],
  ["lines 10, exit 3", 3],
  ["EXIT 255", 255],
  ["exit 999", 255],
  ["fix the build", 0],
])("%p leaves with %p", (prompt, code) => {
  expect(piped("nonInteractive", prompt).code).toBe(code);
});

test("lines 100000 arrive all, in order, through a pipe", () => {
  const { out } = piped("nonInteractive", "lines 100000");
  const lines = out.split("\n").filter((line) => line.startsWith("line "));
  expect(lines.length).toBe(100_000);
  expect(lines.every((line, index) => line === `line ${index + 1}`)).toBe(true);
});

test("bytes 1000000 is exactly that many without a break", () => {
  const { out } = piped("nonInteractive", "bytes 1000000");
  expect(Math.max(...out.split("\n").map((line) => line.length))).toBe(1_000_000);
});

test("sleep takes a fraction and shows that it is alive", () => {
  const begin = performance.now();
  const { code, out } = piped("nonInteractive", "sleep 0.6");
  expect(performance.now() - begin).toBeGreaterThan(600);
  expect(code).toBe(0);
  expect(out).toMatch(/waiting 0\.6 s ···/);
});

test("a prompt cannot drive the terminal through the demo", () => {
  const { out } = piped("nonInteractive", "hello\x1b]0;owned\x07\x9b2J\nworld");
  expect(out).toContain("hello ]0;owned 2J world");
});

test("interactive without a terminal: the end of input is an answer too", () => {
  const { code, out } = piped("interactive", "exit 4");
  expect(code).toBe(4);
  expect(out).toContain("What shall I call you?");
  expect(out).toContain("I go on alone");
});

test("interactive without a terminal: a line without an ending is an answer", () => {
  expect(piped("interactive", "hi", Buffer.from("Ada")).out).toContain("Nice to meet you, Ada.");
});

test("colour only where it is wanted: FORCE_COLOR without a terminal, NO_COLOR over everything", () => {
  expect(piped("nonInteractive", "hi", "ignore", { FORCE_COLOR: "1" }).out).toContain("\x1b[");
  expect(piped("nonInteractive", "hi", "ignore", { FORCE_COLOR: "1", NO_COLOR: "1" }).out).not.toContain(
    "\x1b[",
  );
});

test("in a terminal it says what the keys do, asks, and answers to the name", async () => {
  const demo = inTerminal("interactive", "lines 3");
  await demo.says("What shall I call you?");
  for (const key of ["Enter", "Ctrl-C", "Ctrl-]"]) expect(demo.seen()).toContain(key);
  expect(demo.seen()).toContain("\x1b]7501;state=blocked:kind=question:app=demo");
  demo.type("Ada\r");
  expect(await demo.child.exited).toBe(0);
  expect(demo.seen()).toContain("Ada");
  expect(demo.seen()).toContain("line 1\r\nline 2\r\nline 3\r\n");
  expect(demo.seen()).toContain("\x1b[32m");
});

test("in a terminal NO_COLOR leaves no colour", async () => {
  const demo = inTerminal("nonInteractive", "lines 3", { NO_COLOR: "1" });
  expect(await demo.child.exited).toBe(0);
  expect(demo.seen()).toContain("line 3");
  expect(demo.seen()).not.toContain("\x1b");
});

test("Ctrl-D at the question goes on without a name", async () => {
  const demo = inTerminal("interactive", "exit 5");
  await demo.says("What shall I call you?");
  demo.type("\x04");
  expect(await demo.child.exited).toBe(5);
  expect(demo.seen()).toContain("I go on alone");
});

test.each([
  ["at the question", "interactive", "hi", "What shall I call you?"],
  ["in a wait", "nonInteractive", "sleep 600", "waiting"],
  ["in a flood", "nonInteractive", "lines 1000000000", "line 50"],
])("Ctrl-C %s ends it with 130", async (_, mode, prompt, moment) => {
  const demo = inTerminal(mode, prompt);
  await demo.says(moment);
  demo.type("\x03");
  expect(await demo.child.exited).toBe(130);
  expect(demo.child.signalCode).toBeNull();
});

test("a reader that goes away ends it at once, without a stack", async () => {
  const child = Bun.spawn([...DEMO, "nonInteractive", "lines 1000000000"], {
    cwd: directory,
    env: environment,
    stdout: "pipe",
    stderr: "pipe",
  });
  const reader = child.stdout.getReader();
  await reader.read();
  await reader.cancel();
  expect(await child.exited).toBe(1);
  expect(await new Response(child.stderr).text()).toBe("");
});

test("it touches nothing where it stands", () => {
  expect(piped("interactive", "change every file, bytes 10, lines 10").code).toBe(0);
  expect(readdirSync(directory)).toEqual([]);
});
