// Holds the reading of config.toml: defaults, every key's limits, and errors that name file, line and key.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CONFIG_KEYS, CONFIG_NAMES, type ConfigKey, readConfig } from "../src/config.ts";
import { configLines, lineOfKey } from "../src/config-lines.ts";
import { CovenError } from "../src/errors.ts";

let dir: string;

beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), "cv-c-"));
});

afterAll(() => rmSync(dir, { recursive: true, force: true }));

function file(text: string): string {
  const path = join(dir, "config.toml");
  writeFileSync(path, text);
  return path;
}

/** The refusal of a text: its message and details. */
function refusal(text: string): { message: string; details: unknown; code: string } {
  try {
    readConfig(file(text));
  } catch (error) {
    if (!(error instanceof CovenError)) throw error;
    return { message: error.message.replaceAll(dir, "DIR"), details: error.details, code: error.code };
  }
  throw new Error(`accepted: ${text}`);
}

const DEFAULTS = Object.fromEntries(CONFIG_NAMES.map((key) => [key, CONFIG_KEYS[key].default]));

test("no file, and an empty one, give the defaults; the defaults may themselves stand in a file", () => {
  for (const path of [join(dir, "none.toml"), file("# nothing\n")]) {
    const { config, set, warnings } = readConfig(path);
    expect({ config, set: set.size, warnings }).toEqual({ config: DEFAULTS, set: 0, warnings: [] } as never);
  }
  expect(CONFIG_NAMES.filter((key) => !CONFIG_KEYS[key].accepts(CONFIG_KEYS[key].default as never))).toEqual(
    [],
  );
});

test("values are read however TOML lets one write them", () => {
  const { config, set } = readConfig(
    file(
      `screen.scrollback = 5_000\nui = { colour = 'never' }\n"record" = { input = true }\n[retention]\ndays = 30 # a month\n`,
    ),
  );
  expect(config["screen.scrollback"]).toBe(5000);
  expect(config["ui.colour"]).toBe("never");
  expect(config["record.input"]).toBe(true);
  expect(config["retention.days"]).toBe(30);
  expect(Array.from(set).sort()).toEqual([
    "record.input",
    "retention.days",
    "screen.scrollback",
    "ui.colour",
  ]);
});

const ACCEPTED: readonly [ConfigKey, string][] = [
  ["harness.default", '"claude"'],
  ["terminal.detach_key", '"ctrl-b"'],
  ["terminal.detach_key", "'ctrl-\\'"],
  ["screen.scrollback", "0"],
  ["screen.scrollback", "100000"],
  ["retention.days", "36500"],
  ["retention.max_bytes", "1000000"],
  ["retention.max_bytes", "0"],
];

test.each(ACCEPTED)("%s may be %s", (key, value) => {
  const [table, name] = key.split(".");
  expect(readConfig(file(`[${table}]\n${name} = ${value}\n`)).set.has(key)).toBe(true);
});

const REFUSED: readonly [ConfigKey, string, string][] = [
  ["harness.default", '"Not An Id"', '"Not An Id"'],
  ["harness.default", "3", "3"],
  ["terminal.detach_key", '"ctrl-c"', '"ctrl-c"'],
  // Enter, Tab and Escape: nobody could type any more.
  ["terminal.detach_key", '"ctrl-m"', '"ctrl-m"'],
  ["terminal.detach_key", '"ctrl-["', '"ctrl-["'],
  ["terminal.detach_key", '"x"', '"x"'],
  ["screen.scrollback", "100001", "100001"],
  ["screen.scrollback", "-1", "-1"],
  ["screen.scrollback", "1.5", "1.5"],
  ["screen.scrollback", '"many"', '"many"'],
  ["retention.days", "-3", "-3"],
  // A slip of the hand would empty the ledger.
  ["retention.max_bytes", "500", "500"],
  ["record.input", '"yes"', '"yes"'],
  ["ui.colour", "true", "true"],
];

test.each(REFUSED)("%s may not be %s", (key, value, shown) => {
  const [table, name] = key.split(".");
  const { message, details, code } = refusal(`# a comment\n[${table}]\n\n${name} = ${value}\n`);
  expect(code).toBe("invalid_request");
  expect(message).toBe(
    `DIR/config.toml, line 4: ${key} must be ${CONFIG_KEYS[key].must}, and ${shown} is not.`,
  );
  expect(details).toMatchObject({ file: join(dir, "config.toml"), line: 4, key });
});

test("what is no TOML is refused with its line", () => {
  const { message, details } = refusal("[screen]\nscrollback = = 5\n");
  expect(message).toMatch(/^DIR\/config\.toml, line 2: this is not TOML \(.+\)\.$/);
  expect(message).not.toContain("\n");
  expect(details).toMatchObject({ line: 2, key: null });
  expect(refusal("[screen]\nscrollback = 1\nscrollback = 2\n").message).toContain("line 3");
  expect(refusal("screen = 5\nui = { colour = 1 }\n").message).toContain("line 2: ui.colour must be");
});

test("a key nobody knows is warned about, by its line, and everything else counts", () => {
  const { config, warnings } = readConfig(
    file("[screen]\nscrolback = 5\nscrollback = 7\n[colours]\nred = 1\n"),
  );
  expect(config["screen.scrollback"]).toBe(7);
  expect(warnings.map((one) => one.replaceAll(dir, "DIR"))).toEqual([
    'DIR/config.toml, line 2: there is no setting "screen.scrolback"; it is ignored.',
    'DIR/config.toml, line 5: there is no setting "colours.red"; it is ignored.',
  ]);
});

test("a file that cannot be read is not taken for a missing one", () => {
  expect(() => readConfig(dir)).toThrow(/cannot be read \(EISDIR\)/);
});

test("which line sets which key, in whatever form, and not inside a longer string", () => {
  const text = 'a.b = 1\n[ "x" . y ] # c\n"z w" = 2\nm = """\nz = 3\n"""\nlast = 4\n[[list]]\nz = 5\n';
  expect(configLines(text).map((line) => (line.kind === "assignment" ? line.key : line.kind))).toEqual([
    "a.b",
    "table",
    "x.y.z w",
    "x.y.m",
    "other",
    "other",
    "x.y.last",
    "other",
    "[].z",
    "other",
  ]);
  expect(lineOfKey("[a]\n[screen]\r\nscrollback=1\r\n", "screen.scrollback")).toBe(3);
  expect(lineOfKey("", "screen.scrollback")).toBeUndefined();
});

test("policies of actions, for all and for one origin; one that is not understood stops the start", () => {
  const { policies, named, warnings, set } = readConfig(
    file(
      `[policy]\n"coven.session.kill" = "deny"\ncoven.session.launch = "default"\n[policy.origin.bridge.coven.session]\nkill = "allow"\n`,
    ),
  );
  expect(policies).toEqual([
    { action: "coven.session.kill", policy: "deny" },
    { action: "coven.session.kill", origin: "bridge", policy: "allow" },
  ]);
  expect({ named: Object.fromEntries(named), warnings, set: set.size }).toEqual({
    named: {
      "policy.coven.session.kill": "deny",
      "policy.coven.session.launch": "default",
      "policy.origin.bridge.coven.session.kill": "allow",
    },
    warnings: [],
    set: 0,
  });
  expect(refusal('[policy]\ncoven.session.kill = "never"\n')).toMatchObject({
    code: "invalid_request",
    details: { line: 2, key: "policy.coven.session.kill" },
  });
  for (const key of ["kill", '"a b".c', "origin.kill", 'origin."a.b c".d.e']) {
    expect([key, refusal(`[policy]\n${key} = "deny"\n`).code]).toEqual([key, "invalid_request"]);
  }
  expect(refusal("policy = 3\n").code).toBe("invalid_request");
});
