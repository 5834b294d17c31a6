// The install step: puts the native executable in the launcher's place where that is safe, so that starts cost no Node.
// Whatever goes wrong here, the launcher stays and everything works: this file never fails an install.

const fs = require("node:fs");
const path = require("node:path");
const { spawnSync } = require("node:child_process");

const LAUNCHER = path.join(__dirname, "bin", "coven.js");

/**
 * Why the launcher must stay, or undefined. npm and Bun put a symbolic link to the launcher on the PATH, so whatever
 * lies there is what the kernel starts. pnpm and Yarn write `node <launcher>` into a script of their own, and Windows
 * goes by the file's ending: there an executable under that name would be read as JavaScript.
 */
function reason(env, os) {
  if (os === "win32") return "Windows needs the launcher";
  if (env.COVEN_BINARY) return "COVEN_BINARY names another executable";
  const manager = (env.npm_config_user_agent || "").split("/")[0];
  if (manager !== "npm" && manager !== "bun")
    return `${manager || "an unknown package manager"} starts the launcher with node`;
  return undefined;
}

/** True when `binary` is now what lies in the launcher's place. */
function replace(binary, version) {
  // Started once before it is trusted: the wrong C library, a missing loader or a quarantine shows now.
  const tried = spawnSync(binary, ["--version"], { encoding: "utf8", timeout: 10_000 });
  if (tried.status !== 0 || !tried.stdout.includes(version)) return false;
  const fresh = path.join(path.dirname(LAUNCHER), `.coven-${process.pid}`);
  try {
    // A second name for the same file takes no room on the disk; another file system gets a copy.
    try {
      fs.linkSync(binary, fresh);
    } catch {
      fs.copyFileSync(binary, fresh);
    }
    fs.chmodSync(fresh, 0o755);
    // Renamed, never written into: the launcher may be a hard link into the package manager's cache.
    fs.renameSync(fresh, LAUNCHER);
    return true;
  } finally {
    fs.rmSync(fresh, { force: true });
  }
}

try {
  const head = Buffer.alloc(2);
  const file = fs.openSync(LAUNCHER, "r");
  fs.readSync(file, head, 0, 2, 0);
  fs.closeSync(file);
  // "#!": still the launcher. Anything else: an earlier run of this step has done it.
  if (head.toString() === "#!" && reason(process.env, process.platform) === undefined) {
    const { binary, version } = require(LAUNCHER).find();
    if (binary && version) replace(binary, version);
  }
} catch {
  // The launcher stays.
}
