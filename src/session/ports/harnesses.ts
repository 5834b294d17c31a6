// What the domain asks about the agents it may launch. harness/ implements it.
import type { HarnessAttention } from "../attention.ts";
import type { LaunchMode, Permission } from "../session.ts";

/**
 * How much of a built-in harness was tried with the real program: a whole turn of it (`bun run test:real`), its arguments, or nothing
 * but its documentation read.
 */
export const MATURITIES = ["launched here", "argv tested", "researched"] as const;

export type Maturity = (typeof MATURITIES)[number];

/** One row of `GET /harnesses`. */
export interface HarnessInfo {
  readonly id: string;
  readonly label: string;
  /** The program's name as looked up on the PATH. */
  readonly executable: string;
  /** It is installed and may be launched. */
  readonly available: boolean;
  /** Where it was found, else null. */
  readonly path: string | null;
  /** How to install it. */
  readonly hint: string;
  readonly source: "built-in" | "manifest";
  /** False for one that its owner has not switched on: a launch of it is refused. */
  readonly enabled: boolean;
  /** Null for a manifest. */
  readonly maturity: Maturity | null;
  /** What the program says of itself; null until it was asked, and where it is not launched. */
  readonly version: string | null;
  /** It can be launched with `launchMode` `stream`. */
  readonly stream: boolean;
}

/** What a launch asks of the harness beside its prompt. Directories are canonical. */
export interface Asked {
  readonly model?: string;
  readonly permission?: Permission;
  readonly addDirs?: readonly string[];
  /** Of the harness's own; `init`: under an id that the caller has chosen. */
  readonly conversation?: { readonly mode: "init" | "resume"; readonly id: string };
  /** It works alone, may write in its root and `addDirs` and nowhere else, and asks nobody. */
  readonly unattended?: boolean;
  /** Arguments of the harness's own, as they are. */
  readonly args?: readonly string[];
}

/** How one is started. */
export interface HarnessStart {
  readonly argv: readonly string[];
  /**
   * The prompt is one of the arguments, or `stdin`: what the program reads from standard input, whole; or `typed`: pasted and submitted once the program
   * is ready for it.
   */
  readonly given: "argument" | "stdin" | "typed";
  /** `idle`: it says so itself; `quiet`: it has drawn its first screen and takes pastes; `shown`: as that, and Enter only once the text is seen to be there. */
  readonly ready: "idle" | "quiet" | "shown";
}

/** How the conversations of a harness are named and gone on with. */
export interface Conversations {
  /** It takes an id of ours for a new one (`Asked.conversation`, `init`). */
  readonly init: boolean;
  /** It goes on with one by its id (`resume`). */
  readonly resume: boolean;
  /** What it prints the id in that it has chosen, each with one `{id}`; none where it doesn't say, or takes ours. */
  readonly says: readonly string[];
  /** What the path of a file that it keeps open looks like, each with one `{id}`; it is known then before the program ends. */
  readonly holds: readonly string[];
}

/** The allowlist and what we know about launching each. */
export interface Harnesses {
  /** Looked up on the PATH of `env`. */
  list(env: Readonly<Record<string, string>>): HarnessInfo[];
  /**
   * Throws `invalid_request` for an id that is not on the list (details: `known`, `hint`), and `not_enabled` (details: `enable`) for one that is off.
   * Touches nothing.
   */
  require(id: string): void;
  /** Nothing for an id that is not on the list: it may have been taken off while a session of it runs. */
  attention(id: string): HarnessAttention;
  /** Names of variables that this one gets although no harness does, and that it must not get. Throws as `require`. */
  environment(id: string): {
    readonly pass?: readonly string[] | undefined;
    readonly strip?: readonly string[] | undefined;
  };
  /** What can be done with its conversations; nothing for an id that is not on the list. */
  conversations(id: string): Conversations;
  /**
   * The exact argv, argv[0] absolute, and how the prompt is given; "" opens it without one. Throws as `require`, `invalid_request` (details: `field`) for
   * what it can't be told, and `harness_not_found` (details: `executable`, `hint`) when the program is not on the PATH of `env`.
   */
  start(
    id: string,
    prompt: string,
    mode: LaunchMode,
    env: Readonly<Record<string, string>>,
    asked?: Asked,
  ): HarnessStart;
}
