// How a harness is told what a launch asks for beside its prompt: model, permission, directories, conversation.
import { CovenError } from "../errors.ts";
import type { Asked } from "../session/ports/harnesses.ts";
import type { LaunchMode, Permission } from "../session/session.ts";

/** Stands in an argument for the value that is asked for. */
export const VALUE = "{value}";

/** The arguments that tell a harness each of these; what is missing here it can't be told, and a launch that asks for it is refused. */
export interface Asking {
  readonly model?: readonly string[];
  /** Taken off the front of a model's name: `openai/gpt-5` is `gpt-5` to codex. */
  readonly provider?: string;
  readonly permission?: Readonly<Partial<Record<Permission, readonly string[]>>>;
  /** Once for each directory. */
  readonly addDir?: readonly string[];
  /** A conversation begun under an id of the caller's. */
  readonly initConversation?: readonly string[];
  readonly resumeConversation?: readonly string[];
  /** Works alone, may write in its root and the directories added, and asks nobody (`launchPolicy`); never interactive. */
  readonly unattended?: readonly string[];
}

/**
 * The arguments for what is asked. Throws `invalid_request` (details `field`, `harness`, `hint`) for what this harness can't be told: who asks for less
 * power never gets more.
 */
export function askingArguments(
  harness: { readonly id: string; readonly label: string; readonly asking?: Asking },
  asked: Asked,
  mode: LaunchMode,
): string[] {
  const asking = harness.asking ?? {};
  const { model, permission, addDirs = [], conversation, unattended, args = [] } = asked;
  const told = (field: string, words: readonly string[] | undefined, value = ""): string[] => {
    if (!words) throw cannotBeTold(harness, field);
    return words.map((word) => word.replaceAll(VALUE, () => value));
  };
  if (unattended && mode === "interactive") throw cannotBeTold(harness, "launchPolicy");
  if (args.length > 0 && !harness.asking) throw cannotBeTold(harness, "args");
  const isResumed = conversation?.mode === "resume";
  return [
    ...(model === undefined ? [] : told("model", asking.model, withoutProvider(model, asking.provider))),
    ...(permission === undefined ? [] : told("permission", asking.permission?.[permission])),
    ...(unattended ? told("launchPolicy", asking.unattended) : []),
    ...addDirs.flatMap((dir) => told(unattended ? "launchPolicy" : "addDirs", asking.addDir, dir)),
    ...(conversation
      ? told("conversation", isResumed ? asking.resumeConversation : asking.initConversation, conversation.id)
      : []),
    ...args,
  ];
}

function withoutProvider(model: string, provider: string | undefined): string {
  return provider !== undefined && model.startsWith(`${provider}/`)
    ? model.slice(provider.length + 1)
    : model;
}

/** The refusal of what a harness has no words for. */
export function cannotBeTold(
  { id, label }: { readonly id: string; readonly label: string },
  field: string,
): CovenError {
  return new CovenError("invalid_request", `${label} can't be told ${WHAT[field] ?? field}.`, {
    field,
    harness: id,
    hint: "leave it out, or use another harness",
  });
}

const WHAT: Readonly<Record<string, string>> = {
  model: "which model to use",
  permission: "what it may do",
  addDirs: "to use other directories",
  conversation: "to do that with a conversation",
  args: "arguments of its own",
  launchPolicy: "to keep to this policy",
};
