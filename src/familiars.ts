// `<COVEN_HOME>/familiars.toml`, which 0.4.6 and its cockpits keep: who is in it, and nothing more.
import { configText, parseToml } from "./config.ts";
import { CovenError } from "./errors.ts";

/** One `[[familiar]]`; texts as they stand there. */
export interface FamiliarEntry {
  readonly id: string;
  readonly name: string;
  readonly display_name: string;
  readonly emoji: string;
  readonly role: string;
  readonly description: string;
  readonly icon?: string;
  readonly pronouns?: string;
  readonly active_channel?: string;
  readonly workspace?: string;
}

/** Everybody in the file; none where there is no file. Throws `invalid_request` (details `file`) for one that can't be read so, and as `configText`. */
export function readFamiliars(file: string): FamiliarEntry[] {
  const text = configText(file);
  if (text === undefined) return [];
  const { familiar: list } = parseToml(text, file);
  if (list === undefined) return [];
  if (!Array.isArray(list)) throw notFamiliars(file);
  return list.map((one: unknown) => entryOf(one, file));
}

function entryOf(one: unknown, file: string): FamiliarEntry {
  const members = new Map<string, unknown>(Object.entries(one ?? {}));
  const text = (name: string): string | undefined => {
    const value = members.get(name);
    return typeof value === "string" && value.trim() !== "" ? value : undefined;
  };
  const id = text("id");
  if (id === undefined) throw notFamiliars(file);
  const given = (name: "icon" | "pronouns" | "active_channel" | "workspace") => {
    const value = text(name);
    return value === undefined ? {} : { [name]: value };
  };
  return {
    id,
    name: text("name") ?? id,
    display_name: text("display_name") ?? id,
    emoji: text("emoji") ?? "",
    role: text("role") ?? "",
    description: text("description") ?? "",
    ...given("icon"),
    ...given("pronouns"),
    ...given("active_channel"),
    ...given("workspace"),
  };
}

function notFamiliars(file: string): CovenError {
  return new CovenError(
    "invalid_request",
    `${file} holds something else than [[familiar]] tables with an id.`,
    { file },
  );
}
