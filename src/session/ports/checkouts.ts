// What the domain asks about git. git/checkout implements it.

/** A directory with a `.git`, as git's own files have it. */
export interface Checkout {
  /** Canonical. */
  readonly root: string;
  /** The branch that is checked out, without `refs/heads/`; null for a commit without one. */
  readonly branch: string | null;
  /** What HEAD stands for; null before the first commit, and where git's files don't say. */
  readonly commit: string | null;
  /** Git knows it as a worktree beside the repository's first one. */
  readonly isLinked: boolean;
}

/** Git's files, read; no program is run. */
export interface Checkouts {
  /** The checkout a canonical directory lies in; undefined outside of any. Never throws. */
  of(directory: string): Checkout | undefined;
}
