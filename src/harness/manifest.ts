// The harnesses a user added: reading and judging `<COVEN_HOME>/harnesses/*.json`.
import { closeSync, constants, fstatSync, openSync, readdirSync, readSync, realpathSync } from "node:fs";
import { isAbsolute, join, sep } from "node:path";
import { z } from "zod";
import type { Adapter } from "./adapter.ts";
import { OPTIONS, PROMPT } from "./adapter.ts";
import { VALUE } from "./asking.ts";

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

const argumentList = z
  .array(text)
  .max(256)
  .refine((list) => list.filter((element) => element === PROMPT).length === 1, {
    error: `must hold the element "${PROMPT}" exactly once`,
  });

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

const schema = z
  .strictObject({
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
  })
  .superRefine(({ asking: can, interactive, nonInteractive, stream }, context) => {
    const lists = { interactive, nonInteractive, ...(stream ? { stream } : {}) };
    for (const [name, list] of Object.entries(lists)) {
      const places = list.filter((element) => element === OPTIONS).length;
      if (places === (can ? 1 : 0)) continue;
      const message = can
        ? `must hold the element "${OPTIONS}" exactly once, for what stands in "asking"`
        : `holds "${OPTIONS}", and there is no "asking"`;
      context.addIssue({ code: "custom", path: [name], message });
    }
  });

/**
 * Every usable manifest of `directory`, and a reason for each that is not; never throws, so that one bad file
 * takes nothing else away. A missing directory is an empty one. `taken` ids cannot be used again.
 */
export function readManifests(directory: string, taken: ReadonlySet<string>): Manifests {
  const adapters: Adapter[] = [];
  const problems: ManifestProblem[] = [];
  const used = new Set(taken);
  const names = manifestNames(directory);
  for (const [index, name] of names.entries()) {
    const file = join(directory, name);
    try {
      if (index >= MAX_FILES) throw new Error(`only the first ${MAX_FILES} manifests are read`);
      const adapter = parseManifest(readSmallFile(directory, file));
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

function manifestNames(directory: string): string[] {
  try {
    return readdirSync(directory)
      .filter((name) => name.endsWith(".json") && !name.startsWith("."))
      .sort();
  } catch {
    return [];
  }
}

/** Throws an Error whose message is fit for `doctor`: it names members, not values. */
function parseManifest(content: string): Adapter {
  let document: unknown;
  try {
    document = JSON.parse(content);
  } catch {
    throw new Error("is not valid JSON");
  }
  const result = schema.safeParse(document);
  if (!result.success) {
    const reasons = result.error.issues.map(
      (issue) => `${issue.path.join(".") || "document"}: ${issue.message}`,
    );
    throw new Error(reasons.slice(0, 5).join("; "));
  }
  const { hint, asking: can, ...rest } = result.data;
  return {
    ...rest,
    ...(can ? { asking: can } : {}),
    hint: hint ?? `Install ${rest.executable} and put it on your PATH`,
    source: "manifest",
    maturity: null,
  };
}

/** A link may point inside the directory, never out of it; a FIFO or device would block or lie, so only files count. */
function readSmallFile(directory: string, file: string): string {
  const real = realpathSync(file);
  if (!real.startsWith(realpathSync(directory) + sep))
    throw new Error("is a link that leads out of the directory");
  const fd = openSync(real, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0));
  try {
    const stat = fstatSync(fd);
    if (!stat.isFile()) throw new Error("is not a regular file");
    if (stat.size > MAX_BYTES) throw new Error(`is larger than ${MAX_BYTES} bytes`);
    const buffer = new Uint8Array(stat.size);
    const length = readSync(fd, buffer, 0, stat.size, 0);
    return new TextDecoder().decode(buffer.subarray(0, length));
  } finally {
    closeSync(fd);
  }
}
