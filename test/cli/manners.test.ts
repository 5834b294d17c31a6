// Holds what scripts ask of a run: --timeout, --env-file, --end-with-me, --quiet.
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Session } from "../../src/session/session.ts";
import { type CommandLine, commandLine, type Running } from "../support/command-line.ts";
import { MAIN } from "../support/daemon-home.ts";
import { inTerminal } from "../support/in-terminal.ts";
import { signalOwn } from "../support/signal.ts";
import { until } from "../support/until.ts";

setDefaultTimeout(30_000);

let line: CommandLine;

beforeAll(async () => {
  line = commandLine();
  line.home.script(
    "codex",
    'case "$*" in *stay*) echo ready; exec sleep 600;; *env*) env;; *) echo done;; esac',
  );
  await line.home.start();
});

afterAll(() => line[Symbol.asyncDispose]());

const last = async (): Promise<Session | undefined> => (await line.home.client.sessions())[0];

async function ready(running: Running): Promise<void> {
  await until("the harness is ready", () => running.out().includes("ready"));
}

test("--timeout ends it, waits until it has ended, and leaves with 124; one that is in time keeps its code", async () => {
  const late = await line.coven(["run", "codex", "stay", "--timeout", "300ms"]);
  expect(late.code).toBe(124);
  expect(late.err).toContain("It has taken 300ms: ending it.");
  expect((await last())?.status).toBe("killed");
  for (const long of ["10m", "30d", "99999w"]) {
    const { code, err } = await line.coven(["run", "demo", "exit 3", "--timeout", long]);
    expect([long, code, err]).toEqual([long, 3, expect.not.stringMatching("It has taken|Warning")]);
  }
  const json = await line.coven(["run", "codex", "stay", "--timeout=300ms", "--json"]);
  expect([json.code, JSON.parse(json.out).status]).toEqual([124, "killed"]);
  for (const wrong of [
    ["--timeout", "soon"],
    ["--timeout", "1m", "--detach"],
  ]) {
    expect((await line.coven(["run", "codex", "stay", ...wrong])).code).toBe(125);
  }
});

test("--timeout holds at a terminal too", async () => {
  const run = inTerminal(line.home, ["run", "codex", "stay", "--timeout", "500ms"]);
  expect((await run.exit).exitCode).toBe(124);
  expect((await last())?.status).toBe("killed");
});

test("--env-file lays its variables over this environment, the later file over the earlier; a missing one is refused", async () => {
  const [one, other] = [join(line.home.base, "one.env"), join(line.home.base, "other.env")];
  writeFileSync(one, "# a comment\nFIRST='a b'\nSHARED=one\nexport FROM_HERE=file\n");
  writeFileSync(other, "SHARED=other\n");
  const { out } = await line.coven(["run", "codex", "env", "--env-file", one, "--env-file", other], {
    env: { FROM_HERE: "shell" },
  });
  for (const set of ["FIRST=a b", "SHARED=other", "FROM_HERE=file"]) expect(out).toContain(`${set}\n`);
  const missing = await line.coven(["run", "codex", "env", "--env-file", "/no/such"]);
  expect([missing.code, missing.err]).toEqual([125, expect.stringContaining("cannot be read (ENOENT)")]);
});

for (const [signal, code] of [
  ["SIGTERM", 143],
  ["SIGHUP", 129],
  ["SIGINT", 130],
] as const) {
  test(`--end-with-me: ${signal} ends the session too`, async () => {
    const running = line.begin(["run", "codex", "stay", "--end-with-me"]);
    await ready(running);
    running.kill(signal);
    const left = await running.left;
    expect([left.code, left.err.includes("Come back")]).toEqual([code, false]);
    expect((await last())?.status).toBe("killed");
  });
}

test("--end-with-me: a reader that goes away ends the session too", async () => {
  line.home.script("claude", "while :; do echo more; sleep 0.05; done");
  const shell = '"$0" "$1" run claude x --end-with-me 2>/dev/null | head -n 2';
  const child = Bun.spawn(["/bin/bash", "-c", shell, process.execPath, MAIN], {
    cwd: line.home.project,
    env: { HOME: line.home.base, COVEN_HOME: line.home.paths.home, PATH: `${line.home.bin}:/usr/bin:/bin` },
    stdout: "pipe",
  });
  await child.exited;
  const session = await last();
  expect([session?.harness, session?.status]).toEqual(["claude", "killed"]);
});

test("--end-with-me at a terminal: SIGHUP, as a closed window sends it, ends the session; and it goes with no --detach", async () => {
  const run = inTerminal(line.home, ["run", "codex", "stay", "--end-with-me"]);
  await until("it is shown", () => run.shown().includes("ready"));
  signalOwn(run.pid, "SIGHUP");
  expect((await run.exit).exitCode).toBe(129);
  expect((await last())?.status).toBe("killed");
  expect((await line.coven(["run", "codex", "x", "--end-with-me", "--detach"])).code).toBe(125);
});

test("--quiet says nothing but what went wrong", async () => {
  expect(await line.coven(["run", "codex", "x", "--quiet"])).toEqual({ code: 0, out: "done\n", err: "" });
  expect((await line.coven(["run", "nobody", "x", "--quiet"])).err).toStartWith("Error: There is no harness");
  const detached = await line.coven(["run", "codex", "x", "--quiet", "--detach"]);
  expect([detached.err, detached.out.length]).toEqual(["", 37]);
});
