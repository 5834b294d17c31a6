// The schema of an adapter's args is read whole or refused: whatever is taken judges as a validator by the book (Ajv) does. And whatever
// an adapter's program says is a message or the end of it.
import { expect, test } from "bun:test";
import { Ajv2020 } from "ajv/dist/2020.js";
import { argsParser } from "../../src/control/external/json-schema.ts";
import { Lines } from "../../src/control/external/lines.ts";
import { isCovenError } from "../../src/errors.ts";
import { Chance, rounds, TIMEOUT_MS } from "./random.ts";

const ajv = new Ajv2020({ strict: false });

type Schema = Record<string, unknown>;

const small = (chance: Chance) => chance.below(4);

/** Of the part that is understood; now and then with a word that isn't. */
function schemaOf(chance: Chance, depth: number): Schema {
  const some = (words: Record<string, () => unknown>) =>
    Object.fromEntries(
      Object.entries(words)
        .filter(() => chance.maybe(0.4))
        .map(([word, value]) => [word, value()]),
    );
  const kind = chance.below(depth > 0 ? 9 : 6);
  const numbers = {
    minimum: () => small(chance) - 1,
    maximum: () => small(chance) + 1,
    exclusiveMinimum: () => small(chance) - 2,
    exclusiveMaximum: () => small(chance) + 2,
    multipleOf: () => chance.one([1, 2, 0.5]),
  };
  const odd: Schema = chance.maybe(0.05)
    ? {
        [chance.one(["format", "const", "not", "minProperties", "uniqueItems", "if", "dependentRequired"])]:
          chance.json(1),
      }
    : {};
  switch (kind) {
    case 0:
      return {
        type: "string",
        ...some({ minLength: () => small(chance), maxLength: () => small(chance) }),
        ...odd,
      };
    case 1:
      return { type: "string", ...some({ pattern: () => chance.one(["^a", "b$", "^[ab]*$", "."]) }), ...odd };
    case 2:
      return chance.maybe()
        ? { type: "string", enum: ["a", "b"].slice(0, 1 + chance.below(2)) }
        : { type: "integer", enum: [1, 2] };
    case 3:
      return { type: "integer", ...some(numbers), ...odd };
    case 4:
      return { type: "number", ...some(numbers), ...odd };
    case 5:
      return chance.maybe() ? { type: "boolean", ...odd } : { type: "null", ...odd };
    case 6:
      return {
        ...{ type: "array", items: schemaOf(chance, depth - 1) },
        ...some({ minItems: () => small(chance), maxItems: () => small(chance) }),
        ...odd,
      };
    case 7:
      return {
        anyOf: Array.from({ length: 1 + chance.below(3) }, () => schemaOf(chance, depth - 1)),
        ...odd,
      };
    default:
      return objectOf(chance, depth, some({ additionalProperties: () => chance.maybe() }));
  }
}

function objectOf(chance: Chance, depth: number, over: Schema): Schema {
  const names = ["a", "b", "c"].filter(() => chance.maybe(0.7));
  return {
    type: "object",
    properties: Object.fromEntries(names.map((name) => [name, schemaOf(chance, depth - 1)])),
    ...(chance.maybe() ? { required: names.filter(() => chance.maybe()) } : {}),
    ...over,
  };
}

/** Values that such schemas may take, and some that they don't. */
function anyValue(chance: Chance, depth: number): unknown {
  const kind = chance.below(depth > 0 ? 9 : 6);
  if (kind === 0) return chance.one(["", "a", "b", "ab", "abc", "ba", "é"]);
  if (kind === 1) return chance.one([0, 1, 2, 3, -1, 4]);
  if (kind === 2) return chance.one([0.5, 1.5, -0.5, 10.25]);
  if (kind === 3) return chance.maybe();
  if (kind === 4) return null;
  if (kind === 5) return chance.one<unknown>(["a", 1]);
  if (kind === 6) return Array.from({ length: chance.below(4) }, () => anyValue(chance, depth - 1));
  const names = ["a", "b", "c", "d", "__proto__", "constructor"].filter((name) =>
    chance.maybe(name.length > 1 ? 0.05 : 0.5),
  );
  const members = names.map(
    (name) => `${JSON.stringify(name)}:${JSON.stringify(anyValue(chance, depth - 1))}`,
  );
  return JSON.parse(`{${members.join(",")}}`);
}

function takes(parse: (args: unknown) => unknown, value: unknown): boolean {
  try {
    parse(value);
    return true;
  } catch (error) {
    if (isCovenError(error) && error.code === "invalid_request") return false;
    throw error;
  }
}

/** One that mostly fits. */
function fitting(schema: Schema, chance: Chance): unknown {
  const {
    type,
    anyOf,
    enum: words,
    properties,
    items,
  } = schema as {
    type?: string;
    anyOf?: Schema[];
    enum?: unknown[];
    properties?: Record<string, Schema>;
    items?: Schema;
  };
  if (chance.maybe(0.02)) return anyValue(chance, 1);
  if (anyOf) return fitting(anyOf[chance.below(anyOf.length)] ?? {}, chance);
  if (words) return words[chance.below(words.length)];
  if (type === "string") return chance.one(["a", "ab", "aab", "b"]);
  if (type === "integer") return chance.one([0, 1, 2]);
  if (type === "number") return chance.one([0, 1, 1.5, 2]);
  if (type === "boolean") return chance.maybe();
  if (type === "null") return null;
  if (type === "array")
    return Array.from({ length: 1 + chance.below(2) }, () => fitting(items ?? {}, chance));
  const members = Object.entries(properties ?? {}).filter(() => chance.maybe(0.9));
  return Object.fromEntries(members.map(([name, one]) => [name, fitting(one, chance)]));
}

/** What became of one schema: undefined when it was refused, else how many values it took and did not, each as by the book. */
function judged(chance: Chance): { readonly good: number; readonly bad: number } | undefined {
  const schema = objectOf(chance, 3, { additionalProperties: false });
  let parse: (args: unknown) => unknown;
  try {
    parse = argsParser(schema);
  } catch {
    return undefined;
  }
  const check = ajv.compile(schema);
  let good = 0;
  let bad = 0;
  for (let i = 0; i < 12; i++) {
    const value = JSON.parse(JSON.stringify(chance.maybe() ? fitting(schema, chance) : anyValue(chance, 3)));
    // Null and nothing are no args at all, as for the daemon's own actions.
    if (value === null) continue;
    const book = check(value) === true;
    if (book) good += 1;
    else bad += 1;
    if (takes(parse, value) !== book) {
      throw new Error(`the book says ${book}: ${JSON.stringify(schema)} of ${JSON.stringify(value)}`);
    }
  }
  return { good, bad };
}

test("chance makes schemas that are taken and refused, and values of both kinds", () => {
  const all = Array.from({ length: 100 }, (_, seed) => judged(new Chance(seed)));
  const taken = all.filter((one) => one !== undefined);
  expect(taken.length).toBeGreaterThan(20);
  expect(taken.length).toBeLessThan(100);
  expect(taken.reduce((sum, { good }) => sum + good, 0)).toBeGreaterThan(50);
  expect(taken.reduce((sum, { bad }) => sum + bad, 0)).toBeGreaterThan(50);
});

test(
  "a schema that is taken judges as by the book",
  () => rounds((chance) => void judged(chance)),
  TIMEOUT_MS,
);

test(
  "whatever a program says is messages, or an error that names the bound",
  async () => {
    const right = new TextEncoder().encode(
      '{"jsonrpc":"2.0","id":1,"result":{"a":[1]}}\n{"jsonrpc":"2.0","id":2,"error":{"code":1,"message":"x"}}\n{"jsonrpc":"2.0","method":"status","params":{"capabilities":{"a.b":"available"}}}\n',
    );
    await rounds((chance) => {
      const lines = new Lines(() => 0);
      const bytes = Buffer.from(chance.maybe(0.3) ? right : chance.mutated(right));
      let count = 0;
      try {
        for (let at = 0; at < bytes.length; ) {
          const length = 1 + chance.below(40);
          for (const _ of lines.take(bytes.subarray(at, at + length))) count += 1;
          at += length;
        }
      } catch (error) {
        expect(String(error)).toStartWith("Error: it said");
      }
      if (bytes.equals(right)) expect(count).toBe(3);
    });
  },
  TIMEOUT_MS,
);
