// The slash commands of the palette: their names, what they take, and what a typed line asks for. Pure.
import type { Session } from "../../../session/session.ts";
import { SESSION_KINDS } from "../../framework/command.ts";
import { nearest } from "../../ui/nearest.ts";

/** What stands after a command's name. */
export type Takes = "nothing" | "harness and task" | "task" | "session" | "daemon" | "topic";

/** One slash command. */
export interface Slash {
  /** With the slash. */
  readonly name: string;
  readonly summary: string;
  readonly takes: Takes;
}

/** The built-in ones, in the order in which they are shown. Each other harness gets one as well. */
const SLASHES: readonly Slash[] = [
  { name: "/run", summary: "start a harness on a task", takes: "harness and task" },
  { name: "/codex", summary: "start Codex on a task", takes: "task" },
  { name: "/claude", summary: "start Claude Code on a task", takes: "task" },
  { name: "/demo", summary: "try it: no agent, no account", takes: "task" },
  { name: "/sessions", summary: "what runs and ran in here", takes: "nothing" },
  { name: "/all", summary: "all projects, archived ones too", takes: "nothing" },
  { name: "/attach", summary: "watch a session, type into it", takes: "session" },
  { name: "/resume", summary: "go on with a conversation", takes: "session" },
  { name: "/summon", summary: "bring an archived one back", takes: "session" },
  { name: "/archive", summary: "hide a finished one", takes: "session" },
  { name: "/kill", summary: "end a running one", takes: "session" },
  { name: "/sacrifice", summary: "delete one for good", takes: "session" },
  { name: "/doctor", summary: "check this machine", takes: "nothing" },
  { name: "/daemon", summary: "the background process", takes: "daemon" },
  { name: "/logs", summary: "what the daemon noted last", takes: "nothing" },
  { name: "/help", summary: "all commands", takes: "topic" },
  { name: "/quit", summary: "leave; sessions go on", takes: "nothing" },
];

/** A verb that needs a session, and which sessions it can be used on. */
export const VERBS = {
  attach: SESSION_KINDS.session,
  resume: SESSION_KINDS.conversation,
  summon: SESSION_KINDS["archived session"],
  archive: SESSION_KINDS["settled session in the list"],
  kill: SESSION_KINDS["running session"],
  sacrifice: SESSION_KINDS["settled session"],
} as const satisfies Record<string, (session: Session) => boolean>;

/** The name of such a verb; also the name of the command behind it. */
export type Verb = keyof typeof VERBS;

/** What a line asks for. */
export type Request =
  | { readonly kind: "nothing" }
  | { readonly kind: "quit" }
  /** Plain text: a task for the default harness, to be confirmed. */
  | { readonly kind: "task"; readonly task: string }
  /** The palette asks for what was left out. */
  | { readonly kind: "run"; readonly harness: string | undefined; readonly task: string }
  | { readonly kind: "browse"; readonly all: boolean }
  | { readonly kind: "session"; readonly verb: Verb; readonly id: string }
  /** A command of the command line that prints text. */
  | { readonly kind: "show"; readonly words: readonly string[] }
  | { readonly kind: "logs" }
  | { readonly kind: "help" }
  | { readonly kind: "unknown"; readonly typed: string; readonly guess: string | undefined };

/** There while coven 0.4 has left sessions that were not imported. */
const IMPORT: Slash = { name: "/import", summary: "take over the sessions of coven 0.4", takes: "nothing" };

/** The slash commands of this machine. */
export function slashes(
  harnesses: readonly { readonly id: string; readonly label: string }[],
  isEarlier = false,
): readonly Slash[] {
  const known = new Set(SLASHES.map((one) => one.name));
  const own = harnesses
    .filter(({ id }) => !known.has(`/${id}`))
    .map(({ id, label }): Slash => ({ name: `/${id}`, summary: `start ${label} on a task`, takes: "task" }));
  return [...(isEarlier ? [IMPORT] : []), ...SLASHES.slice(0, 4), ...own, ...SLASHES.slice(4)];
}

/** Reads a line. A line that begins with a slash is a command, anything else is a task. */
export function requestOf(line: string, known: readonly Slash[]): Request {
  if (line.trim() === "") return { kind: "nothing" };
  if (!line.startsWith("/")) return { kind: "task", task: line.trim() };
  const [, typed = "", rest = ""] = /^(\S+)\s*(.*)$/s.exec(line.trimEnd()) ?? [];
  const slash = known.find((one) => one.name === typed.toLowerCase());
  if (!slash) return { kind: "unknown", typed, guess: nearest(typed, known.map((one) => one.name)) }; // biome-ignore format: one thought
  const name = slash.name.slice(1);
  switch (slash.takes) {
    case "task":
      return { kind: "run", harness: name, task: rest.trim() };
    case "harness and task": {
      const [, harness, task = ""] = /^(\S+)\s*(.*)$/s.exec(rest) ?? [];
      return { kind: "run", harness, task: task.trim() };
    }
    case "session":
      // Only verbs take a session.
      return isVerb(name)
        ? { kind: "session", verb: name, id: rest.trim() }
        : { kind: "unknown", typed, guess: undefined };
    case "daemon":
      return {
        kind: "show",
        words: ["daemon", ...(rest.trim() === "" ? ["status"] : rest.trim().split(/\s+/))],
      };
    case "topic":
      return rest.trim() === ""
        ? { kind: "help" }
        : { kind: "show", words: ["help", ...rest.trim().split(/\s+/)] };
    case "nothing":
      return simple(name);
  }
}

function simple(name: string): Request {
  if (name === "quit") return { kind: "quit" };
  if (name === "import") return { kind: "show", words: ["import", "--from", "0.4"] };
  if (name === "logs") return { kind: "logs" };
  if (name === "sessions" || name === "all") return { kind: "browse", all: name === "all" };
  return { kind: "show", words: [name] };
}

function isVerb(name: string): name is Verb {
  return Object.hasOwn(VERBS, name);
}
