// What the domain asks of pseudo-terminals. pty/ implements it; daemon/ keeps terminals beyond a crash.
export interface PtySpawn {
  /** argv[0] is an absolute path; never a shell. */
  readonly argv: readonly string[];
  /** Canonical. A link found in it was put there after the boundary was drawn, and nothing is started. */
  readonly cwd: string;
  /** The whole environment. */
  readonly env: Readonly<Record<string, string>>;
  readonly cols: number;
  readonly rows: number;
  /** What its standard input holds, to the end; the terminal where nothing is said. */
  readonly stdin?: Uint8Array;
}

export interface PtyExit {
  /** null when a signal ended it. */
  readonly exitCode: number | null;
  /** Name, `"SIGKILL"`. */
  readonly signal: string | null;
}

export interface PtyEvents {
  /**
   * Bytes as read, in order; the buffer is the receiver's. While a promise that it returned is pending nothing more is
   * read, and the kernel holds the program back; only a host that doesn't pause (`PtyHost.pauses`) goes on.
   */
  data(bytes: Uint8Array): Promise<void> | undefined;
  /**
   * Once, last, after the leader was reaped and its output drained: to EOF, or to a deadline of 500 ms where a
   * grandchild holds the terminal. The master is closed when this is called.
   */
  exit(exit: PtyExit): void;
}

/** A terminal and its process as one holder leaves them to the next. */
export interface HeldTerminal {
  /** A child of this process, unless there is a `process`. */
  readonly pid: number;
  /** The terminal's master, open. */
  readonly fd: number;
  /** A descriptor of the program, where it is no child of this process: all there is to learn its end by. */
  readonly process?: number;
  /** What was typed and not yet taken by the terminal. */
  readonly unwritten?: Uint8Array;
  /** How the program ended, where it was reaped and its output not read to the end. */
  readonly exit?: PtyExit;
}

/** One pseudo-terminal with its process; whoever holds it is responsible for its exit. */
export interface Pty {
  readonly pid: number;
  /** The terminal's master, where it is ours. */
  readonly descriptor?: number;
  /** The program is no child of this process. */
  readonly foreign?: boolean;
  /** Any size; queued, never dropped while the process lives. Throws when the terminal is closed. */
  write(bytes: Uint8Array): void;
  /** Throws a RangeError outside 1..1000. */
  resize(cols: number, rows: number): void;
  /** Its end was found, and `exit` follows within a few turns of the loop: it can't be given up any more. */
  readonly ending?: boolean;
  /**
   * Gives the terminal up, open and its program running: `data` gets what was read ahead, `exit` is never called. All of it within
   * this turn of the loop. Absent where terminals can't be given up. Throws when the terminal is closed.
   */
  release?(): Promise<HeldTerminal>;
}

export interface PtyHost {
  /** "posix", "bun" or "node-pty"; for logs and doctor. */
  readonly driver: string;
  /** A receiver that has no room (`PtyEvents.data`) is waited for. */
  readonly pauses: boolean;
  /**
   * Throws an Error that names the reason (missing cwd, not executable), `runtime_unavailable` when the machine has no
   * terminal, descriptor or process left; no process is left then.
   */
  spawn(options: PtySpawn, events: PtyEvents): Pty;
  /**
   * Takes over a terminal that was released, in this process or before this program replaced another by execve(2): its descriptor
   * is this host's from here on, and a child that has ended meanwhile is reaped. The terminal gets the size if it has another. Throws
   * `runtime_unavailable` where terminals can't be taken over.
   */
  adopt(terminal: HeldTerminal & { readonly cols: number; readonly rows: number }, events: PtyEvents): Pty;
}

/** Who keeps terminals open when this process dies without a word: a service manager with a descriptor store. */
export interface TerminalKeeper {
  /** Keeps the terminal of a session and a descriptor of its program, as far as it can, until `forget`. */
  keep(sessionId: string, terminal: { readonly pid: number; readonly descriptor: number }): void;
  /** The session has ended. */
  forget(sessionId: string): void;
  /** What the process before this one kept of a session; whoever takes it holds the descriptors. */
  take(sessionId: string): KeptTerminal | undefined;
  /** Closes and forgets what nobody has taken. */
  forgetRest(): void;
}

/** A terminal that outlived the daemon that held it. */
export interface KeptTerminal {
  readonly fd: number;
  /** A descriptor of its program. */
  readonly process: number;
}
