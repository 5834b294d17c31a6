// What a validator says, as people read it.
import { expect, test } from "bun:test";
import * as z from "zod";
import { problemsIn } from "../src/malformed.ts";

const schema = z.strictObject({
  name: z.string().min(1).max(3),
  count: z.int().min(2).max(4),
  kind: z.enum(["a", "b"]),
  schema: z.literal(2),
  list: z.array(z.string()).min(2).max(3),
  own: z.string().regex(/^x/, "must begin with x"),
  never: z.never("is not served").optional(),
  deep: z.object({ record: z.record(z.string(), z.boolean()) }),
});
const good = { name: "n", count: 3, kind: "a", schema: 2, list: ["a", "b"], own: "x", deep: { record: {} } };

test("each member with what is wrong, in words; the schema's own are kept", () => {
  const wrong: [object, string, string][] = [
    [{ name: undefined }, "name", "is required"],
    [{ name: 7 }, "name", "must be a string"],
    [{ name: "" }, "name", "must not be empty"],
    [{ name: "four" }, "name", "must have at most 3 characters"],
    [{ count: 1.5 }, "count", "must be an integer"],
    [{ count: 1 }, "count", "must be at least 2"],
    [{ count: 5 }, "count", "must be at most 4"],
    [{ kind: "c" }, "kind", 'must be one of "a", "b"'],
    [{ schema: 1 }, "schema", "must be 2"],
    [{ list: 7 }, "list", "must be an array"],
    [{ list: ["a"] }, "list", "must have at least 2 elements"],
    [{ list: ["a", 7] }, "list.1", "must be a string"],
    [{ own: "y" }, "own", "must begin with x"],
    [{ never: 1 }, "never", "is not served"],
    [{ deep: { record: 1 } }, "deep.record", "must be an object"],
    [{ other: 1 }, "other", "is not known"],
  ];
  for (const [over, field, problem] of wrong) {
    const found = problemsIn(schema.safeParse({ ...good, ...over }).error?.issues ?? []);
    expect(found.map((one) => [one.path.join("."), one.problem])).toEqual([[field, problem]]);
  }
  expect(schema.safeParse(good).success).toBe(true);
});
