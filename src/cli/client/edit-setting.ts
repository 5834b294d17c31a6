// Changes one setting in a config file and nothing else in it: comments, order and line ends stay.
import { type ConfigValue, parseConfig, type SettingName } from "../../config.ts";
import { configLines } from "../../config-lines.ts";
import { Failure } from "../ui/failure.ts";

/**
 * The text with the key set: its line changed, or a line added to its table, or the table added at the end. Throws what
 * `parseConfig` throws for a text that is no TOML, and `Failure` where the key stands in a form that a line-wise change would break.
 */
export function withSetting(text: string, key: SettingName, value: ConfigValue, file: string): string {
  const before = parseConfig(text, file);
  const changed = edited(text, key, value);
  if (changed === undefined || !isOnlyChange(before, changed, key, value, file)) {
    throw new Failure(`${key} is written in ${file} in a way that cannot be changed line by line.`, [
      `edit ${file} by hand: ${key} = ${written(value)}`,
    ]);
  }
  return changed;
}

function edited(text: string, key: SettingName, value: ConfigValue): string | undefined {
  const lines = text.split("\n");
  const known = configLines(text);
  const end = lines[0]?.endsWith("\r") ? "\r" : "";
  const own = known.findIndex((line) => line.kind === "assignment" && line.key === key);
  if (own >= 0) {
    // Everything up to the value, the value (a string, a list, or a run without blanks), and what follows it.
    const parts = /^([^=]*=[ \t]*)("(?:[^"\\]|\\.)*"|'[^']*'|\[[^\]]*\]|[^\s#]+)(.*)$/s.exec(
      lines[own] ?? "",
    );
    if (!parts) return undefined;
    lines[own] = `${parts[1]}${written(value)}${parts[3]}`;
    return lines.join("\n");
  }
  const dot = key.lastIndexOf(".");
  const [table, name] = [key.slice(0, dot), key.slice(dot + 1)];
  const header = known.findIndex((line) => line.kind === "table" && line.name === table);
  if (header >= 0) {
    // After the last assignment of the table, so that a comment above the next table stays with it.
    const next = known.findIndex((line, at) => at > header && line.kind === "table");
    const last = known.findLastIndex(
      (line, at) => at > header && (next < 0 || at < next) && line.kind === "assignment",
    );
    lines.splice(Math.max(last, header) + 1, 0, `${name} = ${written(value)}${end}`);
    return lines.join("\n");
  }
  const open = text === "" || text.endsWith("\n") ? "" : `${end}\n`;
  const gap = text === "" ? "" : `${end}\n`;
  return `${text}${open}${gap}[${table}]${end}\n${name} = ${written(value)}${end}\n`;
}

/** Whether the changed text, parsed again, differs from before in this value only. */
function isOnlyChange(
  before: Map<string, unknown>,
  text: string,
  key: SettingName,
  value: ConfigValue,
  file: string,
): boolean {
  const after = new Map<string, unknown>();
  try {
    for (const [name, found] of parseConfig(text, file)) after.set(name, found);
  } catch {
    return false;
  }
  const wanted = new Map(before).set(key, value);
  return (
    wanted.size === after.size &&
    Array.from(wanted).every(([name, one]) => Bun.deepEquals(one, after.get(name)))
  );
}

/** As TOML. */
function written(value: ConfigValue): string {
  return typeof value === "object" || typeof value === "string" ? JSON.stringify(value) : String(value);
}
