// Repositories for tests, made by the real git, with nothing of the tester's own settings.
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

const ENV = {
  ...process.env,
  GIT_CONFIG_GLOBAL: "/dev/null",
  GIT_CONFIG_NOSYSTEM: "1",
  GIT_AUTHOR_NAME: "n",
  GIT_AUTHOR_EMAIL: "n@example.org",
  GIT_COMMITTER_NAME: "n",
  GIT_COMMITTER_EMAIL: "n@example.org",
};

/** What git printed, without the last line end; throws with its words where it failed. */
export function git(directory: string, ...args: readonly string[]): string {
  const { exitCode, stdout, stderr } = Bun.spawnSync(["git", "-c", "protocol.file.allow=always", ...args], {
    cwd: directory,
    env: ENV,
  });
  if (exitCode !== 0) throw new Error(`git ${args.join(" ")}: ${stderr}`);
  return stdout.toString().trimEnd();
}

/** Writes files into a directory, by their paths in it. */
export function files(directory: string, content: Readonly<Record<string, string>>): void {
  for (const [path, text] of Object.entries(content)) {
    mkdirSync(dirname(join(directory, path)), { recursive: true });
    writeFileSync(join(directory, path), text);
  }
}

/** Commits all that is there, these files too; the commit's full id. */
export function commit(
  directory: string,
  content: Readonly<Record<string, string>> = {},
  subject = "a commit",
): string {
  files(directory, content);
  git(directory, "add", "--all");
  git(directory, "commit", "--quiet", "--allow-empty", "--message", subject);
  return git(directory, "rev-parse", "HEAD");
}

/** Makes a repository with one commit on `main` in a directory; the commit's full id. */
export function repository(
  directory: string,
  content: Readonly<Record<string, string>> = { "a.txt": "one\n" },
): string {
  mkdirSync(directory, { recursive: true });
  git(directory, "init", "--quiet", "--initial-branch=main");
  return commit(directory, content, "the first");
}
