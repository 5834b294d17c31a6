// Holds `coven logs`: with the daemon up or down, chosen, followed across rotation, for people and for programs.
import { expect, test } from "bun:test";
import { mkdirSync, renameSync } from "node:fs";
import { openLog } from "../../src/daemon/log.ts";
import { commandLine } from "../support/command-line.ts";
import { until } from "../support/until.ts";

const ID = "3f2a9c1e-0000-4000-8000-000000000000";

test("without a log it says so, and makes and starts nothing", async () => {
  await using line = commandLine();
  const { code, out, err } = await line.coven(["logs"]);
  expect({ code, out }).toEqual({ code: 0, out: "" });
  expect(err).toStartWith("Nothing in ");
  expect((await line.coven(["daemon", "status", "--check"])).code).toBe(3);
});

test("lines by level, by session, the last ones, as JSON; unknown words are refused", async () => {
  await using line = commandLine();
  mkdirSync(line.home.paths.home, { mode: 0o700 });
  const log = openLog(line.home.paths.log, () => "2026-11-21T10:00:00.000Z");
  log.info("session_started", { sessionId: ID, harness: "codex" });
  log.warn("request_refused", {
    route: "POST /sessions",
    code: "invalid_request",
    requestId: "ab-1",
    reason: "no \u001b[2J such",
  });
  log.error("launch_failed", { sessionId: ID, code: "launch_failed" });
  log.close();

  const all = await line.coven(["logs"]);
  expect(all).toEqual({
    code: 0,
    err: "",
    out: [
      "2026-11-21T10:00:00.000Z  INFO   session_started  session 3f2a9c1e  harness=codex",
      '2026-11-21T10:00:00.000Z  WARN   request_refused  route="POST /sessions"  code=invalid_request  requestId=ab-1  reason="no \\u001b[2J such"',
      "2026-11-21T10:00:00.000Z  ERROR  launch_failed  session 3f2a9c1e  code=launch_failed",
      "",
    ].join("\n"),
  });
  const events = async (...flags: string[]) => {
    const { out } = await line.coven(["logs", "--json", ...flags]);
    return out
      .split("\n")
      .filter(Boolean)
      .map((one) => String(JSON.parse(one).event));
  };
  expect(await events("--level", "warn")).toEqual(["request_refused", "launch_failed"]);
  expect(await events("--session", ID.slice(0, 8))).toEqual(["session_started", "launch_failed"]);
  expect(await events("--session", ID, "--level=error")).toEqual(["launch_failed"]);
  expect(await events("--lines", "1")).toEqual(["launch_failed"]);
  expect((await line.coven(["logs", "--session", "ffff0000"])).err).toContain("that fits");
  for (const [flags, tries] of [
    [["--level", "wran"], "coven logs --level warn"],
    [["--session", "x y"], "coven sessions --all"],
    [["--lines", "many"], "coven logs --lines 100"],
  ] as const) {
    const { code, err } = await line.coven(["logs", ...flags]);
    expect({ code, tries: err.includes(tries) }).toEqual({ code: 2, tries: true });
  }
});

test("--follow shows the last lines, then new ones, over a rotation and a daemon's end", async () => {
  await using line = commandLine();
  const { paths } = line.home;
  await line.home.start();
  const following = line.begin(["logs", "--follow", "--json"]);
  const events = () =>
    following
      .out()
      .split("\n")
      .filter(Boolean)
      .map((one) => String(JSON.parse(one).event));
  await until("the start is shown", () => events().includes("daemon_started"));
  // As the daemon rotates: the file takes another name and goes on in a new one.
  renameSync(paths.log, `${paths.log}.1`);
  await line.coven(["daemon", "stop"]);
  await until("the end is shown", () => events().includes("daemon_stopped"));
  await line.home.start();
  await until(
    "the next start is shown",
    () => events().filter((event) => event === "daemon_started").length === 2,
  );
  following.kill("SIGINT");
  await following.left;
  const started = ["ledger_opened", "socket_bound", "daemon_started"];
  expect(events()).toEqual([...started, "daemon_stopping", "daemon_stopped", ...started]);
});
