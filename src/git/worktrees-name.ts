// The names of the directories that worktrees lie in.
import { createHash } from "node:crypto";
import { basename, dirname } from "node:path";

/** A name for people, and one that no other repository has, of the directory where git keeps what is common to all worktrees. */
export function worktreesName(commonDirectory: string): string {
  const repository = basename(commonDirectory) === ".git" ? dirname(commonDirectory) : commonDirectory;
  const name = directoryNameOf(basename(repository).replace(/\.git$/, ""), "repository");
  return `${name}-${createHash("sha256").update(commonDirectory).digest("hex").slice(0, 8)}`;
}

/** A text as the name of a directory, at most 60 characters of it. Nothing at its beginning hides it, or makes a command take it for an option. */
export function directoryNameOf(text: string, otherwise: string): string {
  const plain = text.normalize("NFC").replace(/[^\p{L}\p{M}\p{N}._-]/gu, "-");
  return (
    Array.from(plain.replace(/^[-.]+/, ""))
      .slice(0, 60)
      .join("") || otherwise
  );
}
