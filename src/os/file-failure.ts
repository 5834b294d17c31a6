// What the file system refuses, in words for a person.
import { CovenError } from "../errors.ts";

const WORDS: Readonly<Record<string, string>> = {
  EACCES: "permission denied",
  EPERM: "permission denied",
  EROFS: "the file system is read-only",
  ENOSPC: "the disk is full",
  EDQUOT: "the disk quota is used up",
  EEXIST: "a file is in its place",
  EISDIR: "a directory is in its place",
  ENOTDIR: "a part of its path is no directory",
  ELOOP: "its path is a loop of symbolic links",
  ENAMETOOLONG: "its path is too long",
};

/** A file system's no in words: `runtime_unavailable` with details `path` and `cause` (`ENOSPC`); ours pass through. */
export function fileFailure(error: unknown, path: string): CovenError {
  if (error instanceof CovenError) return error;
  const cause = codeOf(error);
  const word = WORDS[cause] ?? (error instanceof Error ? error.message : String(error));
  return new CovenError("runtime_unavailable", `Coven cannot use ${path}: ${word}.`, { path, cause });
}

/** The system's word for an error (`ENOENT`), or `unknown`. */
export function codeOf(error: unknown): string {
  return String((typeof error === "object" && error !== null && "code" in error && error.code) || "unknown");
}
