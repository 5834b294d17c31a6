// Tests every way out of an attached terminal (tmux): whatever happens, the shell has its terminal back and the session its life.

import { afterAll, afterEach, beforeAll, expect, setDefaultTimeout } from "bun:test";
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { cellsOf } from "../support/cells.ts";
import { type DaemonHome, daemonHome, MAIN } from "../support/daemon-home.ts";
import { runs, signalOwn } from "../support/signal.ts";
import { HAS_TMUX, type Pane, SANE, type Tmux, tmux } from "../support/tmux.ts";
import { testUnless, without } from "../support/unless.ts";
import { until } from "../support/until.ts";

setDefaultTimeout(20_000);

const withTmux = testUnless(without("tmux"));

/** Switches on everything a program may leave on, and stays. */
const EVERYTHING = [
  "?1049h",
  "?1000h",
  "?1003h",
  "?1006h",
  "?1004h",
  "?2004h",
  "?1h",
  "?6h",
  "4h",
  "5;10r",
  "?25l",
  "?7l",
  ">5u",
  "3 q",
  "?2026h",
  "31;44m",
]
  .map((mode) => `\\033[${mode}`)
  .join("");
const AGENT = `printf '${EVERYTHING}\\033=\\033]2;agent\\007\\033[2;1HFULL\\033(0'; exec cat`;

let home: DaemonHome;
let terminals: Tmux;
let pane: Pane;
/** What the shell showed before the last look at its settings. */
let said: string[];
let before: { termios: string; title: string };

beforeAll(async () => {
  if (!HAS_TMUX) return;
  home = daemonHome();
  home.script("codex", 'for prompt; do :; done\nexec sh -c "$prompt"');
  const env = {
    HOME: home.base,
    COVEN_HOME: home.paths.home,
    PATH: `${home.bin}:/usr/bin:/bin`,
    LANG: "C.UTF-8",
  };
  terminals = tmux(home.base, { ...env, PWD: home.project }, [process.execPath, MAIN]);
});

afterEach(async () => {
  for (const { id, status } of await home.client.sessions().catch(() => [])) {
    if (status === "running") await home.client.kill(id).catch(() => {});
  }
  if (HAS_TMUX) pane.close();
});

afterAll(async () => {
  terminals?.[Symbol.dispose]();
  await home?.[Symbol.asyncDispose]();
});

/** A shell in which an agent with everything on is attached; resolves to the session's id. */
async function attached(script = AGENT): Promise<string> {
  await home.start();
  home.script("agent", script);
  pane = terminals.pane(80, 24);
  await pane.shows("$");
  before = { termios: await stty(), title: pane.title() };
  pane.run("coven run codex 'exec agent'");
  await until("the agent has drawn", () => pane.modes().alternate && !pane.modes().cursor);
  expect(spawnSync("stty", ["-F", pane.device, "-a"], { encoding: "utf8" }).stdout).toMatch(
    /-icanon(.|\n)*-opost|-opost(.|\n)*-icanon/,
  );
  expect(pane.title()).toBe("agent");
  const [session] = await home.client.sessions();
  return session?.id ?? "none";
}

/** The settings a command is started with; bash itself reads its line with others. To a file: the line is wider than the pane. */
async function stty(): Promise<string> {
  const file = join(home.base, crypto.randomUUID());
  pane.run(`stty -g > ${file}.part; mv ${file}.part ${file}; clear; echo EARLIER`);
  await until("stty has answered", () => existsSync(file));
  await pane.shows(/^EARLIER\n\$\n*$/);
  const settings = readFileSync(file, "utf8").trim();
  expect(settings.split(":").length).toBeGreaterThan(20);
  return settings;
}

/** The command line's own process: the child of the pane's shell. */
function command(): number {
  const children = readFileSync(`/proc/${pane.pid}/task/${pane.pid}/children`, "utf8").trim().split(" ");
  return Number(children.at(-1));
}

/** The shell is back: its terminal as it was, and what stood there before. */
async function isSane(): Promise<void> {
  await until(
    "the command has gone",
    () => readFileSync(`/proc/${pane.pid}/task/${pane.pid}/children`, "utf8") === "",
  );
  await pane.shows(/^\$$/m);
  pane.run("echo still $?- here");
  await pane.shows("- here\n$");
  expect(pane.modes()).toMatchObject({ ...SANE, region: "0-23" });
  expect(pane.rows()[0]).toBe("EARLIER");
  said = pane.rows();
  expect({ termios: await stty(), title: pane.title() }).toEqual(before);
}

async function goesOn(id: string): Promise<void> {
  expect((await home.client.session(id)).status).toBe("running");
}

withTmux("detach: 0, and how to come back", async () => {
  const id = await attached();
  pane.press("C-]");
  await pane.shows(`Come back:  coven attach ${id.slice(0, 8)}`);
  await isSane();
  expect(said).toContain("still 0- here");
  await goesOn(id);
});

withTmux("the detach key and r draw everything anew, and stay", async () => {
  const id = await attached(
    `printf '\\033[?1049h\\033[?25l\\033]2;agent\\007'; n=0; draw() { n=$((n+1)); printf "\\033[H\\033[2Jdrawn $n at $(stty size)"; }; trap draw WINCH; draw; while :; do sleep 0.05; done`,
  );
  await pane.shows("drawn 1 at 24 80");
  // Joining at the size it has made nothing draw.
  expect((await home.client.screen(id)).lines[0]).toBe("drawn 1 at 24 80");
  pane.press("C-]", "r");
  await pane.shows(/drawn [23] at 24 80/);
  pane.press("C-]", "q");
  await pane.shows("goes on without you");
  await isSane();
  await goesOn(id);
});

// Kitty's keyboard protocol and xterm's modifyOtherKeys send no 0x1d for it, and may be cut by a slow line.
withTmux("detach, as a terminal sends the key when the program asked for the kitty keyboard", async () => {
  const id = await attached();
  pane.send(Buffer.from("\x1b[93;"));
  pane.send(Buffer.from("5u"));
  await pane.shows("goes on without you");
  await isSane();
  await goesOn(id);
});

for (const [signal, code] of [
  ["SIGTERM", 143],
  ["SIGHUP", 129],
  ["SIGINT", 130],
] as const) {
  withTmux(`${signal} to the command detaches: ${code}`, async () => {
    const id = await attached();
    signalOwn(command(), signal);
    await pane.shows("goes on without you");
    await isSane();
    expect(said).toContain(`still ${code}- here`);
    await goesOn(id);
  });
}

withTmux("the program dies without tidying up: its exit code, and a terminal as before", async () => {
  await attached(`${AGENT.replace("exec cat", "read line; exit 7")}`);
  pane.press("Enter");
  await pane.shows("Failed after");
  await isSane();
  expect(said).toContain("still 7- here");
});

withTmux("an error nobody caught: told on the shell's screen, not on the program's", async () => {
  const id = await attached();
  pane.press("C-]");
  await pane.shows("goes on without you");
  const thrower = join(home.base, "thrower.ts");
  writeFileSync(thrower, 'process.once("SIGUSR2", () => { throw new Error("a mistake of ours"); });');
  pane.run(`'${process.execPath}' --preload '${thrower}' '${MAIN}' attach ${id}`);
  await until("it is attached", () => pane.modes().alternate);
  signalOwn(command(), "SIGUSR2");
  await pane.shows("Error: a mistake of ours");
  await isSane();
  expect(said).toContain("still 1- here");
  await goesOn(id);
});

withTmux("the daemon is killed: said plainly", async () => {
  await attached();
  const { daemon } = await home.client.health();
  if (!daemon) throw new Error("no daemon");
  signalOwn(daemon.pid, "SIGKILL");
  await pane.shows("Error: The daemon went away while the session was running.");
  await isSane();
  expect(said).toContain("still 125- here");
});

withTmux("the session is killed from elsewhere", async () => {
  const id = await attached();
  await home.client.kill(id);
  await pane.shows("Killed after");
  await isSane();
});

// Nothing can be tidied up by a process that is killed; the session and the next attach must not care.
withTmux("the command is killed: the session goes on, and another attach has it at once", async () => {
  const id = await attached();
  signalOwn(command(), "SIGKILL");
  await pane.shows("Killed");
  await goesOn(id);
  pane.press("C-c");
  pane.run("reset; clear");
  const other = terminals.pane(80, 24);
  other.run(`coven attach ${id}`);
  await until("the second one is attached", () => other.modes().alternate);
  other.press("C-]");
  await other.shows("goes on without you");
  other.close();
});

withTmux("the pane is closed: the session goes on and the command is gone", async () => {
  const id = await attached();
  const pid = command();
  pane.close();
  await until("the command has gone", () => !runs(pid));
  await goesOn(id);
  pane = terminals.pane(80, 24);
});

withTmux(
  "stopped from outside and brought back: the shell in between, then the program's screen again",
  async () => {
    const id = await attached();
    await pane.settles();
    const drawn = [...cellsOf(pane.cells()), pane.cursor()];
    signalOwn(command(), "SIGTSTP");
    await pane.shows("Stopped");
    expect(pane.modes()).toMatchObject({ ...SANE, region: "0-23" });
    pane.run("echo in between");
    await pane.shows("in between\n$");
    pane.run("fg");
    await until("the agent is back", () => pane.modes().alternate);
    await pane.settles();
    expect([...cellsOf(pane.cells()), pane.cursor()]).toEqual(drawn);
    expect(drawn.join("\n")).toContain("FULL");
    pane.press("C-]");
    await pane.shows("goes on without you");
    await isSane();
    await goesOn(id);
  },
);
