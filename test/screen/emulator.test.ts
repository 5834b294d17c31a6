// The emulator is one version of one library, and one file reads its private members: each must be there, and nobody else may read any.
import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { MEMBERS, missingMembers, openEmulator } from "../../src/screen/emulator.ts";

/** The same object without one member, however deep; methods keep working on the original. */
function without(object: object, path: readonly string[]): object {
  const [name = "", ...rest] = path;
  return new Proxy(object, {
    get(target, key) {
      const value: unknown = Reflect.get(target, key);
      if (key !== name) return typeof value === "function" ? value.bind(target) : value;
      if (rest.length === 0) return undefined;
      return typeof value === "object" && value !== null ? without(value, rest) : value;
    },
  });
}

test("every member that is read is there, and one that is gone is named", () => {
  const { core, close } = openEmulator(80, 24, 10);
  expect(missingMembers(core)).toEqual([]);
  for (const path of Object.keys(MEMBERS)) {
    expect(missingMembers(without(core, path.split(".")))).toContain(path);
  }
  // Nothing of a line can be read then.
  expect(missingMembers({}).filter((path) => path.startsWith("line.")).length).toBeGreaterThan(5);
  close();
});

test("the table names every member of the core's type", () => {
  const text = readFileSync(join(import.meta.dir, "../../src/screen/emulator.ts"), "utf8");
  const type = text.slice(text.indexOf("export interface Core {"), text.indexOf("export const MEMBERS"));
  const named = Array.from(type.matchAll(/^\s*(?:readonly )?(\w+)(?:\(|: )/gm), ([, name]) => name ?? "");
  expect(named.length).toBeGreaterThan(40);
  const known = new Set(Object.keys(MEMBERS).flatMap((path) => path.split(".")));
  // Compared by tests alone; the current set may be undefined.
  const apart = ["coreMouseService", "activeProtocol", "activeEncoding", "charset"];
  expect(named.filter((name) => !known.has(name) && !apart.includes(name))).toEqual([]);
});

test("no other file of src/ reads a private member of the emulator", () => {
  const src = join(import.meta.dir, "../../src");
  const wrong = Array.from(new Bun.Glob("**/*.ts").scanSync(src))
    .filter((file) => file !== "screen/emulator.ts")
    .filter((file) =>
      /\._core\b|_inputHandler|_charsetService|_oscLinkService|_curAttrData|_extendedAttrs|precedingJoinState/.test(
        readFileSync(join(src, file), "utf8"),
      ),
    );
  expect(wrong).toEqual([]);
});
