// Takes secrets and the paths of this machine out of what is meant to be shared. Pure.
import { isSecretName, REDACTED, redactAll } from "../../../redact.ts";

/** Redacts text and JSON values. */
export interface Redactor {
  text(text: string): string;
  /** Redacts strings at any depth, and replaces the value of every member with a secret's name. */
  value(value: unknown): unknown;
}

/** A redactor that replaces each path by its name, the longest first, and then everything shaped like a secret. */
export function redactorFor(places: ReadonlyMap<string, string>): Redactor {
  // Replacing `/` would destroy every path.
  const all = Array.from(places).filter(([path]) => path.length > 1);
  const names = new Map(all);
  const longest = all.map(([path]) => path).sort((a, b) => b.length - a.length);
  // Not within a longer name: `/root` is not part of `/rootless`.
  const shape =
    longest.length > 0
      ? new RegExp(`(?:${longest.map(escaped).join("|")})(?![\\p{L}\\p{N}_])`, "gu")
      : undefined;
  const text = (plain: string): string => {
    const placed = shape ? plain.replace(shape, (path) => names.get(path) ?? path) : plain;
    return redactAll(placed);
  };
  const value = (plain: unknown): unknown => {
    if (typeof plain === "string") return text(plain);
    if (typeof plain !== "object" || plain === null) return plain;
    if (Array.isArray(plain)) return plain.map(value);
    const members = Object.entries(plain);
    return Object.fromEntries(
      members.map(([name, member]) => [
        text(name),
        isSecretName(name) && member !== null ? REDACTED : value(member),
      ]),
    );
  };
  return { text, value };
}

function escaped(path: string): string {
  return path.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&");
}
