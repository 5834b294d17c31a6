// Where things stand in a TOML text: which line sets which key. Best effort; whoever changes a line reads the text again.

const NAME = `(?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*')`;
const DOTTED = String.raw`${NAME}(?:\s*\.\s*${NAME})*`;
const HEADER = new RegExp(String.raw`^\s*\[\s*(${DOTTED})\s*\]\s*(?:#.*)?$`);
const ASSIGNMENT = new RegExp(String.raw`^\s*(${DOTTED})\s*=`);

/** What one line of a TOML text begins: a table, an assignment (its key with the table's name), or neither. */
export type ConfigLine =
  | { readonly kind: "table"; readonly name: string }
  | { readonly kind: "assignment"; readonly key: string; readonly table: string | undefined }
  | { readonly kind: "other" };

/** The lines of a TOML text, as far as their beginnings tell; lines inside a multi-line string are `other`. */
export function configLines(text: string): ConfigLine[] {
  let table: string | undefined;
  let within: string | undefined;
  return text.split("\n").map((raw): ConfigLine => {
    const line = raw.replace(/\r$/, "");
    if (within !== undefined) {
      if (line.includes(within)) within = undefined;
      return { kind: "other" };
    }
    const header = HEADER.exec(line)?.[1];
    if (header !== undefined) {
      table = plainKey(header);
      return { kind: "table", name: table };
    }
    // An array of tables holds none of our keys; what follows it must not be taken for one.
    if (/^\s*\[\[/.test(line)) table = "[]";
    const name = ASSIGNMENT.exec(line)?.[1];
    if (name === undefined) return { kind: "other" };
    const opened = /("""|''')/.exec(line)?.[1];
    if (opened !== undefined && line.split(opened).length === 2) within = opened;
    return { kind: "assignment", key: (table === undefined ? "" : `${table}.`) + plainKey(name), table };
  });
}

/** The line a key is set in, from 1: its own, or that of an inline table around it; undefined where it cannot be told. */
export function lineOfKey(text: string, key: string): number | undefined {
  const lines = configLines(text);
  const at = lines.findIndex(
    (line) => line.kind === "assignment" && (line.key === key || key.startsWith(`${line.key}.`)),
  );
  return at < 0 ? undefined : at + 1;
}

function plainKey(written: string): string {
  const names = written.match(new RegExp(NAME, "g")) ?? [];
  return names.map((name) => name.replace(/^["']|["']$/g, "")).join(".");
}
