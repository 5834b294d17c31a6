// Holds the types that @opencoven/client publishes to what its code is: this file does not compile where they differ.
import type * as real from "../../npm/client/client.ts";
import type * as published from "../../npm/client/index.d.ts";

/** Everything that is exported is said, and nothing else. */
type Missing = Exclude<keyof typeof real, keyof typeof published>;
type Invented = Exclude<keyof typeof published, keyof typeof real>;
export const missing: Record<Missing, never> = {};
export const invented: Record<Invented, never> = {};
type MissingMethods = Exclude<keyof real.Coven, keyof published.Coven>;
export const missingMethods: Record<MissingMethods, never> = {};

/** What is given is at least what is promised. */
export const given = (coven: real.Coven): Omit<published.Coven, "sessions" | "feed" | "openapi"> => coven;
/** What may be asked is no more than what is taken. */
export const connect: typeof published.connect extends (options?: infer O) => unknown
  ? (options?: O) => Promise<unknown>
  : never = (options) => ({}) as ReturnType<typeof real.connect> & typeof options;
export const session = (one: Awaited<ReturnType<real.Coven["session"]>>): published.Session => one;
export const codes = (code: real.CovenError["code"]): published.ErrorCode => code;
export const back = (code: published.ErrorCode): real.CovenError["code"] => code;
