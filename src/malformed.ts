// What a validator found wrong with a document, member by member, in words for a person.

/** As zod tells it; whoever only reads this loads no validator. */
interface Issue {
  readonly code?: string | undefined;
  readonly path: readonly PropertyKey[];
  readonly message: string;
  readonly expected?: string;
  readonly keys?: readonly string[];
  readonly values?: readonly unknown[];
  /** Of a size: what has it, and what it must be. */
  readonly origin?: string;
  readonly minimum?: number | bigint;
  readonly maximum?: number | bigint;
}

/** One member that is wrong. `problem` goes on behind its name: `is required`, `must be a string`. */
export interface Problem {
  /** Empty for the document as a whole. */
  readonly path: readonly PropertyKey[];
  readonly problem: string;
}

/** Each member that is wrong, those among them that nobody knows. A sentence of the schema's own is kept. */
export function problemsIn(issues: readonly Issue[], unknown = "is not known"): Problem[] {
  return issues.flatMap((issue) => {
    const { code, path, keys = [] } = issue;
    if (code === "unrecognized_keys") return keys.map((key) => ({ path: [...path, key], problem: unknown }));
    return [{ path, problem: inWords(issue) }];
  });
}

function inWords({ code, message, expected = "", values = [], ...limits }: Issue): string {
  // The validator's own sentences begin so.
  if (!/^(Invalid input|Invalid option|Too small|Too big):/.test(message)) return message;
  if (message.endsWith("received undefined")) return "is required";
  if (code === "invalid_value") {
    const all = values.map((value) => JSON.stringify(value)).join(", ");
    return values.length === 1 ? `must be ${all}` : `must be one of ${all}`;
  }
  if (code === "too_small" || code === "too_big") return sized(limits);
  if (code !== "invalid_type") return message;
  const kind = KINDS[expected] ?? expected;
  return `must be ${/^[aeio]/.test(kind) ? "an" : "a"} ${kind}`;
}

function sized({ origin = "", minimum, maximum }: Pick<Issue, "origin" | "minimum" | "maximum">): string {
  const most = minimum === undefined;
  const unit = UNITS[origin];
  if (unit === undefined) return `must be at ${most ? "most" : "least"} ${most ? maximum : minimum}`;
  if (minimum === 1) return "must not be empty";
  return `must have at ${most ? "most" : "least"} ${most ? maximum : minimum} ${unit}`;
}

/** Where people call it otherwise. */
const KINDS: Readonly<Record<string, string>> = { int: "integer", record: "object" };
const UNITS: Readonly<Record<string, string>> = { string: "characters", array: "elements" };
