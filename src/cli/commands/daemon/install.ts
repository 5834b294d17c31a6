// `coven daemon install|uninstall`: has systemd or launchd keep the daemon, and takes that back.
import { makeHome } from "../../../daemon/home.ts";
import { type Keeper, keeperOf } from "../../../daemon/keeper.ts";
import { daemonStatus, startDaemon, stopDaemon } from "../../../daemon/lifecycle.ts";
import { selfCommand } from "../../../daemon/self.ts";
import { covenPaths } from "../../../paths.ts";
import type { Run } from "../../framework/command.ts";
import { Failure } from "../../ui/failure.ts";
import { print, say } from "../../ui/out.ts";
import { harmless } from "../../ui/text.ts";
import { endingSessions, printRunning } from "./run.ts";

/** Where npx, pnpm dlx, yarn dlx and bunx put a program for one command. */
const BORROWED = /[\\/](?:_npx|dlx(?:-[^\\/]*)?|bunx-[^\\/]*)[\\/]|^\/proc\//;

export const install: Run = async (invocation) => {
  const paths = covenPaths();
  const keeper = keeperHere();
  refuseAnothers(keeper);
  const [program = ""] = selfCommand();
  if (BORROWED.test(program)) {
    throw new Failure(
      `${harmless(program)} may be deleted at any time, so ${keeper.by} could not start it.`,
      ["npm install --global @opencoven/cli", "coven daemon install"],
    );
  }
  // Before anything is stopped or written.
  keeper.requireReady();
  if (keeper.keeps() === "ours" && keeper.upToDate() && keeper.active()) {
    say(`Installed already: ${keeper.file}`);
  } else {
    await endingSessions(invocation, (force) => stopDaemon(paths, { force }));
    makeHome(paths);
    keeper.install();
    await print(`Wrote ${keeper.file}`);
  }
  const { pid } = await startDaemon(paths);
  await printRunning("running", pid);
  say(`${keeper.by} starts it when you log in, and again if it crashes.`);
  if (keeper.hint) say(keeper.hint);
  say("Take it back:  coven daemon uninstall");
  return 0;
};

export const uninstall: Run = async (invocation) => {
  const paths = covenPaths();
  const keeper = keeperHere();
  refuseAnothers(keeper);
  if (keeper.keeps() === undefined) {
    await print("Coven daemon: was not installed");
    return 0;
  }
  const found = await daemonStatus(paths);
  if (found.state !== "stopped") await endingSessions(invocation, (force) => stopDaemon(paths, { force }));
  for (const complaint of keeper.uninstall()) say(`${keeper.by} said: ${harmless(complaint)}`);
  await print(`Removed ${keeper.file}`);
  say("Every command that needs the daemon starts it again.");
  return 0;
};

function keeperHere(): Keeper {
  const keeper = keeperOf(covenPaths());
  if (keeper) return keeper;
  throw new Failure(`On ${process.platform} there is nothing to install the daemon into.`, [
    "coven daemon start   (every command that needs the daemon does so by itself)",
  ]);
}

function refuseAnothers(keeper: Keeper): void {
  if (keeper.keeps() !== "another") return;
  throw new Failure(`${keeper.file} belongs to the daemon of another COVEN_HOME, or was written by hand.`, [
    "COVEN_HOME=/that/home coven daemon uninstall",
    "look at the file, and move it away",
  ]);
}
