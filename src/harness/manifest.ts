// The harnesses a user added: reading and judging `<COVEN_HOME>/harnesses/*.json`.
import { dirname, isAbsolute, join, resolve } from "node:path";
import { z } from "zod";
import { problemsIn } from "../malformed.ts";
import { jsonFiles, openTo, readOwnFile } from "../os/own-files.ts";
import { ATTENTION_KINDS, ATTENTION_STATES } from "../session/attention.ts";
import { bytesOf } from "../vt/keys.ts";
import type { Adapter } from "./adapter.ts";
import { ID, OPTIONS, PROMPT, takesPrompt } from "./adapter.ts";
import { VALUE } from "./asking.ts";
import { jsonPlaces } from "./json-places.ts";

/** The most bytes of one manifest, and the most manifests looked at. */
const MAX_BYTES = 64 * 1024;
const MAX_FILES = 64;

/** A manifest that was not taken, and why, in words for `doctor`. */
export interface ManifestProblem {
  /** Absolute path. */
  readonly file: string;
  readonly reason: string;
}

/** What a manifest directory holds. */
export interface Manifests {
  /** In the order of their file names. */
  readonly adapters: readonly Adapter[];
  readonly problems: readonly ManifestProblem[];
}

const text = z
  .string()
  .max(4096)
  .regex(/^[^\0]*$/, "must not hold a NUL");

/** Words that are shown in tables and prompts: a manifest must not be able to drive the terminal. */
const shown = text.regex(/^\P{Cc}*$/u, "must not hold control characters");

const argumentList = z.array(text).max(256);

/** Arguments that say one thing, its value within them. */
const saying = z
  .array(text)
  .min(1)
  .max(16)
  .refine((list) => list.some((element) => element.includes(VALUE)), { error: `must hold "${VALUE}"` });
const fixed = z.array(text).min(1).max(16);

/** As `Asking`. */
const asking = z
  .strictObject({
    model: saying.exactOptional(),
    provider: z
      .string()
      .regex(/^[A-Za-z0-9._-]{1,64}$/)
      .exactOptional(),
    permission: z
      .strictObject({ "read-only": fixed.exactOptional(), full: fixed.exactOptional() })
      .exactOptional(),
    addDir: saying.exactOptional(),
    initConversation: saying.exactOptional(),
    resumeConversation: saying.exactOptional(),
    unattended: fixed.exactOptional(),
  })
  .exactOptional();

/** The newest form of a manifest; one that names none is of the first. */
const SCHEMA = 2;

const variables = z
  .array(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]{0,127}$/, "must be names of variables"))
  .max(64);

const title = z.strictObject({
  match: z.string().min(1).max(256).refine(isPattern, { error: "must be a regular expression" }),
  state: z.enum(ATTENTION_STATES),
  kind: z.enum(ATTENTION_KINDS).exactOptional(),
});

const keys = z
  .array(
    z
      .string()
      .max(64)
      .refine((key) => /^\P{Cc}$/u.test(key) || bytesOf(key, false) !== undefined, {
        error: 'must be a character, or a key like "enter", "esc", "ctrl-y"',
      }),
  )
  .min(1)
  .max(16);

/** What came with the second form. */
const later = {
  stdin: z
    .strictObject({ nonInteractive: argumentList.exactOptional(), stream: argumentList.exactOptional() })
    .exactOptional(),
  opens: argumentList.exactOptional(),
  ready: z.enum(["idle", "quiet", "shown"]).exactOptional(),
  says: z
    .array(shown.max(256).refine((one) => one.split(ID).length === 2, { error: `must hold "${ID}" once` }))
    .max(16)
    .exactOptional(),
  environment: z
    .strictObject({ pass: variables.exactOptional(), strip: variables.exactOptional() })
    .exactOptional(),
  version: fixed.exactOptional(),
  login: z.strictObject({ status: fixed.exactOptional(), start: shown.min(1).max(200) }).exactOptional(),
  titles: z.array(title).max(64).exactOptional(),
  answers: z.strictObject({ approve: keys, deny: keys }).exactOptional(),
};

/** Lists that stand for a prompt that is given elsewhere hold none. */
const PROMPTLESS = new Set(["opens", "stdin.nonInteractive", "stdin.stream"]);

const schema = z
  .strictObject({
    schema: z
      .int()
      .min(1)
      .max(SCHEMA, `is of a newer coven than this one, which knows ${SCHEMA}`)
      .exactOptional(),
    id: z.string().regex(/^[a-z][a-z0-9-]{0,31}$/, "must match [a-z][a-z0-9-]{0,31}"),
    label: shown.min(1).max(64),
    executable: shown.min(1).refine((name) => isAbsolute(name) || !/[/\\]/.test(name), {
      error: "must be a name to look up on the PATH, or an absolute path",
    }),
    interactive: argumentList,
    nonInteractive: argumentList,
    stream: argumentList.exactOptional(),
    separator: z.boolean().default(true),
    hint: shown.max(400).optional(),
    asking,
    ...later,
  })
  .superRefine((manifest, context) => {
    const {
      schema: form = 1,
      asking: can,
      interactive,
      nonInteractive,
      stream,
      opens,
      stdin = {},
    } = manifest;
    const wrong = (path: string, message: string) =>
      context.addIssue({ code: "custom", path: path.split("."), message });
    for (const name of Object.keys(later)) {
      if (form === 1 && name in manifest) wrong(name, `needs "schema": ${SCHEMA}`);
    }
    const lists: Record<string, readonly string[] | undefined> = {
      ...{ interactive, nonInteractive, stream, opens },
      ...{ "stdin.nonInteractive": stdin.nonInteractive, "stdin.stream": stdin.stream },
    };
    for (const [name, list] of Object.entries(lists)) {
      if (!list) continue;
      const whole = list.filter((element) => element === PROMPT).length;
      const prompts = list.filter(takesPrompt).length;
      if (form === 1 && !(whole === 1 && prompts === 1))
        wrong(name, `must hold the element "${PROMPT}" exactly once`);
      else if (PROMPTLESS.has(name) && prompts > 0) wrong(name, "must hold no prompt: it is given elsewhere");
      else if (prompts > 1)
        wrong(name, `must hold the prompt once, as "${PROMPT}" or behind "=", or not at all`);
      const places = list.filter((element) => element === OPTIONS).length;
      if (places === (can ? 1 : 0)) continue;
      const message = can
        ? `must hold the element "${OPTIONS}" exactly once, for what stands in "asking"`
        : `holds "${OPTIONS}", and there is no "asking"`;
      wrong(name, message);
    }
  });

function isPattern(source: string): boolean {
  try {
    new RegExp(source, "u");
    return true;
  } catch {
    return false;
  }
}

/**
 * Every usable manifest of `directory`, and a reason for each that is not; never throws, so that one bad file
 * takes nothing else away. A missing directory is an empty one. `taken` ids cannot be used again.
 */
export function readManifests(directory: string, taken: ReadonlySet<string>): Manifests {
  const adapters: Adapter[] = [];
  const problems: ManifestProblem[] = [];
  const used = new Set(taken);
  const open = openTo(directory);
  if (open !== undefined) return { adapters, problems: [{ file: directory, reason: open }] };
  const names = jsonFiles(directory);
  for (const [index, name] of names.entries()) {
    const file = join(directory, name);
    try {
      if (index >= MAX_FILES) throw new Error(`only the first ${MAX_FILES} manifests are read`);
      const adapter = parseManifest(readOwnFile(directory, file, MAX_BYTES));
      if (used.has(adapter.id)) {
        const owner = taken.has(adapter.id) ? "a built-in harness" : "another manifest";
        throw new Error(`id: "${adapter.id}" belongs to ${owner}`);
      }
      used.add(adapter.id);
      adapters.push(adapter);
    } catch (error) {
      problems.push({ file, reason: error instanceof Error ? error.message : String(error) });
    }
  }
  return { adapters, problems };
}

/** Why this is no manifest that can be taken; undefined when it can. */
export function manifestProblem(document: unknown, taken: ReadonlySet<string>): string | undefined {
  try {
    const { id } = parseManifest(JSON.stringify(document));
    return taken.has(id) ? `id: "${id}" belongs to a built-in harness` : undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** One thing that is wrong with a manifest. */
export interface ManifestFault {
  /** From 1; null for the file as a whole. */
  readonly line: number | null;
  /** `asking.model`, or null for the file as a whole. */
  readonly member: string | null;
  readonly reason: string;
}

/** A manifest looked at by itself, wherever it lies. */
export interface CheckedManifest {
  /** Undefined where something is wrong. */
  readonly adapter: Adapter | undefined;
  readonly faults: readonly ManifestFault[];
}

/** Everything that is wrong with one file, member by member. Never throws; `taken` as for `readManifests`. */
export function checkManifest(file: string, taken: ReadonlySet<string>): CheckedManifest {
  let content: string;
  try {
    content = readOwnFile(dirname(resolve(file)), file, MAX_BYTES);
  } catch (error) {
    const reason =
      error instanceof Error && "code" in error ? unreadable(String(error.code)) : sentence(error);
    return { adapter: undefined, faults: [{ line: null, member: null, reason }] };
  }
  const places = jsonPlaces(content);
  if (places.brokenAt !== undefined) {
    return {
      adapter: undefined,
      faults: [{ line: places.brokenAt, member: null, reason: "is not valid JSON" }],
    };
  }
  if (places.repeated.length > 0) {
    const faults = places.repeated.map((path) => ({
      line: places.lineOf(path),
      member: path.join("."),
      reason: TWICE,
    }));
    return { adapter: undefined, faults };
  }
  const result = schema.safeParse(JSON.parse(content));
  if (!result.success) {
    const faults = problemsIn(result.error.issues, UNKNOWN).map(({ path, problem }) => ({
      line: places.lineOf(path),
      member: path.join(".") || null,
      reason: problem,
    }));
    return { adapter: undefined, faults: faults.sort((a, b) => a.line - b.line) };
  }
  const adapter = adapterOf(result.data);
  if (!taken.has(adapter.id)) return { adapter, faults: [] };
  const reason = `"${adapter.id}" belongs to a built-in harness`;
  return { adapter: undefined, faults: [{ line: places.lineOf(["id"]), member: "id", reason }] };
}

const TWICE = "stands there twice";
const UNKNOWN = "is no member of a manifest";

function unreadable(code: string): string {
  return code === "ENOENT" ? "is not there" : `can't be read (${code})`;
}

function sentence(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Throws an Error whose message is fit for `doctor`: it names members, not values. */
function parseManifest(content: string): Adapter {
  let document: unknown;
  try {
    document = JSON.parse(content);
  } catch {
    throw new Error("is not valid JSON");
  }
  const [twice] = jsonPlaces(content).repeated;
  if (twice) throw new Error(`${twice.join(".")}: ${TWICE}`);
  const result = schema.safeParse(document);
  if (!result.success) {
    const reasons = problemsIn(result.error.issues, UNKNOWN).map(
      ({ path, problem }) => `${path.join(".") || "document"}: ${problem}`,
    );
    throw new Error(reasons.slice(0, 5).join("; "));
  }
  return adapterOf(result.data);
}

function adapterOf({ schema: _, hint, asking: can, ...rest }: z.output<typeof schema>): Adapter {
  return {
    ...rest,
    ...(can ? { asking: can } : {}),
    hint: hint ?? `Install ${rest.executable} and put it on your PATH`,
    source: "manifest",
    maturity: null,
  };
}
