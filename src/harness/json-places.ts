// Where things stand in a JSON text: the line of each member, and the line where it stops being JSON.

/** A member by its names and places: `["titles", 0, "match"]`. */
export type Path = readonly PropertyKey[];

/** What a look at a text came to. */
export interface Places {
  /** The line of the member, from 1, or of the nearest one around it that is there. */
  lineOf(path: Path): number;
  /** Members that stand twice in one object: whoever reads it sees only the last. */
  readonly repeated: readonly Path[];
  /** Where the text is broken; undefined where it is JSON. */
  readonly brokenAt: number | undefined;
}

/** Reads the text as RFC 8259 has it. */
export function jsonPlaces(text: string): Places {
  const lines = new Map<string, number>();
  const repeated: Path[] = [];
  let at = 0;
  let counted = 0;
  let current = 1;

  const line = (): number => {
    for (; counted < at; counted++) if (text[counted] === "\n") current += 1;
    return current;
  };
  const fail = (): never => {
    throw new Broken(line());
  };
  const blank = () => {
    while (/[ \t\r\n]/.test(text[at] ?? "")) at += 1;
  };
  const take = (pattern: RegExp): string => {
    pattern.lastIndex = at;
    const found = pattern.exec(text)?.[0] ?? fail();
    at += found.length;
    return found;
  };
  const list = (close: string, one: (index: number) => void) => {
    at += 1;
    blank();
    if (text[at] === close) {
      at += 1;
      return;
    }
    for (let index = 0; ; index++) {
      one(index);
      blank();
      const next = text[at];
      if (next !== "," && next !== close) fail();
      at += 1;
      if (next === close) return;
      blank();
    }
  };
  const value = (path: Path): void => {
    blank();
    lines.set(keyOf(path), line());
    if (path.length > MOST_DEPTH) fail();
    if (text[at] === "{") {
      list("}", () => {
        const name: string = JSON.parse(take(STRING));
        const here = line();
        blank();
        take(/:/y);
        if (lines.has(keyOf([...path, name]))) repeated.push([...path, name]);
        value([...path, name]);
        lines.set(keyOf([...path, name]), here);
      });
    } else if (text[at] === "[") list("]", (index) => value([...path, index]));
    else take(SCALAR);
  };

  let brokenAt: number | undefined;
  try {
    value([]);
    blank();
    if (at < text.length) fail();
  } catch (error) {
    if (!(error instanceof Broken)) throw error;
    brokenAt = error.line;
  }
  return {
    brokenAt,
    repeated,
    lineOf(path) {
      for (let length = path.length; length > 0; length--) {
        const found = lines.get(keyOf(path.slice(0, length)));
        if (found !== undefined) return found;
      }
      return lines.get(keyOf([])) ?? 1;
    },
  };
}

class Broken extends Error {
  constructor(readonly line: number) {
    super();
  }
}

/** Deeper than anything that we read. */
const MOST_DEPTH = 64;

const STRING = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;
const SCALAR =
  /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/y;

function keyOf(path: Path): string {
  return JSON.stringify(path.map(String));
}
