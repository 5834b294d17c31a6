// Manifests of coven 0.4 (`adapters/*.json`) in the words of ours. Reads theirs, and says what has no place here.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { OPTIONS, PROMPT } from "./adapter.ts";
import { VALUE } from "./asking.ts";
import { manifestProblem } from "./manifest.ts";

/** One adapter of theirs. */
export interface EarlierManifest {
  readonly id: string;
  /** The file it stands in. */
  readonly file: string;
  /** A manifest of ours, or why there is none. */
  readonly manifest?: Readonly<Record<string, unknown>>;
  readonly problem?: string;
  /** Members of theirs that ours has no word for. */
  readonly left: readonly string[];
}

const TAKEN = new Set(
  (
    "id label executable interactive_prompt_prefix_args non_interactive_prompt_prefix_args prompt_flag interactive_prompt_flag " +
    "install_hint model_flag sandbox add_dir_flag continuity_args source"
  ).split(" "),
);

/** Every adapter of the directory; none where there is no directory. `taken`: ids that can't be used. */
export function earlierManifests(directory: string, taken: ReadonlySet<string>): EarlierManifest[] {
  let names: string[];
  try {
    names = readdirSync(directory).filter((name) => name.endsWith(".json"));
  } catch {
    return [];
  }
  return names.sort().flatMap((name) => {
    const file = join(directory, name);
    try {
      const document: unknown = JSON.parse(readFileSync(file, "utf8"));
      const list = membersOf(document).get("adapters");
      return (Array.isArray(list) ? list : [document]).map((one) => manifestOf(one, file, taken));
    } catch (error) {
      return [{ id: name, file, problem: error instanceof Error ? error.message : String(error), left: [] }];
    }
  });
}

function manifestOf(one: unknown, file: string, taken: ReadonlySet<string>): EarlierManifest {
  const given = membersOf(one);
  const text = (name: string, of = given) => {
    const value = of.get(name);
    return typeof value === "string" && value !== "" ? value : undefined;
  };
  const list = (name: string, of = given): string[] => {
    const value = of.get(name);
    return Array.isArray(value) ? value.filter((word) => typeof word === "string") : [];
  };
  const valued = (flag: string | undefined) => (flag === undefined ? undefined : [flag, VALUE]);
  const sandbox = membersOf(given.get("sandbox"));
  const flag = text("flag", sandbox);
  const permitted = (name: "full" | "read_only") => {
    const value = text(name, sandbox);
    if (flag !== undefined && value !== undefined) return [flag, value];
    const words = list(`${name}_args`, sandbox);
    return words.length > 0 ? words : undefined;
  };
  const permission = present({ "read-only": permitted("read_only"), full: permitted("full") });
  const continuity = membersOf(given.get("continuity_args"));
  const asking = present({
    model: valued(text("model_flag")),
    permission: Object.keys(permission).length > 0 ? permission : undefined,
    addDir: valued(text("add_dir_flag")),
    initConversation: valued(text("session_id_flag", continuity)),
    resumeConversation: valued(text("resume_flag", continuity)),
  });
  const asks = Object.keys(asking).length > 0;
  const promptFlag = text("prompt_flag");
  const words = (prefix: string[], before: string | undefined) => [
    ...prefix,
    ...(asks ? [OPTIONS] : []),
    ...(before === undefined ? [] : [before]),
    PROMPT,
  ];
  const id = text("id") ?? "";
  const manifest = {
    id,
    label: text("label") ?? id,
    executable: text("executable") ?? "",
    interactive: words(list("interactive_prompt_prefix_args"), text("interactive_prompt_flag") ?? promptFlag),
    nonInteractive: words(list("non_interactive_prompt_prefix_args"), promptFlag),
    // Theirs never puts `--` before a prompt.
    separator: false,
    ...present({ hint: text("install_hint")?.slice(0, 400), asking: asks ? asking : undefined }),
  };
  const left = Array.from(given)
    .filter(([name, value]) => !TAKEN.has(name) && value !== null && value !== undefined)
    .map(([name]) => name);
  const problem = manifestProblem(manifest, taken);
  return problem === undefined ? { id, file, manifest, left } : { id: id || file, file, problem, left };
}

/** The members of an object by their names in theirs, which also has them in camel case. */
function membersOf(value: unknown): Map<string, unknown> {
  const entries = typeof value === "object" && value !== null ? Object.entries(value) : [];
  return new Map(entries.map(([name, of]) => [name.replace(/[A-Z]/g, (one) => `_${one.toLowerCase()}`), of]));
}

function present<T extends Readonly<Record<string, unknown>>>(members: T): Partial<T> {
  // What is left of it are members of it.
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as Partial<T>;
}
