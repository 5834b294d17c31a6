// Errors that the command line raises itself: one sentence, what to type next, and the exit code.

/** Ends the command with `Error:` and `Try:` on stderr and this exit code. */
export class Failure extends Error {
  override readonly name: string = "Failure";

  constructor(
    message: string,
    /** Command lines or advice, most useful first. */
    readonly hints: readonly string[] = [],
    readonly exitCode = 1,
  ) {
    super(message);
  }
}

/** The words typed make no sense: exit 2. */
export class UsageError extends Failure {
  override readonly name = "UsageError";

  constructor(message: string, hints: readonly string[]) {
    super(message, hints, 2);
  }
}

/** The reader of our stdout has closed it (`| head`): we end quietly, as a program killed by SIGPIPE does. */
export class PipeClosed extends Failure {
  override readonly name = "PipeClosed";

  constructor() {
    super("The reader of our output went away.", [], 128 + 13);
  }
}
