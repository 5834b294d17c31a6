// `coven daemon install|uninstall`: has systemd or launchd keep the daemon, and takes that back.
import { covenPaths } from "../../../paths.ts";
import { selfCommand } from "../../../program.ts";
import { type InitSystem, initSystemOf } from "../../../supervise/init-system.ts";
import { daemonStatus, requireReplaceable, startDaemon, stopDaemon } from "../../../supervise/lifecycle.ts";
import type { Run } from "../../framework/command.ts";
import { Failure } from "../../ui/failure.ts";
import { print, say } from "../../ui/out.ts";
import { harmless } from "../../ui/text.ts";
import { endingSessions, printRunning } from "./run.ts";

/** Where npx, pnpm dlx, yarn dlx and bunx put a program for one command. */
const BORROWED = /[\\/](?:_npx|dlx(?:-[^\\/]*)?|\.?bunx-[^\\/]*)[\\/]|^\/proc\//;

export const install: Run = async (invocation) => {
  const paths = covenPaths();
  const init = requireInitSystem();
  refuseForeignFile(init);
  const [program = ""] = selfCommand();
  if (BORROWED.test(program)) {
    throw new Failure(`${harmless(program)} may be deleted at any time, so ${init.by} could not start it.`, [
      "npm install --global @opencoven/cli && coven daemon install",
    ]);
  }
  // Before anything is stopped or written.
  init.requireReady();
  if (init.installedFor() === "ours" && init.upToDate() && init.active()) {
    say(`Installed already: ${init.file}`);
  } else {
    await requireReplaceable(paths);
    await endingSessions(invocation, (force) => stopDaemon(paths, { force }));
    init.install();
    await print(`Wrote ${init.file}`);
  }
  const { pid } = await startDaemon(paths);
  await printRunning("running", pid);
  const sessions = init.by === "systemd" ? "; sessions live on then" : "";
  say(`${init.by} starts it when you log in, and again if it crashes${sessions}.`);
  if (init.hint) say(init.hint);
  say("Take it back:  coven daemon uninstall");
  return 0;
};

export const uninstall: Run = async (invocation) => {
  const paths = covenPaths();
  const init = requireInitSystem();
  refuseForeignFile(init);
  if (init.installedFor() === undefined) {
    await print("Coven daemon: was not installed");
    return 0;
  }
  const found = await daemonStatus(paths);
  if (found.state !== "stopped") await endingSessions(invocation, (force) => stopDaemon(paths, { force }));
  for (const complaint of init.uninstall()) say(`${init.by} said: ${harmless(complaint)}`);
  await print(`Removed ${init.file}`);
  say("Every command that needs the daemon starts it again.");
  return 0;
};

function requireInitSystem(): InitSystem {
  const init = initSystemOf(covenPaths());
  if (init) return init;
  throw new Failure(`On ${process.platform} there is nothing to install the daemon into.`, [
    "coven daemon start   (every command that needs the daemon does so by itself)",
  ]);
}

function refuseForeignFile(init: InitSystem): void {
  if (init.installedFor() !== "another") return;
  throw new Failure(`${init.file} belongs to the daemon of another COVEN_HOME, or was written by hand.`, [
    "COVEN_HOME=/that/home coven daemon uninstall",
    "look at the file, and move it away",
  ]);
}
