// Owns finding a program on a PATH, by our own rules rather than a shell's.
import { accessSync, constants, statSync } from "node:fs";
import { posix, win32 } from "node:path";

/**
 * The absolute path of `executable`, or null. A bare name is looked for in the absolute entries of the PATH of `env`,
 * in order; empty and relative entries are skipped, because they would let the directory a session starts in
 * decide what runs. An absolute `executable` is only checked. Found means: a regular file (after
 * symlinks) that this user may execute. The path is returned as found, not resolved: some programs ask for their own name.
 */
export function findExecutable(
  executable: string,
  env: Readonly<Record<string, string>>,
  platform: NodeJS.Platform = process.platform,
): string | null {
  const path = platform === "win32" ? win32 : posix;
  if (path.isAbsolute(executable)) return isExecutableFile(executable) ? executable : null;
  if (executable === "" || executable.includes("/") || executable.includes("\\")) return null;
  const names = platform === "win32" ? windowsNames(executable, env) : [executable];
  for (const entry of (variable("PATH", env, platform) ?? "").split(path.delimiter)) {
    if (!path.isAbsolute(entry)) continue;
    for (const name of names) {
      const candidate = path.join(entry, name);
      if (isExecutableFile(candidate)) return candidate;
    }
  }
  return null;
}

function isExecutableFile(path: string): boolean {
  try {
    if (!statSync(path).isFile()) return false;
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/**
 * What a bare name may be called on Windows. `.bat` and `.cmd` are left out of PATHEXT on purpose: the system runs them
 * through cmd.exe, which would read the prompt as a command line, and we promise that no shell ever sees it.
 */
function windowsNames(executable: string, env: Readonly<Record<string, string>>): string[] {
  const extensions = (variable("PATHEXT", env, "win32") || ".COM;.EXE")
    .split(";")
    .map((extension) => extension.toLowerCase())
    .filter((extension) => extension.startsWith(".") && extension !== ".bat" && extension !== ".cmd");
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
