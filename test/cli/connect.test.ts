// Holds what the first line to a daemon says: that one was started, or that the one which runs is of another version.
import { expect, test } from "bun:test";
import { cpSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import manifest from "../../package.json";
import { type CommandLine, commandLine } from "../support/command-line.ts";
import { notLinux, testUnless } from "../support/unless.ts";

const root = join(import.meta.dir, "..", "..");

/** A home whose daemon is of the same sources under an older version's name. */
async function older(pty: string): Promise<CommandLine> {
  const line = commandLine();
  const place = join(line.home.base, "older");
  mkdirSync(place);
  for (const part of ["src", "bunfig.toml"]) cpSync(join(root, part), join(place, part), { recursive: true });
  writeFileSync(join(place, "package.json"), JSON.stringify({ ...manifest, version: "0.0.1" }));
  symlinkSync(join(root, "node_modules"), join(place, "node_modules"));
  const env = {
    HOME: line.home.base,
    COVEN_HOME: line.home.paths.home,
    PATH: "/usr/bin:/bin",
    COVEN_PTY: pty,
  };
  const begun = Bun.spawnSync([process.execPath, join(place, "src", "main.ts"), "daemon", "start"], { env });
  expect(begun.stdout.toString()).toContain("version 0.0.1,");
  return line;
}

const NOTE = `Note: the running daemon is version 0.0.1, this is ${manifest.version}.  Try: coven daemon restart`;

test("an older daemon goes on: each command says so once on stderr, and a restart where sessions can't be kept ends none unasked", async () => {
  await using line = await older("bun");
  const note = `${NOTE}\n`;
  const launched = await line.coven(["run", "demo", "sleep 600", "--detach"]);
  expect(launched.err.split(note)).toHaveLength(2);
  const id = launched.out.trim();
  const listed = await line.coven(["sessions", "--json"]);
  expect(listed.err).toBe(note);
  expect(JSON.parse(listed.out).sessions).toMatchObject([{ id, status: "running" }]);

  const refused = await line.coven(["daemon", "restart"]);
  expect(refused.code).toBe(1);
  expect(refused.err).toContain("1 session is running and would be ended");
  expect((await line.home.client.session(id)).status).toBe("running");
  await line.coven(["kill", id]);
  const restarted = await line.coven(["daemon", "restart"]);
  expect(restarted.out).toContain(`version ${manifest.version},`);
  expect((await line.coven(["sessions", "--json"])).err).toBe("");
});

testUnless(notLinux)("where a restart keeps what runs, the note says of how many, and it does", async () => {
  await using line = await older("posix");
  const launch = async () => (await line.coven(["run", "demo", "sleep 600", "--detach"])).out.trim();
  const first = await launch();
  expect((await line.coven(["sessions", "--json"])).err).toBe(`${NOTE}   (keeps your session)\n`);
  const second = await launch();
  expect((await line.coven(["sessions", "--json"])).err).toBe(`${NOTE}   (keeps your 2 sessions)\n`);
  expect((await line.coven(["daemon", "restart"])).out).toContain(`version ${manifest.version},`);
  const listed = await line.coven(["sessions", "--json"]);
  expect(listed.err).toBe("");
  const ids = JSON.parse(listed.out).sessions.map((one: { id: string; status: string }) => [
    one.id,
    one.status,
  ]);
  expect(ids).toEqual([
    [second, "running"],
    [first, "running"],
  ]);
});

test("after an upgrade the note's restart can be typed as it stands, also where there is no coven on the PATH", async () => {
  await using line = await older("bun");
  rmSync(join(line.home.bin, "coven"));
  symlinkSync(process.execPath, join(line.home.bin, "bun"));
  const typed = (text: string) =>
    Bun.spawnSync(["/bin/sh", "-c", text], {
      cwd: root,
      env: { HOME: line.home.base, COVEN_HOME: line.home.paths.home, PATH: `${line.home.bin}:/usr/bin:/bin` },
    });
  const noted = typed("bun run --silent coven sessions --json").stderr.toString();
  const [, restart = ""] = /Try: (.*daemon restart)/.exec(noted) ?? [];
  expect(restart).toBe("bun run coven daemon restart");
  expect(typed(restart).stdout.toString()).toContain(`version ${manifest.version},`);
  expect(typed("bun run --silent coven sessions --json").stderr.toString()).toBe("");
});

test("the daemon a command brings up is said once, with its pid", async () => {
  await using line = commandLine();
  expect((await line.coven(["sessions", "--json"])).err).toMatch(
    /^Started the Coven daemon \(pid \d+\)\.\n$/,
  );
  expect((await line.coven(["sessions", "--json"])).err).toBe("");
});
