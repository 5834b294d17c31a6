// Holds docs/SAFETY.md and docs/OBSERVABILITY.md to what is there: every test they name, every event and metric they promise.
import { expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { startTestDaemon } from "./support/test-daemon.ts";

const root = join(import.meta.dir, "..");
const read = (path: string) => readFileSync(join(root, path), "utf8");
const rowsOf = (text: string) => text.split("\n").filter((line) => /^\| [^-]/.test(line));
const coded = (text: string) => Array.from(text.matchAll(/`([^`]+)`/g), (found) => String(found[1]));

test("every test that SAFETY.md names is there, by that name", () => {
  const named = coded(read("docs/SAFETY.md")).flatMap((words) => {
    const [, file, name] = /^([a-z]+\/[a-z-]*)(?:: (.+))?$/.exec(words) ?? [];
    return file === undefined ? [] : [{ file, name }];
  });
  expect(named.length).toBeGreaterThan(40);
  const missing = named.filter(({ file, name }) => {
    if (file.endsWith("/")) return readdirSync(join(root, "test", file)).length === 0;
    const path = `${file.startsWith("test/") ? file : `test/${file}`}.test.ts`;
    if (!existsSync(join(root, path))) return true;
    // A name may be cut short with an ellipsis, at either end.
    return name !== undefined && !name.split("…").every((part) => read(path).includes(part.trim()));
  });
  expect(missing).toEqual([]);
});

test("every threat in a table of SAFETY.md has a test beside it", () => {
  const rows = rowsOf(read("docs/SAFETY.md")).filter((row) => !/^\| (threat|fault) /.test(row));
  expect(rows.length).toBeGreaterThan(25);
  expect(
    rows.filter((row) => !/`[a-z]+\/[a-z-]*[:`]|the same +\|$/.test(row.split("|").slice(3).join("|"))),
  ).toEqual([]);
});

test("every event that OBSERVABILITY.md promises is written somewhere", () => {
  const source = readdirSync(join(root, "src"), { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".ts"))
    .map((file) => read(join("src", file)))
    .join("\n");
  const [table = ""] = read("docs/OBSERVABILITY.md").split("## Metrics");
  const events = rowsOf(table)
    .filter((row) => row.includes("?"))
    .flatMap((row) => coded(row.split("|")[2] ?? ""));
  expect(events.length).toBeGreaterThan(20);
  expect(events.filter((event) => !source.includes(`"${event}"`))).toEqual([]);
});

test("the metrics that OBSERVABILITY.md lists are those that are served", async () => {
  const daemon = await startTestDaemon();
  try {
    const served = Array.from((await daemon.client.metrics()).matchAll(/^# TYPE (\S+)/gm), (found) =>
      String(found[1]),
    );
    const [, section = ""] = read("docs/OBSERVABILITY.md").split("## Metrics");
    const listed = rowsOf(section)
      .flatMap((row) => coded(row.split("|")[1] ?? ""))
      .map((name) => name.replace(/\{.*$/, ""));
    expect(listed.toSorted()).toEqual(served.toSorted());
  } finally {
    await daemon.close();
  }
});
