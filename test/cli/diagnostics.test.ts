// Holds `coven diagnostics`: what is inside, what is not, with the daemon up or down, and that nothing is started or changed.
import { expect, test } from "bun:test";
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { commandLine } from "../support/command-line.ts";

const ALWAYS = [
  "README.txt",
  "capabilities.json",
  "doctor.json",
  "harnesses.json",
  "health.json",
  "home.json",
  "logs/daemon.log",
  "logs/daemon.stderr",
  "metrics.txt",
  "sessions.json",
  "status.json",
  "version.json",
];

/** Name and text of every file of an archive, read with tar as whoever gets it would. */
function unpacked(archive: string, into: string): Map<string, string> {
  mkdirSync(into, { recursive: true });
  const { exitCode, stderr } = Bun.spawnSync(["tar", "-xzf", archive, "-C", into]);
  if (exitCode !== 0) throw new Error(String(stderr));
  const root = join(into, "coven-diagnostics");
  const names = readdirSync(root, { recursive: true, withFileTypes: true }).filter((one) => one.isFile());
  const files = names.map((one) => join(one.parentPath, one.name));
  return new Map(files.map((file) => [file.slice(root.length + 1), readFileSync(file, "utf8")]));
}

test("an archive of everything, private, without paths and secrets, and without output", async () => {
  await using line = commandLine();
  const { base, paths, project } = line.home;
  await line.coven(["run", "demo", "lines 3 with", `sk-${"abcdefghij0123456789"}`]);
  await line.coven(["run", "codex", "x", "--cwd", "/nowhere/at/all"]);
  const { code, out, err } = await line.coven(["diagnostics"], { cwd: base });
  expect({ code, out }).toEqual({ code: 0, out: "" });
  const [name = ""] = readdirSync(base).filter((one) => one.startsWith("coven-diagnostics-"));
  expect(name).toMatch(/^coven-diagnostics-\d{8}-\d{6}\.tar\.gz$/);
  expect(statSync(join(base, name)).mode & 0o777).toBe(0o600);
  expect(err).toContain("Look before you share it");

  const files = unpacked(join(base, name), join(base, "unpacked"));
  expect([...files.keys()].sort()).toEqual(ALWAYS);
  for (const inside of ALWAYS) {
    expect(err).toContain(inside);
    expect(inside === "README.txt" || files.get("README.txt")?.includes(inside)).toBe(true);
  }
  const whole = [...files.values()].join("\n");
  for (const hidden of [base, paths.home, project, "sk-abc", "line 2"]) {
    expect({ hidden, found: whole.includes(hidden) }).toEqual({ hidden, found: false });
  }
  const json = (file: string) => JSON.parse(files.get(file) ?? "");
  expect(json("health.json")).toMatchObject({ ok: true, daemon: { socket: "<coven-home>/coven.sock" } });
  expect(json("status.json").sessions.byStatus.completed).toBe(1);
  expect(json("sessions.json")[0]).toMatchObject({ harness: "demo", title: "lines 3 with [redacted]" });
  expect(json("sessions.json")[0].project_root).toMatch(/^<project-\d+>$/);
  expect(json("home.json")).toContainEqual(
    expect.objectContaining({ name: "coven.sock", kind: "socket", mode: "0600" }),
  );
  expect(json("version.json")).toMatchObject({ api: "coven.daemon.v1", platform: process.platform });
  expect(json("doctor.json").map(({ area }: { area: string }) => area)).toContain("store");
  expect(files.get("logs/daemon.log")).toContain('"event":"daemon_started"');
  expect(files.get("metrics.txt")).toContain('coven_sessions{status="completed"} 1');
});

test("output is in it for the sessions that were named, and for no other", async () => {
  await using line = commandLine();
  const first = (await line.coven(["run", "demo", "lines 2", "--detach", "--headless"])).out.trim();
  await line.coven(["attach", first]);
  await line.coven(["run", "demo", "lines 4"]);
  const file = join(line.home.base, "with.tar.gz");
  writeFileSync(file, "what was there before");
  const { code } = await line.coven(["diagnostics", "--include-output", first.slice(0, 8), "--output", file]);
  expect(code).toBe(0);
  const files = unpacked(file, join(line.home.base, "unpacked"));
  expect([...files.keys()].sort()).toEqual([...ALWAYS, `output/${first}.txt`].sort());
  expect(files.get(`output/${first}.txt`)).toContain("line 2");
  expect([...files.values()].join("\n")).not.toContain("line 4");
});

test("with the daemon down it says so inside, reads the ledger and the log by itself, and starts nothing", async () => {
  await using line = commandLine();
  await line.coven(["run", "demo", "hi"]);
  await line.coven(["daemon", "stop"]);
  const before = readdirSync(line.home.paths.home).sort();
  const { code, out } = await line.coven(["diagnostics", "--print"]);
  expect(code).toBe(0);
  expect(out).toContain(
    '==> health.json <==\n{\n  "notGathered": "No Coven daemon answers on <coven-home>/coven.sock',
  );
  expect(out).toContain('"title": "hi"');
  expect(out).toContain('"event":"daemon_stopped"');
  expect(readdirSync(line.home.paths.home).sort()).toEqual(before);
  expect((await line.coven(["daemon", "status", "--check"])).code).toBe(3);
});

test("a home that isn't there is none afterwards either; what can't be is refused", async () => {
  await using line = commandLine();
  const { code, out } = await line.coven(["diagnostics", "--print"]);
  expect({ code, home: existsSync(line.home.paths.home) }).toEqual({ code: 0, home: false });
  expect(out).toContain("There is no ledger yet.");
  const unknown = await line.coven(["diagnostics", "--print", "--include-output", "ffff0000"]);
  expect({ code: unknown.code, says: unknown.err.includes("no session has this id") }).toEqual({
    code: 1,
    says: true,
  });
  const nowhere = await line.coven(["diagnostics", "--output", "/nowhere/at/all.tar.gz"]);
  expect({ code: nowhere.code, says: nowhere.err.includes("ENOENT") }).toEqual({ code: 1, says: true });
  expect((await line.coven(["diagnostics", "--print", "--output", "x"])).code).toBe(2);
});
