// The name of the directory that the worktrees of one repository lie in.
import { createHash } from "node:crypto";
import { basename, dirname } from "node:path";

/** A name for people, and one that no other repository has, of the directory where git keeps what is common to all worktrees. */
export function worktreesName(commonDirectory: string): string {
  const repository = basename(commonDirectory) === ".git" ? dirname(commonDirectory) : commonDirectory;
  const name =
    basename(repository)
      .replace(/\.git$/, "")
      .replace(/[^A-Za-z0-9._-]/g, "-") || "repository";
  return `${name}-${createHash("sha256").update(commonDirectory).digest("hex").slice(0, 8)}`;
}
