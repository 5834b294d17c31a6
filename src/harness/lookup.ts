// Finds a program on a PATH, by our own rules rather than a shell's.
import { accessSync, constants, readFileSync, statSync } from "node:fs";
import { posix, win32 } from "node:path";
import { readShim } from "./shim.ts";

/** A program as found, and how it is started. */
export interface Found {
  /** Where it lies; on Windows perhaps a `.cmd` that stands for it. */
  readonly path: string;
  /** What comes before its arguments; the first element is absolute and no batch file. */
  readonly command: readonly string[];
}

/** What the disk says; a test of the Windows rules has one of its own. */
export interface Disk {
  /** A regular file (after symlinks) that this user may execute. */
  isProgram(path: string): boolean;
  /** The text of a file, or undefined where it cannot be read. */
  text(path: string): string | undefined;
}

/**
 * Finds `executable`, or gives null. A bare name is looked for in the absolute entries of the PATH of `env`,
 * in order; empty and relative entries are skipped, because they would let the directory a session starts in
 * decide what runs. An absolute `executable` is only checked. The path is given as found, not resolved: some programs ask
 * for their own name.
 */
export function findProgram(
  executable: string,
  env: Readonly<Record<string, string>>,
  platform: NodeJS.Platform = process.platform,
  disk: Disk = realDisk,
): Found | null {
  const path = platform === "win32" ? win32 : posix;
  if (path.isAbsolute(executable)) return foundAt(executable, env, platform, disk);
  if (executable === "" || executable.includes("/") || executable.includes("\\")) return null;
  const names = platform === "win32" ? windowsNames(executable, env) : [executable];
  for (const entry of (variable("PATH", env, platform) ?? "").split(path.delimiter)) {
    if (!path.isAbsolute(entry)) continue;
    for (const name of names) {
      const found = foundAt(path.join(entry, name), env, platform, disk);
      if (found) return found;
    }
  }
  return null;
}

function foundAt(
  path: string,
  env: Readonly<Record<string, string>>,
  platform: NodeJS.Platform,
  disk: Disk,
): Found | null {
  if (!disk.isProgram(path)) return null;
  if (platform !== "win32" || !BATCH.test(path)) return { path, command: [path] };
  const shim = readShim(disk.text(path) ?? "", path);
  if (shim === undefined) return null;
  // A program beside the shim comes first, as the shim itself has it; no shim leads to another one.
  const beside = win32.join(win32.dirname(path), `${shim.program}.exe`);
  const program = disk.isProgram(beside) ? beside : findProgram(shim.program, env, platform, disk)?.path;
  return program === undefined || BATCH.test(program) ? null : { path, command: [program, ...shim.before] };
}

const realDisk: Disk = {
  isProgram(path) {
    try {
      if (!statSync(path).isFile()) return false;
      accessSync(path, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  },
  text(path) {
    try {
      return readFileSync(path, "utf8");
    } catch {
      return undefined;
    }
  },
};

/** What Windows runs through cmd.exe, and we never do. */
const BATCH = /\.(?:cmd|bat)$/i;

/**
 * What a bare name may be called on Windows, in the order of PATHEXT. `.cmd` is among them for what npm installs (shim.ts);
 * any other batch file counts as not found.
 */
function windowsNames(executable: string, env: Readonly<Record<string, string>>): string[] {
  const extensions = (variable("PATHEXT", env, "win32") || ".COM;.EXE;.CMD")
    .split(";")
    .map((extension) => extension.toLowerCase())
    .filter((extension) => extension.startsWith("."));
  const named = extensions.some((extension) => executable.toLowerCase().endsWith(extension));
  return named ? [executable] : extensions.map((extension) => executable + extension);
}

/** Windows spells it `Path` and doesn't care; everywhere else names are exact. */
function variable(
  name: string,
  env: Readonly<Record<string, string>>,
  platform: NodeJS.Platform,
): string | undefined {
  if (platform !== "win32") return env[name];
  const key = Object.keys(env).find((candidate) => candidate.toUpperCase() === name);
  return key === undefined ? undefined : env[key];
}
