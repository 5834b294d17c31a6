// The adapters a user added to the control plane: reading and judging `<COVEN_HOME>/control-adapters/*.json`.

import { isAbsolute, join } from "node:path";
import * as z from "zod";
import { findProgram } from "../../harness/lookup.ts";
import { problemsIn } from "../../malformed.ts";
import { jsonFiles, openTo, readOwnFile } from "../../os/own-files.ts";
import type { Policy } from "../action.ts";
import { OWN_ADAPTER } from "../capabilities.ts";
import { type ArgsParser, argsParser } from "./json-schema.ts";

/** The most bytes of one manifest, and the most manifests looked at. */
const MAX_BYTES = 64 * 1024;
const MAX_FILES = 64;
const MOST_SECONDS = 600;
const USUAL_SECONDS = 30;

/** One action of an external adapter. */
export interface ExternalAction {
  readonly id: string;
  readonly capability: string;
  readonly summary: string;
  readonly policy: Policy;
  readonly timeoutSeconds: number;
  readonly args: Readonly<Record<string, unknown>>;
  readonly parse: ArgsParser;
}

/** An adapter as its manifest says it. */
export interface ExternalManifest {
  /** Absolute path. */
  readonly file: string;
  /** All of it, as it is written: another text is another adapter. */
  readonly text: string;
  readonly id: string;
  readonly label: string;
  /** The program, by name or absolute path, and its arguments. */
  readonly command: readonly string[];
  /** Names of variables that it gets from the daemon's environment, beside the usual ones. */
  readonly environment: readonly string[];
  /** Programs without which it can do nothing. */
  readonly requires: readonly string[];
  readonly capabilities: readonly { readonly id: string; readonly label: string }[];
  readonly actions: readonly ExternalAction[];
}

/** A manifest that was not taken, and why, in words for `doctor`. */
export interface AdapterProblem {
  readonly file: string;
  readonly reason: string;
}

/** What the directory holds. */
export interface ExternalManifests {
  /** In the order of their file names. */
  readonly manifests: readonly ExternalManifest[];
  readonly problems: readonly AdapterProblem[];
}

const text = z
  .string()
  .max(4096)
  .regex(/^[^\0]*$/, "must not hold a NUL");
/** Words that are shown to who is to agree: a manifest must not be able to drive the terminal. */
const shown = (most: number) =>
  text
    .min(1)
    .max(most)
    .regex(/^\P{Cc}*$/u, "must not hold control characters");
const program = shown(4096).refine((name) => isAbsolute(name) || !/[/\\]/.test(name), {
  error: "must be a name to look up on the PATH, or an absolute path",
});
/** In two parts or more, as the settings name actions; what is coven's own is never somebody else's. */
const dotted = z
  .string()
  .max(128)
  .regex(/^[a-z][A-Za-z0-9_-]*(\.[A-Za-z0-9_-]+)+$/, "must be words with dots between them")
  .refine((id) => !/^(coven|origin)\./.test(id), { error: "must not begin with coven. or origin." });

const schema = z
  .strictObject({
    schema: z.literal(1),
    id: z.string().regex(/^[a-z][a-z0-9-]{0,31}$/, "must match [a-z][a-z0-9-]{0,31}"),
    label: shown(64),
    command: z.tuple([program], text).readonly(),
    environment: z
      .array(
        z.string().regex(/^(?!COVEN_|BUN_)[A-Za-z_][A-Za-z0-9_]{0,127}$/, "must be the name of a variable"),
      )
      .max(64)
      .default([]),
    requires: z.array(program).max(16).default([]),
    capabilities: z
      .array(z.strictObject({ id: dotted, label: shown(64) }))
      .min(1)
      .max(32),
    actions: z
      .array(
        z.strictObject({
          id: dotted,
          capability: z.string(),
          summary: shown(120),
          policy: z.enum(["allow", "requiresApproval", "deny"]).default("requiresApproval"),
          timeoutSeconds: z.int().min(1).max(MOST_SECONDS).default(USUAL_SECONDS),
          args: z.record(z.string(), z.unknown()),
        }),
      )
      .min(1)
      .max(64),
  })
  .superRefine(({ capabilities, actions }, context) => {
    const known = capabilities.map(({ id }) => id);
    for (const [index, { capability }] of actions.entries()) {
      if (known.includes(capability)) continue;
      const path = ["actions", index, "capability"];
      context.addIssue({ code: "custom", path, message: "is none of the capabilities of this file" });
    }
  });

/**
 * Every usable manifest, and a reason for each that is not; never throws, so that one bad file takes nothing else away. A missing directory is
 * an empty one. `known`: as they were read before; what says the same is not judged again.
 */
export function readAdapters(directory: string, known: readonly ExternalManifest[] = []): ExternalManifests {
  const manifests: ExternalManifest[] = [];
  const problems: AdapterProblem[] = [];
  const open = openTo(directory);
  if (open !== undefined) return { manifests, problems: [{ file: directory, reason: open }] };
  const taken = new Set([`adapter ${OWN_ADAPTER}`]);
  for (const [index, name] of jsonFiles(directory).entries()) {
    const file = join(directory, name);
    try {
      if (index >= MAX_FILES) throw new Error(`only the first ${MAX_FILES} manifests are read`);
      const text = readOwnFile(directory, file, MAX_BYTES);
      const manifest = known.find((one) => one.file === file && one.text === text) ?? manifestOf(file, text);
      const names = [
        `adapter ${manifest.id}`,
        ...manifest.capabilities.map(({ id }) => `capability ${id}`),
        ...manifest.actions.map(({ id }) => `action ${id}`),
      ];
      const twice = names.find((name, place) => taken.has(name) || names.indexOf(name) !== place);
      if (twice !== undefined) throw new Error(`the ${twice} is there already`);
      for (const one of names) taken.add(one);
      manifests.push(manifest);
    } catch (error) {
      problems.push({ file, reason: error instanceof Error ? error.message : String(error) });
    }
  }
  return { manifests, problems };
}

/** A program that it needs and that isn't on the PATH of `env`; undefined where all are. */
export function missingOf(
  { command, requires }: Pick<ExternalManifest, "command" | "requires">,
  env: Readonly<Record<string, string>>,
): string | undefined {
  return [command[0] ?? "", ...requires].find((name) => !findProgram(name, env));
}

/** Throws an Error whose message is fit for `doctor`: it names members, not values. */
function manifestOf(file: string, content: string): ExternalManifest {
  let document: unknown;
  try {
    document = JSON.parse(content);
  } catch {
    throw new Error("is not valid JSON");
  }
  const { success, data, error } = schema.safeParse(document);
  if (!success) {
    const reasons = problemsIn(error.issues, "is no member of a manifest").map(
      ({ path, problem }) => `${path.join(".") || "document"}: ${problem}`,
    );
    throw new Error(reasons.slice(0, 5).join("; "));
  }
  const { schema: _, ...rest } = data;
  const actions = rest.actions.map((action, index) => {
    try {
      return { ...action, parse: argsParser(action.args) };
    } catch (error) {
      throw new Error(`actions.${index}.${error instanceof Error ? error.message : String(error)}`);
    }
  });
  return { file, text: content, ...rest, actions };
}
