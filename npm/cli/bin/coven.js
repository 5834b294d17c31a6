#!/usr/bin/env node
// Finds the native coven for this machine and becomes it: same stdio, same signals, same end.
// Plain JavaScript for Node 18 and later, with nothing to install: package managers run it as it lies here.

const fs = require("node:fs");
const path = require("node:path");

const WRAPPER = path.join(__dirname, "..");
const TRY = "Try: npm install --global --include=optional ";

/** The C library the running program is linked against; an executable names its loader near its beginning. */
function libc() {
  if (process.platform !== "linux") return undefined;
  try {
    const head = Buffer.alloc(4096);
    const file = fs.openSync(process.execPath, "r");
    fs.readSync(file, head, 0, head.length, 0);
    fs.closeSync(file);
    if (head.includes("/ld-musl-")) return "musl";
    if (head.includes("/ld-linux")) return "glibc";
  } catch {
    // Not readable: what lies on the disk decides.
  }
  try {
    return fs.readdirSync("/lib").some((name) => name.startsWith("ld-musl-")) ? "musl" : "glibc";
  } catch {
    return "glibc";
  }
}

/**
 * Where the executable is. `{ binary, version }` (no version when COVEN_BINARY names it), or `{ problem }`: lines for
 * a person. Looks at the disk and the environment, starts nothing.
 */
function find(env = process.env, os = process.platform, cpu = process.arch, clib = libc()) {
  const { name, version } = JSON.parse(fs.readFileSync(path.join(WRAPPER, "package.json"), "utf8"));
  if (env.COVEN_BINARY) {
    if (fs.existsSync(env.COVEN_BINARY)) return { binary: path.resolve(env.COVEN_BINARY) };
    return {
      problem: [
        `COVEN_BINARY is ${env.COVEN_BINARY}, and there is no such file.`,
        "Try: unset it, or set it to a coven executable.",
      ],
    };
  }
  const platforms = JSON.parse(fs.readFileSync(path.join(WRAPPER, "platforms.json"), "utf8"));
  const here = `${os}-${cpu}${clib ? ` (${clib})` : ""}`;
  const wanted = platforms.find((p) => p.os === os && p.cpu === cpu && (!p.libc || p.libc === clib));
  if (!wanted) {
    const known = platforms.map((p) => `${p.os}-${p.cpu}${p.libc ? ` (${p.libc})` : ""}`);
    return {
      problem: [
        `${name} has no executable for ${here}. It has: ${known.join(", ")}.`,
        "Try: build it from source and set COVEN_BINARY to the result.",
      ],
    };
  }
  let manifest;
  try {
    manifest = require.resolve(`${wanted.package}/package.json`);
  } catch {
    return {
      problem: [
        `${wanted.package} is not installed, the package with the executable for ${here}.`,
        "It is an optional dependency: --omit=optional (or --no-optional) leaves it out, and so does a node_modules copied from another system.",
        `${TRY}${name}@${version}`,
      ],
    };
  }
  const found = JSON.parse(fs.readFileSync(manifest, "utf8")).version;
  if (found !== version) {
    return {
      problem: [
        `${name} is version ${version}, but ${wanted.package} is ${found}: an install was interrupted, or one was pinned apart from the other.`,
        `${TRY}${name}@${version}`,
      ],
    };
  }
  const binary = path.join(path.dirname(manifest), "bin", wanted.executable);
  if (fs.existsSync(binary)) return { binary, version };
  return {
    problem: [`${wanted.package} is installed without its executable ${binary}.`, `${TRY}${name}@${version}`],
  };
}

function fail(lines) {
  process.stderr.write(`Error: ${lines.join("\n")}\n`);
  process.exitCode = 1;
}

/** Starts the executable and ends as it ends. */
function become(binary, args, mayRepair = true) {
  // A terminal sends its own signals (Ctrl-C, Ctrl-\) to the child as well as to us: sending them on would double them.
  const atTerminal = process.stdin.isTTY || process.stdout.isTTY || process.stderr.isTTY;
  const forwarded = ["SIGHUP", "SIGTERM", "SIGUSR1", "SIGUSR2", "SIGINT", "SIGQUIT", "SIGBREAK"];
  const listeners = [];
  for (const signal of forwarded) {
    const fromTerminal = signal === "SIGINT" || signal === "SIGQUIT" || signal === "SIGBREAK";
    const listener = () => {
      if (!(fromTerminal && atTerminal)) child.kill(signal);
    };
    try {
      process.on(signal, listener);
      listeners.push([signal, listener]);
    } catch {
      // This system has no such signal.
    }
  }
  const release = () => {
    for (const [signal, listener] of listeners) process.removeListener(signal, listener);
  };
  // The listeners first: a signal that comes while the executable starts must reach it too.
  const child = require("node:child_process").spawn(binary, args, { stdio: "inherit", windowsHide: false });
  child.on("error", (error) => {
    release();
    // Some package managers lose the executable bit on the way.
    if (error.code === "EACCES" && mayRepair && makeExecutable(binary)) return become(binary, args, false);
    const hint =
      error.code === "ENOENT" && process.platform === "linux"
        ? "It exists, so its loader is missing: node_modules was perhaps copied from another system."
        : "Try: reinstall the package, or set COVEN_BINARY to another executable.";
    fail([`could not start ${binary}: ${error.message}`, hint]);
  });
  child.on("exit", (code, signal) => {
    release();
    if (code === 127 && libc() === "musl")
      process.stderr.write("Try: apk add libstdc++   (Alpine; coven needs it)\n");
    if (signal === null) process.exitCode = code;
    // Ended by a signal: end by the same one, so that a shell or a supervisor sees what happened.
    else process.kill(process.pid, signal);
  });
}

function makeExecutable(binary) {
  try {
    fs.chmodSync(binary, 0o755);
    return true;
  } catch {
    return false;
  }
}

if (require.main === module) {
  const args = process.argv.slice(2);
  const { binary, problem } = find();
  if (problem) fail(problem);
  else if (args.length === 1 && args[0] === "--print-native-binary-path") process.stdout.write(`${binary}\n`);
  else become(binary, args);
}

module.exports = { find, libc };
