// Holds `coven harnesses`: what is known, switched on and off in the settings, and what a launch says before.
import { expect, test } from "bun:test";
import { chmodSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { RECIPE_IDS } from "../../src/harness/recipes.ts";
import { commandLine } from "../support/command-line.ts";

function program(path: string, body: string): void {
  writeFileSync(path, `#!/bin/sh\n${body}\n`);
  chmodSync(path, 0o755);
}

test("every agent is listed with what is known of it; nobody is switched on by looking", async () => {
  await using line = commandLine();
  const bin = join(line.home.base, "agents");
  mkdirSync(bin);
  program(join(bin, "gemini"), 'test "$1" = --version && echo 0.61.0');
  const env = { PATH: `${bin}:${line.home.bin}:/usr/bin:/bin` };
  const { out, err, code } = await line.coven(["harnesses", "--json"], { env });
  expect({ err, code }).toEqual({ err: "", code: 0 });
  const { harnesses, problems } = JSON.parse(out);
  expect(problems).toEqual([]);
  const ids = harnesses.map((one: { id: string }) => one.id);
  expect(ids).toEqual(["codex", "claude", "demo", ...RECIPE_IDS]);
  const gemini = harnesses.find((one: { id: string }) => one.id === "gemini");
  expect(gemini).toMatchObject({
    ...{ label: "Gemini CLI", executable: "gemini", source: "built-in" },
    ...{ enabled: false, available: false, path: join(bin, "gemini"), version: "0.61.0" },
  });
  expect(gemini.maturity).toMatch(/^(launched here|argv tested|researched)$/);
  const table = await line.coven(["harnesses"], { env });
  expect(table.out).toMatch(/^HARNESS +STATE +TRIED +VERSION +WHERE$/m);
  expect(table.out).toMatch(/^gemini +off +\S.* +0\.61\.0 +\S+\/gemini$/m);
  expect(table.out).toMatch(/^demo +ready +launched here /m);
});

test("one that is off is refused with exactly the command that switches it on; a running daemon needs no restart", async () => {
  await using line = commandLine();
  const bin = join(line.home.base, "agents");
  mkdirSync(bin);
  program(join(bin, "qwen"), "echo qwen was started");
  const env = { PATH: `${bin}:${line.home.bin}:/usr/bin:/bin` };
  const run = () => line.coven(["run", "qwen", "hi"], { env });
  await line.coven(["daemon", "start"]);
  const refused = await run();
  expect(refused.code).toBe(126);
  expect(refused.err).toBe("Error: Qwen Code is known and off.\nTry: coven harnesses enable qwen\n");
  const on = await line.coven(["harnesses", "enable", "qwen"], { env });
  expect(on).toEqual({ code: 0, out: "qwen is on: coven run qwen 'your task'\n", err: "" });
  expect(readFileSync(line.home.paths.config, "utf8")).toBe('[harness]\nenabled = ["qwen"]\n');
  expect((await run()).out).toContain("qwen was started");
  expect((await line.coven(["harnesses", "enable", "gemini"], { env })).err).toContain(
    "It is not installed: npm install -g @google/gemini-cli",
  );
  expect(readFileSync(line.home.paths.config, "utf8")).toBe('[harness]\nenabled = ["qwen","gemini"]\n');
  expect((await line.coven(["harnesses", "disable", "qwen"])).out).toContain("qwen is off");
  expect((await run()).err).toContain("coven harnesses enable qwen");
  expect(readFileSync(line.home.paths.config, "utf8")).toBe('[harness]\nenabled = ["gemini"]\n');
});

test("what is no recipe: always on, a manifest, a slip, and something new", async () => {
  await using line = commandLine();
  expect(await line.coven(["harnesses", "enable", "codex"])).toEqual({
    ...{ code: 0, out: "", err: "codex is always on: it is built in.\n" },
  });
  const slip = await line.coven(["harnesses", "enable", "gemnii"]);
  expect(slip.code).toBe(2);
  expect(slip.err).toContain("coven harnesses enable gemini");
  const unknown = await line.coven(["harnesses", "enable", "emacs"]);
  expect(unknown.code).toBe(2);
  expect(unknown.err).toContain(join(line.home.paths.harnesses, "emacs.json"));
  const launch = await line.coven(["run", "emacs", "hi"]);
  expect(launch.err).toContain("coven help harnesses");
});

test("a manifest of one's own with the name of a recipe: enabling says which counts, disabling brings it back", async () => {
  await using line = commandLine();
  mkdirSync(line.home.paths.harnesses, { recursive: true, mode: 0o700 });
  chmodSync(line.home.paths.home, 0o700);
  const file = join(line.home.paths.harnesses, "gemini.json");
  const own = {
    ...{ id: "gemini", label: "Mine", executable: "echo" },
    ...{ interactive: ["mine", "{prompt}"], nonInteractive: ["mine", "{prompt}"] },
  };
  writeFileSync(file, JSON.stringify(own), { mode: 0o600 });
  expect((await line.coven(["run", "gemini", "hi"])).out).toBe("mine hi\n");
  const on = await line.coven(["harnesses", "enable", "gemini"]);
  expect(on.err).toContain(`The recipe counts now, and ${file} does not.`);
  expect((await line.coven(["run", "gemini", "hi"])).err).toContain("Gemini CLI is not installed");
  expect((await line.coven(["harnesses", "disable", "gemini"])).err).toContain(`${file} counts again.`);
  expect((await line.coven(["run", "gemini", "hi"])).out).toBe("mine hi\n");
});

test("check names file, line and member of everything that is wrong, and says what is still to do when nothing is", async () => {
  await using line = commandLine();
  const file = join(line.home.project, "mine.json");
  const text = `{
  "id": "mine", "label": "Mine",
  "executable": "mine",
  "interactive": ["-i"],
  "nonInteractive": ["{prompt}"],
  "hints": "x"
}`;
  writeFileSync(file, text);
  const wrong = await line.coven(["harnesses", "check", "mine.json"]);
  expect(wrong.code).toBe(1);
  expect(wrong.out).toBe(
    `${file}, line 4, interactive: must hold the element "{prompt}" exactly once\n${file}, line 6, hints: is no member of a manifest\n`,
  );
  writeFileSync(file, '{\n"id": "mine",\n"label": 7,\n"interactive": "{prompt}"\n}');
  const words = (await line.coven(["harnesses", "check", "mine.json"])).out;
  expect(words.replaceAll(`${file}, `, "").trim().split("\n").sort()).toEqual([
    "line 1, executable: is required",
    "line 1, nonInteractive: is required",
    "line 3, label: must be a string",
    "line 4, interactive: must be an array",
  ]);
  // JSON's readers take the last of two without a word.
  const twice = text.replace('"executable"', '"id": "yours",\n  "executable"');
  writeFileSync(file, twice);
  expect((await line.coven(["harnesses", "check", "mine.json"])).out).toBe(
    `${file}, line 3, id: stands there twice\n`,
  );
  mkdirSync(line.home.paths.harnesses, { recursive: true, mode: 0o700 });
  writeFileSync(join(line.home.paths.harnesses, "mine.json"), twice, { mode: 0o600 });
  expect((await line.coven(["run", "mine", "hi"])).err).toContain("id: stands there twice");
  rmSync(join(line.home.paths.harnesses, "mine.json"));
  writeFileSync(file, text.replace(',\n  "hints": "x"', ""));
  const promptless = await line.coven(["harnesses", "check", "mine.json", "--json"]);
  expect(JSON.parse(promptless.out)).toEqual({
    ...{ ok: false, file, id: null },
    faults: [{ line: 4, member: "interactive", reason: 'must hold the element "{prompt}" exactly once' }],
  });
  writeFileSync(file, text.replace('"-i"', '"{prompt}"').replace(',\n  "hints": "x"', ""));
  const right = await line.coven(["harnesses", "check", "mine.json"]);
  expect(right).toEqual({
    ...{ code: 0, out: `${file}: mine can be used.\n` },
    err: `It counts once it lies there:  cp ${file} ${join(line.home.paths.harnesses, "mine.json")}\n`,
  });
  chmodSync(file, 0o666);
  const open = await line.coven(["harnesses", "check", file]);
  expect(open.code).toBe(1);
  expect(open.out).toContain(`may be written by others (0666): chmod go-w ${file}`);
});
