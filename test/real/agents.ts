// Gets the real codex and claude: pinned, from the npm registry, into a cache outside the tree, once.
import { Database } from "bun:sqlite";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

/** The versions every note of ours was measured with; raise them on purpose, never by a range. */
export const AGENT_VERSIONS = { codex: "0.169.0", claude: "2.1.329" } as const;

/** A directory with executables `codex` and `claude`, or why there is none. */
export type Agents =
  | { readonly bin: string; readonly cache: string }
  | { readonly bin: null; readonly cache: string; readonly reason: string };

/** Where they are kept (about 760 MB): COVEN_REAL_CACHE, else `coven-real` in the user's cache directory. */
export function cacheDirectory(): string {
  return (
    process.env["COVEN_REAL_CACHE"] ||
    join(process.env["XDG_CACHE_HOME"] || join(homedir(), ".cache"), "coven-real")
  );
}

/**
 * The agents, installed when they aren't yet. Blocks, for minutes on a slow line; two runs at the same time install once,
 * and a run that dies half-way leaves nothing that looks installed. Never throws: no registry is a reason, not a failure.
 */
export function realAgents(): Agents {
  const cache = cacheDirectory();
  try {
    mkdirSync(cache, { recursive: true, mode: 0o700 });
    return { bin: locked(join(cache, "install.lock"), () => installed(cache)), cache };
  } catch (error) {
    return { bin: null, cache, reason: error instanceof Error ? error.message : String(error) };
  }
}

/** A lock the kernel drops with its process, as the daemon's own; waits for ten minutes at most. */
export function locked<T>(path: string, work: () => T): T {
  const lock = new Database(path, { create: true });
  try {
    lock.run("PRAGMA busy_timeout = 600000");
    lock.run("BEGIN EXCLUSIVE");
    return work();
  } finally {
    lock.close();
  }
}

function installed(cache: string): string {
  const place = join(cache, `codex-${AGENT_VERSIONS.codex}-claude-${AGENT_VERSIONS.claude}`);
  const bin = join(place, "bin");
  if (existsSync(bin)) return bin;
  for (const name of readdirSync(cache)) {
    if (name.startsWith("stage-")) rmSync(join(cache, name), { recursive: true, force: true });
  }
  const stage = mkdtempSync(join(cache, "stage-"));
  try {
    installPackages(stage, {
      "@openai/codex": AGENT_VERSIONS.codex,
      "@anthropic-ai/claude-code": AGENT_VERSIONS.claude,
    });
    mkdirSync(join(stage, "bin"));
    for (const [name, program] of Object.entries(programs(join(stage, "node_modules")))) {
      // Relative, so that the whole directory can be renamed.
      symlinkSync(join("..", "node_modules", program), join(stage, "bin", name));
    }
    renameSync(stage, place);
  } finally {
    rmSync(stage, { recursive: true, force: true });
  }
  return bin;
}

/** Installs packages at these versions into the directory. Throws as `npmInstall`. */
export function installPackages(directory: string, dependencies: Readonly<Record<string, string>>): void {
  writeFileSync(join(directory, "package.json"), JSON.stringify({ private: true, dependencies }));
  npmInstall(directory);
}

/** Installs what the package.json of a directory names; throws with npm's words. */
export function npmInstall(directory: string): void {
  // npm rather than Bun: it picks one libc of the platform packages, which halves what claude takes.
  const npm = Bun.which("npm");
  if (npm === null) throw new Error("there is no npm on the PATH to install them with");
  const run = Bun.spawnSync(
    [npm, "install", "--ignore-scripts", "--no-audit", "--no-fund", "--no-package-lock", "--loglevel=error"],
    { cwd: directory, stdout: "pipe", stderr: "pipe", timeout: 9 * 60_000 },
  );
  if (run.exitCode !== 0) throw new Error(`npm install failed: ${run.stderr.toString().trim().slice(-400)}`);
}

/** The native programs inside the platform packages, relative to node_modules. Their launchers need Node, and claude's a script. */
function programs(modules: string): Record<"codex" | "claude", string> {
  return {
    codex: onlyFile(modules, `@openai/codex-${process.platform}-${process.arch}/vendor/*/bin/codex`),
    claude: onlyFile(modules, `@anthropic-ai/claude-code-${process.platform}-${process.arch}*/claude`),
  };
}

function onlyFile(directory: string, pattern: string): string {
  const [found] = new Bun.Glob(pattern).scanSync({ cwd: directory });
  if (found === undefined) throw new Error(`the packages hold no ${pattern} for this platform`);
  return found;
}
