// The umask of the whole process, set for as long as one thing is made.

/** Runs it with this umask. Synchronous, since the mask belongs to the whole process. */
export function withUmask<T>(umask: number, run: () => T): T {
  const own = process.umask(umask);
  try {
    return run();
  } finally {
    process.umask(own);
  }
}
