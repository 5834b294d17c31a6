// Takes secrets and the paths of this machine out of what is meant to be shared. Pure.
import { isSecretName, REDACTED, redactAll } from "../../../daemon/redact.ts";

/** Text and values as others may see them. */
export interface Redactor {
  text(text: string): string;
  /** Texts at any depth, and the whole value of a member whose name says it is a secret. */
  value(value: unknown): unknown;
}

/** Replaces each path by its name, the longest first, wherever it stands in a text; then what is shaped like a secret. */
export function redactorFor(places: ReadonlyMap<string, string>): Redactor {
  // `/` and the like would take every text apart.
  const all = Array.from(places).filter(([path]) => path.length > 1);
  const names = new Map(all);
  const longest = all.map(([path]) => path).sort((a, b) => b.length - a.length);
  // Not within a longer name: `/root` says nothing of `/rootless`.
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
