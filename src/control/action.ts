// What an action is: who offers it, what it takes, and whether it may be done without asking a person.

/** Whether an action is done at once, only once a person has agreed, or never. */
export type Policy = "allow" | "requiresApproval" | "deny";

/** Who asks, in their own words: both are names that anybody may claim, never a proof. */
export interface Asker {
  readonly origin?: string;
  /** What the asker calls its wish. */
  readonly intentId?: string;
}

/** What became of an action, as its event says it: JSON only, never output or an environment's values. */
export type Payload = Readonly<Record<string, unknown>>;

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
  /** How long it may take where it isn't done at once, in milliseconds. */
  readonly timeoutMs: number;
  /** What its event is called, `session.killed`. */
  readonly kind: string;
  /** JSON Schema of its `args`. */
  readonly schema: Readonly<Record<string, unknown>>;
  /**
   * Judges the args and returns the doing of it, which may come much later. Throws `invalid_request` (details: `field`) for args that are wrong in any
   * way; the doing throws whatever CovenError it is refused or fails with.
   */
  prepare(args: unknown, asker: Asker): () => Payload;
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
