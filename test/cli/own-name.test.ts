// Holds what hints call this program: a command that works from where it was started, whoever started it.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { chmodSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { COMMANDS } from "../../src/cli/commands/table.ts";
import { asTyped, commandsAre, nameOf, type Started } from "../../src/cli/ui/own-name.ts";
import { COVEN_VERSION } from "../../src/version.ts";
import { type CommandLine, commandLine } from "../support/command-line.ts";
import { MAIN } from "../support/daemon-home.ts";

let base: string;
const root = join(import.meta.dir, "..", "..");
const at = (...parts: string[]) => join(base, ...parts);

/** An executable file, with its directories. */
function program(...parts: string[]): string {
  const path = at(...parts);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, "#!/bin/sh\n");
  chmodSync(path, 0o755);
  return path;
}

function wrapper(version: string, ...parts: string[]): void {
  program(...parts, "bin", "coven.js");
  writeFileSync(at(...parts, "package.json"), JSON.stringify({ name: "@opencoven/cli", version }));
}

beforeAll(() => {
  base = realpathSync(mkdtempSync(join(tmpdir(), "cv-name-")));
  for (const one of ["bun", "npx"]) program("has", one, one);
  mkdirSync(at("stood"));
  wrapper(COVEN_VERSION, "lib", "node_modules", "@opencoven", "cli");
  wrapper("0.4.6", "old", "node_modules", "@opencoven", "cli");
  for (const [prefix, lib] of [
    ["global", "lib"],
    ["earlier", "old"],
  ] as const) {
    mkdirSync(at(prefix));
    symlinkSync(at(lib, "node_modules", "@opencoven", "cli", "bin", "coven.js"), at(prefix, "coven"));
  }
  mkdirSync(at("npm", "_npx", "0a1b", "node_modules", ".bin"), { recursive: true });
  const note = { _npx: { packages: ["@opencoven/cli@next"] } };
  writeFileSync(at("npm", "_npx", "0a1b", "package.json"), JSON.stringify(note));
  program("npm", "_npx", "0a1b", "node_modules", ".bin", "coven");
});
afterAll(() => rmSync(base, { recursive: true, force: true }));

const NATIVE = ["node_modules", "@opencoven", "cli-linux-x64", "bin", "coven"];

/** The name, where nothing is said: a compiled program by its bare word, of which the PATH holds nothing. */
function named(
  how: Omit<Partial<Started>, "env"> & { env?: Record<string, string>; path?: string[] },
): string {
  const { env = {}, path = [], ...rest } = how;
  const started = { argv0: "coven", executable: at("x", "coven"), source: undefined, cwd: at("stood") };
  return nameOf({ ...started, ...rest, env: { PATH: path.join(":"), ...env } });
}

describe("a compiled program", () => {
  test("is coven where the shell finds it", () => {
    const executable = at("lib", ...NATIVE);
    expect(named({ executable, argv0: executable, path: [at("global")] })).toBe("coven");
    const program_ = program("plain", "coven");
    expect(named({ executable: program_, path: [at("plain")] })).toBe("coven");
  });

  test("is not coven where that is the one of another version", () => {
    const executable = at("npm", "_npx", "0a1b", ...NATIVE);
    expect(named({ executable, path: [at("earlier")] })).toBe("npx @opencoven/cli@next");
  });

  test("is named by the path that was typed, or by its own, short where it lies below", () => {
    expect(named({ argv0: "./dist/coven", path: [at("global")] })).toBe("./dist/coven");
    expect(named({ argv0: "/a b/coven" })).toBe("'/a b/coven'");
    expect(named({ executable: at("stood", "coven") })).toBe("./coven");
    expect(named({})).toBe(at("x", "coven"));
  });

  test("of a runner of packages is asked for through it, and what that puts on the PATH is not the person's", () => {
    const bin = at("npm", "_npx", "0a1b", "node_modules", ".bin");
    const env = { npm_config_user_agent: "npm/11.0.0 node/v24.0.0" };
    const npx = { executable: at("npm", "_npx", "0a1b", ...NATIVE), argv0: at("npm", "_npx", ...NATIVE) };
    expect(named({ ...npx, path: [bin], env })).toBe("npx @opencoven/cli@next");
    expect(named({ ...npx, executable: at("npm", "_npx", "none", ...NATIVE) })).toBe("npx @opencoven/cli");
    const bunx = join("/t", "bunx-0-@opencoven", "cli@latest", ...NATIVE);
    expect(named({ executable: bunx })).toBe("bunx @opencoven/cli");
    // As Bun 1.4.5 does it.
    const now = join("/home/.bun/install/cache/.bunx-0", "@opencoven", "cli@0.5.0", ...NATIVE);
    expect(named({ executable: now })).toBe("bunx @opencoven/cli@0.5.0");
    const pnpm = { npm_config_user_agent: "pnpm/11.1.0 npm/? node/v24.0.0" };
    expect(named({ executable: join("/c/pnpm/dlx/ab/cd", ...NATIVE), env: pnpm })).toBe(
      "pnpm dlx @opencoven/cli",
    );
    const yarn = { npm_config_user_agent: "yarn/4.9.0 npm/? node/v24.0.0" };
    expect(named({ executable: join("/t/xfs-1/dlx-99", ...NATIVE), env: yarn })).toBe(
      "yarn dlx @opencoven/cli",
    );
  });

  test("of a project's own node_modules is run as that project runs programs, from within it alone", () => {
    const executable = at("stood", ...NATIVE);
    const by = (agent: string) => named({ executable, env: { npm_config_user_agent: agent } });
    expect(named({ executable, path: [at("has", "npx")] })).toBe("npx coven");
    expect(named({ executable, argv0: executable })).toBe(join(...NATIVE));
    expect(named({ executable, argv0: "node_modules/.bin/coven" })).toBe("node_modules/.bin/coven");
    const unplugged = at("stood", ".yarn", "unplugged", "x-npm-0.5.0", ...NATIVE);
    expect(named({ executable: unplugged, env: { npm_config_user_agent: "yarn/4.9.0 npm/?" } })).toBe(
      "yarn run coven",
    );
    expect(by("pnpm/11.1.0 npm/?")).toBe("pnpm exec coven");
    expect(by("yarn/1.22.0 npm/?")).toBe("yarn run coven");
    expect(by("bun/1.4.5 npm/?")).toBe("bunx coven");
    expect(named({ executable, cwd: base })).toBe(join("stood", ...NATIVE));
  });
});

describe("from source", () => {
  const source = () => ({ source: root, executable: at("has", "bun", "bun") });
  const script = { npm_package_json: join(root, "package.json") };

  test("a script of the clone is named as one: by bun where the person has it, else by npx", () => {
    expect(named({ ...source(), env: script, path: [at("has", "npx")] })).toBe(
      `npx -y bun@${Bun.version} run coven`,
    );
    const lent = join(root, "node_modules", ".bin");
    expect(named({ ...source(), env: script, path: [lent] })).toBe(`${at("has", "bun", "bun")} run coven`);
  });

  test("else its file is named", () => {
    const path = [at("has", "npx")];
    expect(named({ ...source(), path })).toBe(`npx -y bun@${Bun.version} ${join(root, "src", "main.ts")}`);
    expect(named({ ...source(), path, cwd: root })).toBe(`npx -y bun@${Bun.version} src/main.ts`);
    // A script of somebody else's that starts us.
    const env = { npm_package_json: at("package.json") };
    expect(named({ ...source(), path, env, cwd: root })).toBe(`npx -y bun@${Bun.version} src/main.ts`);
  });
});

test("command lines in what is said are found, and nothing else is changed", () => {
  // The name of this very test run, which is started from source and not as a script of a shell with coven in it.
  commandsAre(COMMANDS.map(({ name }) => name));
  const name = nameOf({
    argv0: process.argv0,
    executable: process.execPath,
    source: root,
    env: process.env,
    cwd: process.cwd(),
  });
  for (const [said, typed] of [
    ["coven daemon restart   (asks first)", `${name} daemon restart   (asks first)`],
    ["end it: coven send 3f, coven -C DIR sessions", `end it: ${name} send 3f, ${name} -C DIR sessions`],
    ["\x1b[2mcoven attach 3f\x1b[22m", `\x1b[2m${name} attach 3f\x1b[22m`],
    ["COVEN_HOME=/that coven doctor", `COVEN_HOME=/that ${name} doctor`],
  ] as const)
    expect(asTyped(said)).toBe(typed);
  for (const other of [
    "the daemon is coven 0.4.6",
    "/usr/bin/coven run",
    "coven itself has no flag",
    "a coven",
  ])
    expect(asTyped(other)).toBe(other);
});

describe("the line that a run ends with, typed as it stands", () => {
  let line: CommandLine;
  beforeAll(() => {
    line = commandLine();
    rmSync(join(line.home.bin, "coven"));
    symlinkSync(process.execPath, join(line.home.bin, "bun"));
  });
  afterAll(() => line?.[Symbol.asyncDispose]());

  /** Runs a line in a shell that has bun and no coven. */
  async function typed(text: string, cwd: string): Promise<{ out: string; err: string; code: number }> {
    const { home } = line;
    const shell = Bun.spawn(["/bin/sh", "-c", text], {
      cwd,
      env: { HOME: home.base, COVEN_HOME: home.paths.home, PATH: `${home.bin}:/usr/bin:/bin` },
      stdio: ["ignore", "pipe", "pipe"],
    });
    const [out, err, code] = await Promise.all([
      new Response(shell.stdout).text(),
      new Response(shell.stderr).text(),
      shell.exited,
    ]);
    return { out, err, code };
  }

  // It said `coven attach …`, and there was no coven to type.
  for (const [how, text, cwd, name] of [
    ["the script", "bun run coven run demo 'lines 2'", root, "bun run coven"],
    [
      "the script, from a directory below",
      "bun run coven run demo 'lines 2'",
      join(root, "docs"),
      "bun run coven",
    ],
    ["the file", "bun src/main.ts run demo 'lines 2'", root, "bun src/main.ts"],
    ["the file, from elsewhere", `bun ${MAIN} run demo 'lines 2'`, "/", `bun ${MAIN}`],
  ] as const) {
    test(`${how}: it shows the session again`, async () => {
      const first = await typed(text, cwd);
      const [, again = ""] = /See it again: +(.*)/.exec(first.err) ?? [];
      expect(again).toStartWith(`${name} attach `);
      const second = await typed(again, cwd);
      expect(second).toMatchObject({ code: 0, out: expect.stringContaining("line 1\nline 2\n") });
      const [, list = ""] = /All sessions: +(.*)/.exec(first.err) ?? [];
      expect((await typed(list, cwd)).out).toContain("lines 2");
    });
  }

  test("what an error says to try, and what stands under help", async () => {
    const wrong = await typed("bun run --silent coven sesions", root);
    expect(wrong.err).toContain("Try: bun run coven sessions\n");
    const help = await typed("bun run --silent coven help run", root);
    expect(help.err).toBe("\nWhere it says coven, type: bun run coven\n");
    expect(help.out).toContain("coven run codex");
    const doctor = await typed("bun run --silent coven doctor", root);
    expect(doctor.out).toMatch(/^Next: bun run coven run (demo 'say hello'|\w+ 'your task')$/m);
  });
});
