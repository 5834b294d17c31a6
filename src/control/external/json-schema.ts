// The JSON Schema of an action's args: the part of it that is understood whole. A word that would be ignored is refused, because it may be the one that
// keeps something dangerous out.
import * as z from "zod";
import { CovenError } from "../../errors.ts";

type Node = Readonly<Record<string, unknown>>;

const DESCRIBING = ["title", "description"];
const NUMBERS = ["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"];
/** What may stand beside each type. */
const WORDS: Readonly<Record<string, readonly string[]>> = {
  string: ["enum", "minLength", "maxLength", "pattern"],
  number: ["enum", ...NUMBERS],
  integer: ["enum", ...NUMBERS],
  boolean: ["enum"],
  null: [],
  array: ["items", "minItems", "maxItems"],
  object: ["properties", "required", "additionalProperties"],
};
const DRAFT = "https://json-schema.org/draft/2020-12/schema";
const DEEPEST = 16;

/** Judges args; throws `invalid_request` (details: `field`). */
export type ArgsParser = (args: unknown) => unknown;

/** The judge that a schema stands for. Throws an Error that names the place in it which is not understood. */
export function argsParser(schema: unknown): ArgsParser {
  requireKnown(schema, "args", 0);
  const root = schema as Node; // an object, checked above
  if (root["type"] !== "object") throw new Error('args.type: must be "object"');
  if (root["additionalProperties"] !== false) throw new Error("args.additionalProperties: must be false");
  const parser = z.fromJSONSchema({ ...root });
  return (args) => {
    const { success, data, error } = parser.safeParse(args ?? {});
    if (success) return data;
    const [issue] = error.issues;
    const unknown = issue?.code === "unrecognized_keys" ? issue.keys.slice(0, 1) : [];
    const field = [...(issue?.path ?? []), ...unknown].map(String).join(".").slice(0, 200);
    const problem = issue?.message ?? "malformed";
    throw new CovenError("invalid_request", `${field === "" ? "The args" : field}: ${problem}.`, { field });
  };
}

function requireKnown(node: unknown, at: string, depth: number): void {
  const wrong = (word: string, why: string) => new Error(`${word === "" ? at : `${at}.${word}`}: ${why}`);
  if (depth > DEEPEST) throw wrong("", `is deeper than ${DEEPEST}`);
  if (typeof node !== "object" || node === null || Array.isArray(node)) throw wrong("", "must be an object");
  const schema = node as Node;
  const { type, anyOf } = schema;
  const allowed = anyOf === undefined ? WORDS[String(type)] : ["anyOf"];
  if (!allowed || (anyOf !== undefined && type !== undefined)) {
    throw wrong("type", `must be one of ${Object.keys(WORDS).join(", ")}, or there is anyOf instead`);
  }
  const root = depth === 0 ? ["$schema"] : [];
  const known = [...DESCRIBING, ...root, ...(anyOf === undefined ? ["type"] : []), ...allowed];
  for (const [word, value] of Object.entries(schema)) {
    if (!known.includes(word)) throw wrong(word, "is not understood here");
    const why = wordProblem(word, value, schema);
    if (why !== undefined) throw wrong(word, why);
  }
  if (type === "array") requireKnown(schema["items"], `${at}.items`, depth + 1);
  for (const [name, one] of Object.entries(schema["properties"] ?? {})) {
    requireKnown(one, `${at}.properties.${name}`, depth + 1);
  }
  for (const [index, one] of (Array.isArray(anyOf) ? anyOf : []).entries()) {
    requireKnown(one, `${at}.anyOf.${index}`, depth + 1);
  }
}

/** What is wrong with the value of a word, as words that follow its place; undefined where it is right. */
function wordProblem(word: string, value: unknown, schema: Node): string | undefined {
  switch (word) {
    case "title":
    case "description":
      return typeof value === "string" ? undefined : "must be a string";
    case "$schema":
      return value === DRAFT ? undefined : `must be ${DRAFT}`;
    case "minLength":
    case "maxLength":
    case "minItems":
    case "maxItems":
      return Number.isSafeInteger(value) && Number(value) >= 0 ? undefined : "must be a whole number";
    case "pattern":
      return typeof value === "string" && isPattern(value) ? undefined : "must be a regular expression";
    case "enum":
      return enumProblem(value, schema);
    case "anyOf":
      return Array.isArray(value) && value.length > 0 ? undefined : "must be a list of schemas";
    case "properties":
      return isObject(value) && !Object.hasOwn(value, "__proto__") ? undefined : "must be an object";
    case "required": {
      const names = Array.isArray(value) ? value : [undefined];
      const has = (name: unknown) =>
        typeof name === "string" && Object.hasOwn(schema["properties"] ?? {}, name);
      return names.every(has) ? undefined : "must be a list of names in properties";
    }
    case "additionalProperties":
      return typeof value === "boolean" ? undefined : "must be true or false";
    case "multipleOf":
      return typeof value === "number" && value > 0 ? undefined : "must be a number above 0";
    default:
      if (NUMBERS.includes(word)) return Number.isFinite(value) ? undefined : "must be a number";
      return undefined;
  }
}

/** Beside it nothing else counts, so nothing else may stand there. */
function enumProblem(value: unknown, schema: Node): string | undefined {
  const kind = schema["type"] === "integer" ? "number" : schema["type"];
  const fits = (one: unknown) =>
    typeof one === kind && (schema["type"] !== "integer" || Number.isInteger(one));
  if (!Array.isArray(value) || value.length === 0 || !value.every(fits)) return `must be a list of ${kind}s`;
  const others = Object.keys(schema).filter((word) => !["type", "enum", ...DESCRIBING].includes(word));
  return others.length === 0 ? undefined : `must not stand beside ${others.join(", ")}`;
}

/** Read without the flag `u`: what only that knows would be read as something else. */
function isPattern(source: string): boolean {
  if (/\\[pPu]\{/.test(source)) return false;
  try {
    return new RegExp(source) instanceof RegExp;
  } catch {
    return false;
  }
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
