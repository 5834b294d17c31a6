// Holds that whatever keeps the daemon from starting is a problem to doctor too, and that both say it in a sentence.
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type CovenPaths, covenPaths } from "../../src/paths.ts";
import { ptyHost } from "../../src/pty/drivers.ts";
import { openLedger } from "../../src/store/ledger.ts";
import { spawnDaemon } from "../../src/supervise/spawn.ts";
import { type CommandLine, commandLine } from "../support/command-line.ts";
import { MAIN } from "../support/daemon-home.ts";

/** What lies in the way, and what doctor says of it. */
const IN_THE_WAY: readonly (readonly [
  name: string,
  make: (paths: CovenPaths) => void,
  line: RegExp,
  next: string,
])[] = [
  [
    "a setting that can't be meant",
    (paths) => writeFileSync(paths.config, "[retention]\ndays = -1\n"),
    /^problem {2}config .*line 2: retention\.days must be/m,
    "coven config set retention.days 0",
  ],
  [
    "no TOML",
    (paths) => writeFileSync(paths.config, "x = = 1\n"),
    /^problem {2}config .*not TOML/m,
    "edit line 1",
  ],
  [
    "settings that are a directory",
    (paths) => mkdirSync(paths.config),
    /^problem {2}config .*EISDIR/m,
    "ls -ld ",
  ],
  [
    "a ledger that is a link",
    (paths) => {
      writeFileSync(`${paths.home}/../real.db`, "");
      symlinkSync(`${paths.home}/../real.db`, paths.ledger);
    },
    /^problem {2}store .*coven\.db must be a plain file/m,
    "mv ",
  ],
  [
    "a ledger that is a directory",
    (paths) => mkdirSync(paths.ledger),
    /^problem {2}store .*must be a plain/m,
    "mv ",
  ],
  [
    "logs that are a file",
    (paths) => writeFileSync(paths.logs, ""),
    /^problem {2}files .*logs is no directory/m,
    "mv ",
  ],
  [
    "a directory for the last words",
    (paths) => mkdirSync(join(paths.logs, "daemon.stderr"), { recursive: true }),
    /^problem {2}files .*daemon\.stderr is a directory/m,
    "mv ",
  ],
  [
    "a directory for the identity",
    (paths) => mkdirSync(paths.identity),
    /^problem {2}files .*daemon\.json is a directory/m,
    "mv ",
  ],
  [
    "a directory for the socket",
    (paths) => mkdirSync(paths.socket),
    /^problem {2}socket .*not a socket/m,
    "mv ",
  ],
];

function made(line: CommandLine): CovenPaths {
  mkdirSync(line.home.paths.home, { mode: 0o700 });
  return line.home.paths;
}

describe("what keeps the daemon from starting is a problem to doctor", () => {
  for (const [name, make, says, next] of IN_THE_WAY) {
    test(name, async () => {
      await using line = commandLine();
      make(made(line));
      const [doctor, start] = [await line.coven(["doctor"]), await line.coven(["daemon", "start"])];
      expect(start.code).toBe(1);
      // A system's word for it (`EEXIST: file already exists, mkdir …`) is no sentence.
      expect(start.err).toMatch(/^Error: [^\n]+\nTry: [^\n]+\n$/);
      expect(start.err).not.toMatch(/E[A-Z]+: /);
      expect(doctor.out).toMatch(says);
      expect(doctor.out.slice(doctor.out.search(says)).split("\n")[1]).toMatch(new RegExp(`Try: .*${next}`));
      expect(doctor.code).toBe(1);
    });
  }
});

test("what does not keep it from starting is a warning: unknown settings, and files others may read", async () => {
  await using line = commandLine();
  const paths = made(line);
  writeFileSync(paths.config, "[retention]\ndayz = 1\n");
  openLedger(paths.ledger).close();
  chmodSync(paths.ledger, 0o644);
  const { code, out } = await line.coven(["doctor"]);
  expect(out).toMatch(
    /^warning {2}config .*there is no setting "retention\.dayz"; it is ignored\.\n +Try: coven config list/m,
  );
  expect(out).toMatch(/^warning {2}files .*coven\.db lets others in \(0644\)\n +Try: chmod 600 /m);
  expect(code).toBe(0);
});

describe("in a directory that was deleted", () => {
  for (const words of [["run", "demo", "hi"], ["doctor"]]) {
    test(`coven ${words[0]} says so`, async () => {
      // Once: `ENOENT: process.cwd failed with error …, uv_cwd`.
      await using line = commandLine();
      const gone = join(line.home.base, "gone");
      mkdirSync(gone);
      const shell = Bun.spawn(
        ["/bin/sh", "-c", 'cd "$0" && rmdir "$0" && exec "$@"', gone, process.execPath, MAIN, ...words],
        {
          env: { HOME: line.home.base, COVEN_HOME: line.home.paths.home, PATH: "/usr/bin:/bin" },
          ...{ stdout: "pipe", stderr: "pipe" },
        },
      );
      const [out, err] = await Promise.all([
        new Response(shell.stdout).text(),
        new Response(shell.stderr).text(),
      ]);
      expect(await shell.exited).toBe(words[0] === "run" ? 125 : 1);
      expect(out + err).toContain("The directory you are in is gone");
      expect(out + err).toContain("Try: cd ~");
      expect(out + err).not.toContain("uv_cwd");
    });
  }
});

test("coven alone at a terminal, in a directory that was deleted, says so too", async () => {
  await using line = commandLine();
  const gone = join(line.home.base, "gone");
  mkdirSync(gone);
  const { promise, resolve } = Promise.withResolvers<number | null>();
  let shown = "";
  ptyHost({}).spawn(
    {
      argv: ["/bin/sh", "-c", 'cd "$0" && rmdir "$0" && exec "$@"', gone, process.execPath, MAIN],
      cwd: "/",
      env: { HOME: line.home.base, COVEN_HOME: line.home.paths.home, PATH: "/usr/bin:/bin", TERM: "xterm" },
      ...{ cols: 120, rows: 24 },
    },
    {
      data: (bytes) => {
        shown += new TextDecoder().decode(bytes);
      },
      exit: ({ exitCode }) => resolve(exitCode),
    },
  );
  expect(await promise).toBe(1);
  expect(shown).toContain("The directory you are in is gone");
  expect(shown).toContain("cd ~");
  expect(shown).not.toContain("uv_cwd");
});

describe("a daemon that ends without a report", () => {
  let dir: string;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), "cv-ds-"));
    mkdirSync(join(dir, "logs"));
  });
  afterEach(() => rmSync(dir, { recursive: true, force: true }));

  async function reason(command: readonly string[]): Promise<string> {
    const said = await spawnDaemon(covenPaths({ COVEN_HOME: dir }), { command, timeoutMs: 10_000 });
    return said.outcome === "failed" ? said.error.message : said.outcome;
  }
  const shell = (script: string) => reason(["/bin/sh", "-c", `${script} >&2; exit 1`]);

  test("is quoted with its reason alone", async () => {
    // Once: `The daemon ended while starting: Error: …`, its own Try line, and ours after that.
    expect(await shell("printf 'Error: It is late.\\nTry: coven doctor\\n'")).toBe(
      "The daemon ended while starting: It is late.",
    );
    expect(await shell("printf 'some words\\nmore\\n'")).toBe(
      "The daemon ended while starting: some words\nmore",
    );
    expect(await shell("printf 'Try: coven doctor\\n'")).toBe(
      "The daemon ended while starting, without a word.",
    );
  });

  test("is not the crash report of the runtime: what it means is said", async () => {
    const report =
      "panic(main thread): abort() called\\noh no: Bun has crashed.\\n\\n https://bun.report/1\\n";
    expect(await shell(`printf '${report}'`)).toBe(
      "The daemon ended while starting: its runtime gave up (panic(main thread): abort() called), as it does where no process or thread more may be started.",
    );
  });

  test.each(["0", "1"])(
    "a missing module is named, without the runtime's stack and version, FORCE_COLOR=%s",
    async (colour) => {
      const broken = join(dir, "broken.ts");
      writeFileSync(broken, 'import "./missing.ts";\n');
      expect(await reason(["/usr/bin/env", `FORCE_COLOR=${colour}`, process.execPath, broken])).toMatch(
        /^The daemon ended while starting: Cannot find module '\.\/missing\.ts' from '[^\n]+'$/,
      );
    },
  );
});
