// What an action is: who offers it, what it takes, and whether it may be done without asking a person.

/** Whether an action is done at once, only once a person has agreed, or never. */
export type Policy = "allow" | "requiresApproval" | "deny";

/** Who asks, in their own words: both are names that anybody may claim, never a proof. */
export interface Asker {
  readonly origin?: string;
  /** What the asker calls its wish. */
  readonly intentId?: string;
}

/** The same, and where the wish stands. */
export interface Wisher extends Asker {
  /** The id of its approval; undefined where it needed none and is done at once. */
  readonly approval?: string;
}

/** What became of an action, as its event says it: JSON only, never output or an environment's values. */
export type Payload = Readonly<Record<string, unknown>>;

/** Does it. One that takes its time is told by the signal that nobody waits any more. */
export type Doing = (signal: AbortSignal) => Payload | Promise<Payload>;

/** One thing that can be asked for through `POST /actions`. */
export interface Action {
  /** Dotted, `coven.session.kill`. */
  readonly id: string;
  /** Of the capability it belongs to. */
  readonly capability: string;
  /** One line for a person who is to agree. */
  readonly summary: string;
  /** Where the user's settings don't say another. */
  readonly policy: Policy;
  /** How long it may take, in milliseconds; 0 where it is done at once: no route waits (decision 1). */
  readonly timeoutMs: number;
  /** Changes nothing, so that a daemon that starts may begin anew what the one before had begun. */
  readonly repeats?: true;
  /** Members of its args that are kept nowhere once it is over: what is typed may be a password. */
  readonly secret?: readonly string[];
  /** What its event is called, `session.killed`. */
  readonly kind: string;
  /** JSON Schema of its `args`. */
  readonly schema: Readonly<Record<string, unknown>>;
  /**
   * Judges the args and returns the doing of it, which may come much later. Throws `invalid_request` (details: `field`) for args that are wrong in any
   * way; the doing throws whatever CovenError it is refused or fails with.
   */
  prepare(args: unknown, wisher: Wisher): Doing;
}

/** What a client is told of one. */
export interface ActionInfo {
  readonly id: string;
  readonly capability: string;
  readonly adapter: string;
  readonly summary: string;
  readonly policy: Policy;
  readonly timeoutMs: number;
  readonly args: Readonly<Record<string, unknown>>;
}
