// Holds the first page to what is true: its lines run, its agent of five lines is launched, and what it says to delete is all there was.
import { expect, test } from "bun:test";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { COMMANDS } from "../src/cli/commands/table.ts";
import { parse } from "../src/cli/framework/parse.ts";
import { commandLine } from "./support/command-line.ts";
import { runs } from "./support/signal.ts";

const root = join(import.meta.dir, "..");
const text = readFileSync(join(root, "README.md"), "utf8");

/** The fenced blocks: what stands behind the opening fence, and the lines within. */
const blocks = Array.from(text.matchAll(/^```(\w*)\n(.*?)^```$/gms), ([, kind, body = ""]) => ({
  kind,
  lines: body.split("\n").slice(0, -1),
}));

/** Lines of shell without their comments. */
const shell = blocks
  .filter(({ kind }) => kind === "sh")
  .map(({ lines }) => lines.map((line) => line.replace(/ +#.*$/, "")));

test("the first block is the two lines that the gate runs, and how long each takes stands below", () => {
  expect(blocks[0]?.lines).toEqual(["npx -y bun@1.4.5 run demo", "npx -y bun@1.4.5 run test"]);
  const [, below = ""] = text.split("```sh").join("```").split("```").slice(1);
  expect(below).toMatch(/The first\*\*[^*]*\bseconds?\b/);
  expect(below).toMatch(/The second\*\*[^*]*\bminutes\b/);
});

test("every command line of it is one: the command is there, and so are its flags", () => {
  const ours = shell
    .flat()
    .flatMap((line) => line.split("; "))
    .filter((line) => line.startsWith("coven "));
  expect(ours.length).toBeGreaterThan(10);
  for (const line of ours) {
    const words = Array.from(line.matchAll(/"([^"]*)"|(\S+)/g), ([, quoted, bare]) => quoted ?? bare ?? "");
    expect(parse(words.slice(1), COMMANDS).kind, line).toBe("run");
  }
});

test("every page it leads to is there, and so is the place on it", () => {
  const places = Array.from(text.matchAll(/\]\((?!http)([^)#]+)(?:#([^)]+))?\)/g), ([, path, place]) => ({
    path,
    place,
  }));
  expect(places.length).toBeGreaterThan(10);
  for (const { path = "", place } of places) {
    expect(existsSync(join(root, path)), path).toBe(true);
    if (place === undefined) continue;
    const headings = readFileSync(join(root, path), "utf8").match(/^#+ .*$/gm) ?? [];
    expect(headings.map((one) => one.replace(/^#+ /, "").toLowerCase().replaceAll(" ", "-"))).toContain(
      place,
    );
  }
});

test("no word of it needs a glossary", () => {
  const prose = text.replace(/^```.*?^```$/gms, "").replaceAll(/`[^`]*`/g, "");
  const words = [
    "pseudo-terminal", "PTY", "ledger", "append-only", "SQLite", "SIGKILL", "SIGTERM", "socket", "SSE", "WebSocket",
    "headless", "orphan", "settle", "boundary", "argv", "stdout", "TUI", "multiplexer", "idempotent", "ritual",
  ]; // biome-ignore format: one list
  expect(words.filter((word) => new RegExp(`\\b${word}`, "i").test(prose))).toEqual([]);
  // Two are ours, since lists show them. Each is said where it is first used.
  expect(prose).toContain("A _session_ is one run of an agent.");
  expect(prose).toContain("A _harness_ is the program that is the agent");
  expect(prose).toContain("called the daemon: it holds the agents' terminals");
});

test("the agent of one's own: five lines, launched as the page says", async () => {
  await using line = commandLine();
  const { lines } = blocks.find(({ kind }) => kind === "json") ?? { lines: [] };
  expect(lines).toHaveLength(5);
  const place = /Save this as `~\/\.coven\/harnesses\/(\w+\.json)`/.exec(text)?.[1] ?? "";
  mkdirSync(join(line.home.paths.home, "harnesses"), { recursive: true, mode: 0o700 });
  writeFileSync(join(line.home.paths.home, "harnesses", place), `${lines.join("\n")}\n`, { mode: 0o600 });
  line.home.script("my-agent", 'printf "<%s>" my-agent "$@"; echo');

  const [, typed = "", shown = "", piped = ""] =
    /Now `coven run (.*?)` starts `(.*?)`, and in a script or on a pipe `(.*?)`\./.exec(text) ?? [];
  const [harness = "", task = ""] = typed.split(/ "|"/);
  const words = (said: string) =>
    Array.from(said.matchAll(/"([^"]*)"|(\S+)/g), ([, quoted, bare]) => `<${quoted ?? bare}>`).join("");
  expect(await line.coven(["run", harness, task])).toMatchObject({
    code: 0,
    out: expect.stringContaining(words(piped)),
  });
  const [id = ""] = (await line.coven(["run", harness, task, "--detach"])).out.split("\n");
  expect((await line.coven(["attach", id])).out).toContain(words(shown));
});

test("what stays behind is what the page says, and its lines take all of it away", async () => {
  await using line = commandLine();
  const { base, project } = line.home;
  // The home as it is unless somebody names another: ~/.coven.
  const ways = { env: { COVEN_HOME: "" } };
  // From source Bun keeps what it has compiled there; what is installed is compiled already.
  const inHome = () => readdirSync(base).filter((name) => name !== ".bun");
  const before = inHome();
  // The home that goes with the test is another one: should a line fail, this daemon would stay behind.
  await using _ = {
    [Symbol.asyncDispose]: async () => void (await line.coven(["daemon", "stop", "--force"], ways)),
  };
  expect((await line.coven(["run", "demo", "lines 2"], ways)).code).toBe(0);
  expect((await line.coven(["run", "demo", "sleep 600", "--detach"], ways)).code).toBe(0);
  expect(inHome().filter((name) => !before.includes(name))).toEqual([".coven"]);
  expect(readdirSync(join(base, ".coven"))).toEqual(expect.arrayContaining(["coven.db", "logs"]));
  expect(readdirSync(project)).toEqual([]);
  const { pid } = JSON.parse(readFileSync(join(base, ".coven", "daemon.json"), "utf8"));
  const sessions = JSON.parse((await line.coven(["sessions", "--json"], ways)).out).sessions;
  const agent = sessions.find(({ status }: { status: string }) => status === "running").pid;

  const rid = shell.find((lines) => lines.some((one) => one.startsWith("rm -r "))) ?? [];
  expect(rid.at(-1)).toBe("npm uninstall --global @opencoven/cli");
  for (const one of rid.slice(0, -1)) {
    const child = Bun.spawn(["/bin/sh", "-c", one], {
      cwd: project,
      env: { HOME: base, PATH: `${line.home.bin}:/usr/bin:/bin` },
      stdio: ["ignore", "ignore", "pipe"],
    });
    const err = await new Response(child.stderr).text();
    expect({ one, code: await child.exited, err }).toMatchObject({ one, code: 0 });
  }
  expect(inHome()).toEqual(before);
  expect([runs(pid), runs(agent)]).toEqual([false, false]);
});
