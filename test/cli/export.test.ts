// Holds `coven export` against a real daemon: asciicast v3 to the letter, text, files, and what is refused.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { existsSync, lstatSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type CommandLine, commandLine } from "../support/command-line.ts";

let line: CommandLine;
let id: string;

/** Ready is said before the resize, so that the resize lies between two outputs. */
const SCRIPT = `
printf 'size %s\\n' "$(stty size)"
for i in 1 2 3; do printf '\\r%s%%' $i; done
read answer
printf 'said %s \\303\\251\\n' "$answer"
exit 3`;

beforeAll(async () => {
  line = commandLine();
  const { home } = line;
  home.script("codex", SCRIPT);
  await line.coven(["daemon", "start"]);
  const launch = { projectRoot: home.project, harness: "codex", prompt: "x", title: "a\u001b[2Jtitle" };
  ({ id } = await home.client.launch({ ...launch, cols: 90, rows: 30 }));
  let printed = "";
  for await (const chunk of home.client.output(id, { follow: true })) {
    printed += new TextDecoder().decode(chunk);
    if (printed.endsWith("3%")) break;
  }
});

afterAll(() => line[Symbol.asyncDispose]());

type CastEvent = [interval: number, code: string, data: string];

function cast(text: string): { header: Record<string, unknown>; events: CastEvent[] } {
  const [header, ...events] = text
    .trimEnd()
    .split("\n")
    .map((one) => JSON.parse(one));
  return { header, events };
}

test("a session that still runs gives what there is so far, and no exit", async () => {
  const left = await line.coven(["export", id, "--format", "cast"]);
  expect({ code: left.code, err: left.err }).toEqual({ code: 0, err: "" });
  const { header, events } = cast(left.out);
  expect(header).toMatchObject({ version: 3, term: { cols: 90, rows: 30, type: "xterm-256color" } });
  expect(events.every(([, code]) => code === "o")).toBe(true);
  expect(events.map(([, , data]) => data).join("")).toBe("size 30 90\r\n\r1%\r2%\r3%");
  expect((await line.coven(["export", id, "--format", "text"])).out).toBe("size 30 90\n3%\n");
});

test("asciicast v3: the size at launch, relative intervals, resizes, the exact text, the exit status last", async () => {
  const { client } = line.home;
  await client.resize(id, { cols: 70, rows: 20 });
  await client.input(id, "yes\r");
  let output = "";
  const decoder = new TextDecoder();
  for await (const chunk of client.output(id, { follow: true }))
    output += decoder.decode(chunk, { stream: true });
  const session = await client.session(id);

  const { header, events } = cast((await line.coven(["export", id.slice(0, 8), "--format", "cast"])).out);
  expect(header).toEqual({
    version: 3,
    term: { cols: 90, rows: 30, type: "xterm-256color" },
    timestamp: Math.floor(Date.parse(session.created_at) / 1000),
    title: "a [2Jtitle",
    tags: ["coven", "codex"],
  });
  expect(
    events
      .filter(([, code]) => code === "o")
      .map(([, , data]) => data)
      .join(""),
  ).toBe(output);
  expect(events.filter(([, code]) => code === "r")).toEqual([[expect.any(Number), "r", "70x20"]]);
  expect(events.at(-1)).toEqual([expect.any(Number), "x", "3"]);
  expect(events.filter(([, code]) => code === "x")).toHaveLength(1);
  // Seconds since the event before: none is negative, and together they are the session's time.
  expect(events.every(([interval]) => interval >= 0)).toBe(true);
  const total = events.reduce((sum, [interval]) => sum + interval, 0) * 1000;
  expect(Math.abs(total - (Date.parse(session.updated_at) - Date.parse(session.created_at)))).toBeLessThan(5);
});

test("text is what a terminal shows, and the format follows the file's name", async () => {
  const file = join(line.home.base, "log.txt");
  const left = await line.coven(["export", id, "--output", file]);
  expect({ code: left.code, out: left.out }).toEqual({ code: 0, out: "" });
  expect(left.err).toMatch(/^Wrote session [0-9a-f]{8} to \S+log\.txt \(\d+ B\)\.\n$/);
  expect(readFileSync(file, "utf8")).toBe("size 30 90\n3%yes\nsaid yes é\n");
  expect(readFileSync(file, "utf8")).toBe((await line.coven(["export", id, "--format", "text"])).out);
  expect(lstatSync(file).mode & 0o777).toBe(0o600);
});

test("an older file is only replaced on request, and as a whole; nothing half-written and no other file stays behind", async () => {
  const file = join(line.home.base, "run.cast");
  const older = "older\n".repeat(10_000);
  writeFileSync(file, older);
  const refused = await line.coven(["export", id, "--output", file]);
  expect([refused.code, refused.err]).toEqual([
    1,
    expect.stringContaining("is there already.\nTry: coven export "),
  ]);
  expect(readFileSync(file, "utf8")).toBe(older);
  expect((await line.coven(["export", id, "--output", file, "--force"])).code).toBe(0);
  expect(cast(readFileSync(file, "utf8")).header["version"]).toBe(3);
  expect(readdirSync(line.home.base).filter((name) => name.includes(".part"))).toEqual([]);
});

test("what is no ordinary file is written to, not replaced", async () => {
  expect((await line.coven(["export", id, "--format", "text", "--output", "/dev/null"])).code).toBe(0);
  expect(lstatSync("/dev/null").isCharacterDevice()).toBe(true);
  const dash = await line.coven(["export", id, "--format", "text", "--output", "-"], { cwd: line.home.base });
  expect(dash.out).toEndWith("said yes é\n");
  expect(existsSync(join(line.home.base, "-"))).toBe(false);
});

test.each([
  [["ID"], 2, "It isn't clear which format is wanted", "coven export ID --format text"],
  [["ID", "--format", "htm"], 2, "There is no format htm: it is cast, text or html.", "--format html"],
  [["ID", "--format", "mp4"], 2, "There is no format mp4", "--format text"],
  [["ID", "--output", "/nowhere/at/all.cast"], 1, "cannot be written: ENOENT", "--output with a path"],
  [
    ["00000000-0000-4000-8000-000000000000", "--format", "cast"],
    1,
    "There is no session",
    "coven sessions --all",
  ],
])("refused: %j", async (words, code, why, next) => {
  const left = await line.coven(["export", ...words.map((one) => (one === "ID" ? id : one))]);
  expect({ code: left.code, out: left.out }).toEqual({ code, out: "" });
  expect(left.err).toContain(why);
  expect(left.err.replaceAll(id, "ID")).toContain(next);
});
