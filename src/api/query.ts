// Owns what stands behind the `?`: reading a parameter, and refusing it by name.
import { CovenError } from "../errors.ts";

/** The parameters of one request; `get` refuses a parameter given twice. */
export class Query {
  readonly #values: URLSearchParams;

  /** `text` is what follows the `?`, or empty. */
  constructor(text: string) {
    this.#values = new URLSearchParams(text);
  }

  /** True when the parameter is there, also when it is empty. */
  has(name: string): boolean {
    return this.#values.has(name);
  }

  /** The value, percent-decoded once, or undefined. Throws `invalid_request` when it stands there twice. */
  get(name: string): string | undefined {
    const all = this.#values.getAll(name);
    if (all.length > 1) throw malformed(name, "must be given once");
    return all[0];
  }

  /** `true` or `false`, else `invalid_request`. */
  flag(name: string, fallback: boolean): boolean {
    const value = this.get(name);
    if (value === undefined) return fallback;
    if (value === "true") return true;
    if (value === "false") return false;
    throw malformed(name, "must be true or false");
  }

  /**
   * A whole number, possibly negative, or undefined; else `invalid_request`. What is beyond 2^53 is cut to it: no seq
   * gets there, and clients ask with the greatest number they have.
   */
  integer(name: string): number | undefined {
    const value = this.get(name);
    return value === undefined ? undefined : integerOf(name, value);
  }
}

/** As `Query.integer`, for a value that came another way (`Last-Event-ID`). */
export function integerOf(name: string, value: string): number {
  if (!/^-?[0-9]{1,32}$/.test(value)) throw malformed(name, "must be a whole number");
  return clamp(Number(value), -Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER);
}

export function clamp(value: number, least: number, most: number): number {
  return Math.min(Math.max(value, least), most);
}

/** The refusal of one parameter, named in `details.field`. */
export function malformed(name: string, problem: string): CovenError {
  return new CovenError("invalid_request", `${name} ${problem}.`, {
    field: name,
    problems: [{ field: name, problem }],
  });
}
