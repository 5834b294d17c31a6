// Environment values: they reach the harness and nobody else. Not the ledger, the log, a bundle, an error, or `ps`.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type CommandLine, commandLine } from "../support/command-line.ts";
import { until } from "../support/until.ts";

/** No shape that redaction would know: only never having been written keeps it out. */
const VALUE = `plain-${"q7w".repeat(5)}-value`;

let line: CommandLine;
let id: string;

beforeAll(async () => {
  line = commandLine();
  // Says by a file that the value has come, and nothing on its terminal.
  line.home.script(
    "codex",
    'test "$1" = exec || exit 0; test -n "$MY_SETTING" && printf %s "$MY_SETTING" > ../got; exec sleep 600',
  );
  const env = { MY_SETTING: VALUE };
  const { out } = await line.coven(["run", "codex", "do", "it", "--detach", "--headless"], { env });
  id = out.trim();
  await until("the harness has it", () => {
    try {
      return readFileSync(join(line.home.base, "got"), "utf8") === VALUE;
    } catch {
      return false;
    }
  });
});
afterAll(() => line[Symbol.asyncDispose]());

test("no file of the home holds it, and no later daemon's either", async () => {
  await line.coven(["archive", id]);
  await line.coven(["send", id, "x"], { env: { MY_SETTING: VALUE } });
  const names = readdirSync(line.home.paths.home, { recursive: true, withFileTypes: true });
  let looked = 0;
  for (const entry of names.filter((one) => one.isFile())) {
    const bytes = readFileSync(join(entry.parentPath, entry.name));
    expect({ name: entry.name, holds: bytes.includes(VALUE) }).toEqual({ name: entry.name, holds: false });
    looked += 1;
  }
  expect(looked).toBeGreaterThan(4);
});

/** Of every process; a minimal Debian has no ps. */
function argumentLists(): string {
  if (process.platform !== "linux") return Bun.spawnSync(["ps", "-eww", "-o", "args"]).stdout.toString();
  const pids = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  const read = (pid: string) => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ");
    } catch {
      return ""; // It ended meanwhile.
    }
  };
  return pids.map(read).join("\n");
}

test("no argument list of any process holds it", () => {
  const all = argumentLists();
  expect(all).toContain("daemon serve");
  expect(all).not.toContain(VALUE);
});

test("no answer of the API, no bundle and no refusal about the environment holds it", async () => {
  const { client, project, paths } = line.home;
  const said = [
    await client.session(id),
    await client.status(),
    await client.metrics(),
    await client.events(id),
  ];
  for (const env of [{ "BAD=NAME": VALUE }, { GOOD: `${VALUE}\0` }, { [`A=${VALUE}`]: "x" }, { "": VALUE }]) {
    const refused = await client.launch({ projectRoot: project, harness: "codex", prompt: "x", env }).then(
      () => "taken",
      (error: unknown) => error,
    );
    expect(refused).toMatchObject({ code: "invalid_request" });
    said.push(JSON.stringify([String(refused), refused]));
  }
  const bundle = await line.coven(["diagnostics", "--print"], { env: { MY_SETTING: VALUE } });
  expect(bundle.code).toBe(0);
  said.push(bundle.out, bundle.err, readFileSync(paths.log, "utf8"));
  expect(JSON.stringify(said)).not.toContain(VALUE);
});

// Redaction is for what is shared. The ledger is the user's own record: it keeps what was printed, to the byte, and is 0600.
test("what a harness prints is kept exactly, secret or not; the log and a bundle without its output say nothing of it", async () => {
  const secret = `sk-${"abcdefghij0123456789"}`;
  line.home.script("claude", `test "$1" = --print && printf '%s' 'key ${secret} end'`);
  mkdirSync(join(line.home.project, ".git"), { recursive: true });
  const ran = await line.coven(["run", "claude", "print", "it"]);
  expect(ran.out).toContain(`key ${secret} end`);
  const [newest] = await line.home.client.sessions();
  const kept = await line.coven(["attach", newest?.id ?? "", "--raw"]);
  expect(kept.out).toBe(`key ${secret} end`);
  const without = await line.coven(["diagnostics", "--print"]);
  expect(without.out).not.toContain("key [redacted]");
  expect(without.out).not.toContain(secret);
  const asked = await line.coven(["diagnostics", "--print", "--include-output", newest?.id ?? ""]);
  expect(asked.out).toContain("key [redacted] end");
  expect(asked.out).not.toContain(secret);
  expect(readFileSync(line.home.paths.log, "utf8")).not.toContain(secret);
});
