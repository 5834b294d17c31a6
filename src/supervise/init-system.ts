// The init system that keeps the daemon running (systemd, launchd): is it told to, have it start, install, uninstall.
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { homedir, userInfo } from "node:os";
import { dirname, join } from "node:path";
import { CovenError } from "../errors.ts";
import { fileFailure } from "../os/file-failure.ts";
import { replaceFile } from "../os/replace-file.ts";
import type { CovenPaths } from "../paths.ts";
import { selfCommand } from "../program.ts";
import { installation } from "./service-file.ts";

/** The init system as this program and this home see it. */
export interface InitSystem {
  readonly by: "systemd" | "launchd";
  /** Where its file is, or would be. */
  readonly file: string;
  /** One sentence for the person, or undefined. */
  readonly hint: string | undefined;
  /** The home whose daemon its file starts: this one, another; undefined when there is no file. */
  installedFor(): "ours" | "another" | undefined;
  /** The command by which its file starts the daemon of this home; undefined when there is none, or it can't be told. */
  commandOfOurs(): readonly string[] | undefined;
  /** Whether what it was told is what `install` would tell it now. */
  upToDate(): boolean;
  /** Whether it has the daemon running. */
  active(): boolean;
  /** Has it start the daemon, and doesn't wait for an answer; false when it refuses or cannot be asked. */
  start(): boolean;
  /** Throws `runtime_unavailable`, with its own words, when it cannot be asked. */
  requireReady(): void;
  /** Writes the file and has it start the daemon, now and at every login. Throws as `requireReady`; nothing is left then. */
  install(): void;
  /** Takes all of that back, but for a daemon that runs; returns what the init system complained about. */
  uninstall(): readonly string[];
}

/** How long one of its commands may take, in milliseconds. */
const COMMAND_MS = 20_000;

/** The init system of this machine, or undefined where there is none we know. Asks it nothing yet. */
export function initSystemOf(
  paths: CovenPaths,
  env: Readonly<Record<string, string | undefined>> = process.env,
): InitSystem | undefined {
  const plan = installation(
    process.platform,
    {
      command: selfCommand(),
      home: paths.home,
      stderr: join(paths.logs, "daemon.stderr"),
      path: env["PATH"] || "/usr/local/bin:/usr/bin:/bin",
    },
    {
      home: env["HOME"] || homedir(),
      uid: process.getuid?.() ?? 0,
      name: userName(),
      ...(env["XDG_CONFIG_HOME"] ? { configHome: env["XDG_CONFIG_HOME"] } : {}),
    },
  );
  if (plan === undefined) return undefined;
  const { by, file, hint } = plan;

  const refusal = (said: string): CovenError =>
    new CovenError("runtime_unavailable", `${by} cannot be asked to keep the daemon: ${said}`, {
      hint: "log in as this user, in a session of your own, and try again there",
    });

  return {
    by,
    file,
    hint,
    installedFor() {
      const text = written(file);
      return text === undefined ? undefined : text.includes(plan.mark) ? "ours" : "another";
    },
    commandOfOurs() {
      const text = written(file);
      return text?.includes(plan.mark) ? plan.commandIn(text) : undefined;
    },
    upToDate: () => written(file) === plan.content,
    active: () => run(plan.active.command, plan.active.says) === undefined,
    start: () => plan.start.map((command) => run(command)).at(-1) === undefined,
    requireReady() {
      const said = run(plan.ready);
      if (said !== undefined) throw refusal(said);
    },
    install() {
      put(file, plan.content);
      for (const command of plan.install) {
        const said = run(command);
        if (said === undefined) continue;
        for (const undo of plan.uninstall) run(undo);
        rmSync(file, { force: true });
        for (const last of plan.forget) run(last);
        throw refusal(said);
      }
    },
    uninstall() {
      const said = plan.uninstall.map((command) => run(command));
      rmSync(file, { force: true });
      for (const command of plan.forget) said.push(run(command));
      return said.filter((words) => words !== undefined);
    },
  };
}

/** undefined when it succeeded (and printed `says`, if given), else its last words. */
function run([program = "", ...args]: readonly string[], says = ""): string | undefined {
  const { status, stdout, stderr, error } = spawnSync(program, args, {
    stdio: ["ignore", "pipe", "pipe"],
    timeout: COMMAND_MS,
    encoding: "utf8",
  });
  if (status === 0 && stdout.includes(says)) return undefined;
  if (error) return `${program}: ${error.message}`;
  return stderr.trim().split("\n", 1)[0] || `${program} ${args.join(" ")} ended with ${status}`;
}

function written(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
}

/** Whole or not at all; read by the init system, so not hidden from it. Throws as `failure` has it. */
function put(file: string, content: string): void {
  try {
    mkdirSync(dirname(file), { recursive: true });
    replaceFile(file, content, { mode: 0o644 });
  } catch (error) {
    throw fileFailure(error, file);
  }
}

/** As a word of a command line. The runtime knows a user only by `USER`, which services and containers don't set. */
function userName(): string {
  const { username } = userInfo();
  return username === "unknown" ? "$(id -un)" : username;
}
