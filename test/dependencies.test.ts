// Holds docs/DEPENDENCIES.md to the lockfile: every package that can be installed stands there, with the licence it names itself.
import { expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

const root = join(import.meta.dir, "..");

/** Rows of the tables: package (a trailing `*` for a family), licence, reason. */
const rows = readFileSync(join(root, "docs/DEPENDENCIES.md"), "utf8")
  .split("\n")
  .flatMap((line) => {
    const [, name, licence, reason] = /^\| `([^`]+)` *\| ([^|]+?) *\| ([^|]+?) *\|$/.exec(line) ?? [];
    return name && licence && reason ? [{ name, licence, reason }] : [];
  });

/** Names in the lockfile, each once; its format is JSON with trailing commas. */
const locked = Array.from(
  new Set(
    Array.from(
      readFileSync(join(root, "bun.lock"), "utf8").matchAll(/^ {4}"[^"]+": \["(@?[^@"]+)@/gm),
      (found) => String(found[1]),
    ),
  ),
);

const rowOf = (name: string) =>
  rows.find((row) => row.name === name || (row.name.endsWith("*") && name.startsWith(row.name.slice(0, -1))));

test("every locked package has a row, and every row is of a locked package", () => {
  expect(locked.length).toBeGreaterThan(20);
  expect(locked.filter((name) => !rowOf(name))).toEqual([]);
  const used = new Set(locked.map((name) => rowOf(name)?.name));
  expect(rows.map(({ name }) => name).filter((name) => !used.has(name))).toEqual([]);
});

test("the licence is the one the package names", () => {
  const wrong: string[] = [];
  let looked = 0;
  for (const name of locked) {
    const manifest = join(root, "node_modules", name, "package.json");
    // Those for other systems are not installed here.
    if (!existsSync(manifest)) continue;
    const { license }: { license?: string } = JSON.parse(readFileSync(manifest, "utf8"));
    if (license !== rowOf(name)?.licence) wrong.push(`${name}: ${license}`);
    looked += 1;
  }
  expect(wrong).toEqual([]);
  expect(looked).toBeGreaterThan(15);
});

test("what is shipped inside the executable is what the bill of materials is made from", () => {
  const { dependencies }: { dependencies: Record<string, string> } = JSON.parse(
    readFileSync(join(root, "package.json"), "utf8"),
  );
  const text = readFileSync(join(root, "docs/DEPENDENCIES.md"), "utf8");
  const shipped = text.slice(text.indexOf("## In the executable"), text.indexOf("## Brought along"));
  expect(Object.keys(dependencies).filter((name) => !shipped.includes(`\`${name}\``))).toEqual([]);
});
