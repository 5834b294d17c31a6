// Where a harness may work: a project root and a directory inside it, both canonical, or a refusal.
import { realpathSync, statSync } from "node:fs";
import { isAbsolute, relative, resolve, sep } from "node:path";
import { CovenError } from "../errors.ts";

/** A canonical project root and a canonical cwd equal to or beneath it. */
export interface Boundary {
  readonly projectRoot: string;
  readonly cwd: string;
}

/**
 * Canonicalises both paths; `cwd` may be relative to the root. Throws `invalid_request` (details: `field` and the
 * path as given) when one does not exist or is no directory, or when the cwd leaves the root by name or by symlink.
 */
export function boundaryOf(projectRoot: string, cwd?: string): Boundary {
  if (!isAbsolute(projectRoot)) refuse("projectRoot", projectRoot, "must be an absolute path");
  const root = canonicalDirectory("projectRoot", projectRoot, projectRoot);
  if (cwd === undefined) return { projectRoot: root, cwd: root };
  const inside = canonicalDirectory("cwd", cwd, resolve(root, cwd));
  if (!isWithin(root, inside)) refuse("cwd", cwd, `is outside the project root ${quoted(root)}`);
  return { projectRoot: root, cwd: inside };
}

/**
 * Directories that a harness may use beside its root, canonical, each once. Throws `invalid_request` (details: `field`, `path`) for one that is
 * not absolute, does not exist or is no directory.
 */
export function directoriesOf(field: string, paths: readonly string[]): string[] {
  const canonical = paths.map((path) => {
    if (!isAbsolute(path)) refuse(field, path, "must be an absolute path");
    return canonicalDirectory(field, path, path);
  });
  return Array.from(new Set(canonical));
}

/** True when `path` is `root` or beneath it; both canonical. */
function isWithin(root: string, path: string): boolean {
  const way = relative(root, path);
  return way === "" || (way !== ".." && !way.startsWith(`..${sep}`) && !isAbsolute(way));
}

function canonicalDirectory(field: string, given: string, path: string): string {
  if (given === "") refuse(field, given, "must not be empty");
  if (given.includes("\0")) refuse(field, given, "must not contain NUL");
  try {
    const canonical = realpathSync.native(path);
    if (statSync(canonical).isDirectory()) return canonical;
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    if (code === "EACCES") refuse(field, given, "cannot be entered: permission denied");
    if (code === "ELOOP") refuse(field, given, "is a loop of symbolic links");
    if (code === "ENAMETOOLONG") refuse(field, given, "is longer than the system allows");
    refuse(field, given, "does not exist");
  }
  return refuse(field, given, "is not a directory");
}

function refuse(field: string, path: string, why: string): never {
  const shown = path.length > 300 ? `${path.slice(0, 300)}…` : path;
  throw new CovenError("invalid_request", `${field} ${quoted(shown)} ${why}.`, { field, path: shown });
}

// Paths may hold newlines and control characters; in a sentence they are escaped.
function quoted(path: string): string {
  return JSON.stringify(path);
}
