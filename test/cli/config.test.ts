// Holds `coven config`: get, set, list and path on a real file, and what the daemon makes of it.
import { expect, test } from "bun:test";
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { withSetting } from "../../src/cli/client/edit-setting.ts";
import { CONFIG_KEYS } from "../../src/config.ts";
import { configLines } from "../../src/config-lines.ts";
import { type CommandLine, commandLine } from "../support/command-line.ts";
import { logLines } from "../support/daemon-home.ts";

/** A home with a config file in it, and no daemon yet. */
function withFile(text: string): CommandLine {
  const line = commandLine();
  mkdirSync(line.home.paths.home, { mode: 0o700 });
  writeFileSync(line.home.paths.config, text);
  return line;
}

test("with no file every setting has its default, and looking makes nothing", async () => {
  await using line = commandLine();
  expect(await line.coven(["config", "path"])).toEqual({
    code: 0,
    out: `${line.home.paths.config}\n`,
    err: "",
  });
  expect(await line.coven(["config", "get", "screen.scrollback"])).toEqual({
    code: 0,
    out: "1000\n",
    err: "",
  });
  const list = await line.coven(["config", "list"]);
  expect({ code: list.code, err: list.err }).toEqual({ code: 0, err: "" });
  const rows = list.out.trimEnd().split("\n");
  expect(rows).toHaveLength(Object.keys(CONFIG_KEYS).length + 1);
  expect(rows[0]).toMatch(/^KEY +VALUE +FROM +WHAT IT IS$/);
  expect(rows.filter((row) => row.length > 100)).toEqual([]);
  expect(readdirSync(line.home.base)).not.toContain("h");
});

test("set makes the file, private, and list and get say what is in it", async () => {
  await using line = commandLine();
  const set = await line.coven(["config", "set", "retention.max_bytes", "2GB"]);
  expect({ code: set.code, out: set.out }).toEqual({ code: 0, out: "retention.max_bytes = 2000000000\n" });
  expect(set.err).toContain("coven daemon restart");
  expect(readFileSync(line.home.paths.config, "utf8")).toBe("[retention]\nmax_bytes = 2000000000\n");
  expect(lstatSync(line.home.paths.config).mode & 0o777).toBe(0o600);
  expect(readdirSync(line.home.paths.home).sort()).toEqual(["config.toml", "logs"]);
  const json = await line.coven(["config", "get", "retention.max_bytes", "--json"]);
  expect(JSON.parse(json.out)).toMatchObject({ value: 2e9, default: 0, set: true });
  const list = JSON.parse((await line.coven(["config", "list", "--json"])).out);
  expect(list).toMatchObject({ path: line.home.paths.config, warnings: [] });
  expect(list.settings.filter((row: { set: boolean }) => row.set)).toHaveLength(1);
  // Words people use: on and off, never.
  expect((await line.coven(["config", "set", "record.input", "on"])).out).toBe("record.input = true\n");
  expect((await line.coven(["config", "set", "retention.max_bytes", "never"])).out).toBe(
    "retention.max_bytes = 0\n",
  );
});

const FILE =
  "# mine\r\n[screen] # the screen\r\nscrollback   =  1_000  # lines\r\n\r\n# about colours\r\n[ui]\r\ncolour = 'auto'";

test.each([
  ["a value is replaced where it stands", "screen.scrollback", 9, ["scrollback   =  9  # lines"]],
  ["a string keeps its place at the end of a file", "ui.colour", "never", ['colour = "never"']],
  ["a new table goes to the end", "record.input", true, ["[record]", "input = true"]],
] as const)("%s; comments, order and line ends stay", (_, key, value, added) => {
  const text = withSetting(FILE, key, value, "f");
  const before = FILE.split("\r\n");
  const after = text.trimEnd().split("\r\n");
  expect(text.replaceAll("\r\n", "")).not.toMatch(/[\r\n]/);
  expect(after.filter((one) => one !== "" && !before.includes(one))).toEqual([...added]);
  expect(before.filter((one) => one !== "" && !after.includes(one)).length).toBeLessThan(2);
});

test("a new key goes into its table, before the comment that belongs to the next one", () => {
  const text = withSetting("[retention]\ndays = 3\n\n# colours\n[ui]\n", "retention.max_bytes", 1e6, "f");
  expect(text).toBe("[retention]\ndays = 3\nmax_bytes = 1000000\n\n# colours\n[ui]\n");
  expect(withSetting("[ui]\n[screen]", "ui.colour", "never", "f")).toBe('[ui]\ncolour = "never"\n[screen]');
  expect(withSetting("screen.scrollback = 1\n", "screen.scrollback", 2, "f")).toBe("screen.scrollback = 2\n");
  expect(configLines(text)).toHaveLength(7);
});

test("what a line-wise change would break is left alone and said", async () => {
  const inline = "screen = { scrollback = 5 }\n";
  await using line = withFile(inline);
  const left = await line.coven(["config", "set", "screen.scrollback", "6"]);
  expect(left.code).toBe(1);
  expect(left.err).toContain("cannot be changed line by line");
  expect(left.err).toContain("by hand: screen.scrollback = 6");
  expect(readFileSync(line.home.paths.config, "utf8")).toBe(inline);
});

test("a file that is a link, as dotfiles are, stays one", async () => {
  await using line = withFile("");
  const { config } = line.home.paths;
  const elsewhere = join(line.home.base, "dotfiles.toml");
  writeFileSync(elsewhere, "# kept\n");
  await Bun.$`rm ${config}`.quiet();
  symlinkSync(elsewhere, config);
  expect((await line.coven(["config", "set", "ui.colour", "never"])).code).toBe(0);
  expect(lstatSync(config).isSymbolicLink()).toBe(true);
  expect(readFileSync(elsewhere, "utf8")).toBe('# kept\n\n[ui]\ncolour = "never"\n');
});

test("refusals say what may stand there, or which setting was meant", async () => {
  await using line = withFile("[screen]\nscrollback = 'lots'\n");
  const wrong = await line.coven(["config", "get", "ui.colour"]);
  expect(wrong.code).toBe(1);
  expect(wrong.err).toContain(`${line.home.paths.config}, line 2: screen.scrollback must be a whole number`);
  expect(wrong.err).toContain("Try: coven config set screen.scrollback 1000");
  // And just that puts it right.
  expect((await line.coven(["config", "set", "screen.scrollback", "1000"])).code).toBe(0);
  expect((await line.coven(["config", "get", "ui.colour"])).out).toBe("auto\n");

  const value = await line.coven(["config", "set", "ui.colour", "loud"]);
  expect([value.code, value.err.split("\n")[0]]).toEqual([
    1,
    'Error: ui.colour must be "auto", "always" or "never", and "loud" is not.',
  ]);
  const key = await line.coven(["config", "set", "scrollback", "50"]);
  expect([key.code, key.err]).toEqual([
    2,
    "Error: There is no setting scrollback.\nTry: coven config set screen.scrollback 50\n     coven config list\n",
  ]);
  expect((await line.coven(["config", "get", "ui.color"])).err).toContain("coven config get ui.colour");
});

test("a key nobody knows is a warning beside the answer", async () => {
  await using line = withFile("[ui]\ncolor = 'never'\n");
  const left = await line.coven(["config", "get", "ui.colour"]);
  expect({ code: left.code, out: left.out }).toEqual({ code: 0, out: "auto\n" });
  expect(left.err).toContain('line 2: there is no setting "ui.color"; it is ignored.');
  expect((await line.coven(["daemon", "start"])).code).toBe(0);
  expect(logLines(line.home.paths).find((one) => one["event"] === "config_warning")?.["warning"]).toContain(
    "ui.color",
  );
});

test("a home that cannot be written to is said in words, and nothing changes", async () => {
  if (process.getuid?.() === 0) return; // Root may write anywhere.
  await using line = withFile("");
  chmodSync(line.home.paths.home, 0o500);
  const left = await line.coven(["config", "set", "ui.colour", "never"]);
  chmodSync(line.home.paths.home, 0o700);
  expect(left.code).toBe(1);
  expect(left.err).toContain("permission denied");
});

test("colours follow ui.colour, and NO_COLOR wins", async () => {
  await using line = withFile("[ui]\ncolour = 'always'\n");
  const painted = async (env = {}) =>
    (await line.coven(["config", "get", "nothing"], { env })).err.includes("\x1b[");
  expect(await painted()).toBe(true);
  expect(await painted({ NO_COLOR: "1" })).toBe(false);
  await line.coven(["config", "set", "ui.colour", "never"]);
  expect(await painted()).toBe(false);
  expect(await painted({ FORCE_COLOR: "1" })).toBe(true);
  // A file nobody can read is not in the way of a command that doesn't need it.
  writeFileSync(line.home.paths.config, "= broken");
  expect((await line.coven(["daemon", "status"])).out).toBe("Coven daemon: not running\n");
});

test("the daemon does not start with a setting that cannot be meant, and says which", async () => {
  await using line = withFile('[record]\ninput = "no"\n');
  const left = await line.coven(["daemon", "start"]);
  expect({ code: left.code, out: left.out }).toEqual({ code: 1, out: "" });
  expect(left.err).toBe(
    `Error: ${line.home.paths.config}, line 2: record.input must be true or false, and "no" is not.\nTry: coven config set record.input false\n`,
  );
  expect((await line.coven(["config", "set", "record.input", "false"])).code).toBe(0);
  expect((await line.coven(["daemon", "start"])).code).toBe(0);
});

test("recording of input and scrollback reach the sessions", async () => {
  await using line = withFile("[record]\ninput = true\n[screen]\nscrollback = 3\n");
  const { home } = line;
  home.script("codex", "seq 1 100; read answer; exit 0");
  await home.start();
  const launch = { projectRoot: home.project, harness: "codex", prompt: "x", cols: 20, rows: 5 };
  const { id } = await home.client.launch(launch);
  let printed = "";
  for await (const chunk of home.client.output(id, { follow: true })) {
    printed += new TextDecoder().decode(chunk);
    if (printed.includes("100")) break;
  }
  await home.client.input(id, "secret\r");
  for await (const _ of home.client.output(id, { follow: true }));
  const { events } = await home.client.events(id);
  expect(events.find((event) => event.kind === "input")?.payload_json).toBe('{"data":"secret\\r"}');
  const { ansi } = await home.client.screen(id);
  const kept = Bun.stripANSI(ansi).match(/\d+/g) ?? [];
  expect(kept).toContain("100");
  expect(kept.length).toBeLessThan(10);
});

test("the policy of an action is set and shown as any other", async () => {
  await using line = commandLine();
  const name = "policy.origin.bridge.coven.session.kill";
  expect(await line.coven(["config", "get", name])).toMatchObject({ code: 0, out: "default\n" });
  const set = await line.coven(["config", "set", name, "deny"]);
  expect({ code: set.code, out: set.out }).toEqual({ code: 0, out: `${name} = deny\n` });
  expect(set.err).toContain("coven daemon restart");
  expect(readFileSync(line.home.paths.config, "utf8")).toBe(
    '[policy.origin.bridge.coven.session]\nkill = "deny"\n',
  );
  expect((await line.coven(["config", "list"])).out).toMatch(
    /policy\.origin\.bridge\.coven\.session\.kill +deny +file/,
  );
  expect(await line.coven(["config", "set", name, "never"])).toMatchObject({ code: 1 });
  expect(await line.coven(["config", "set", "policy.kill", "deny"])).toMatchObject({ code: 2 });
});
