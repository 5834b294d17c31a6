// The unit and the property list, read by the programs they are written for, or by a parser of the format.

import { afterAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  installation,
  launchdPlist,
  type Supervised,
  systemdUnit,
} from "../../src/supervise/service-file.ts";
import { testUnless, without } from "../support/unless.ts";

const folder = mkdtempSync(join(tmpdir(), "cv-unit-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const plain: Supervised = {
  command: ["/bin/true"],
  home: "/home/ada/.coven",
  stderr: "/home/ada/.coven/logs/daemon.stderr",
  path: "/usr/local/bin:/usr/bin:/bin",
};
/** Every character that means something to one of the two formats. */
const awkward: Supervised = {
  ...plain,
  // biome-ignore lint/suspicious/noTemplateCurlyInString: the characters themselves are what is tried
  command: ["/bin/true", 'a "quoted" $HOME ${HOME} 100% \\n <b>&amp;</b>'],
  home: '/home/ada/my $coven & 50% "x"',
};

/** The lines of a unit as `key -> value`; the keys we use stand once each. */
function settings(unit: string): Record<string, string> {
  return Object.fromEntries(
    unit.split("\n").flatMap((line) => {
      const at = line.indexOf("=");
      return at === -1 || line.startsWith("#") ? [] : [[line.slice(0, at), line.slice(at + 1)]];
    }),
  );
}

describe("the systemd unit", () => {
  test("keeps systemd from ending sessions unasked", () => {
    expect(settings(systemdUnit(plain))).toMatchObject({
      ExecStart: '"/bin/true" "daemon" "serve"',
      RefuseManualStop: "yes",
      KillMode: "process",
      OOMPolicy: "continue",
      Restart: "on-failure",
    });
  });

  test("takes every path literally", () => {
    const { ExecStart, Environment } = settings(systemdUnit(awkward));
    expect(ExecStart).toBe(
      '"/bin/true" "a \\"quoted\\" $$HOME $${HOME} 100%% \\\\n <b>&amp;</b>" "daemon" "serve"',
    );
    expect(Environment).toStartWith('"COVEN_HOME=/home/ada/my $coven & 50%% \\"x\\"" "PATH=');
  });

  testUnless(without("systemd-analyze"))("systemd finds nothing wrong with it", async () => {
    for (const supervised of [plain, awkward]) {
      const file = join(folder, "coven.service");
      writeFileSync(file, systemdUnit(supervised));
      const check = Bun.spawn(["systemd-analyze", "--user", "--man=no", "verify", file], {
        env: { ...process.env, XDG_RUNTIME_DIR: folder },
        stdout: "pipe",
        stderr: "pipe",
      });
      const said = await new Response(check.stderr).text();
      // It verifies what the unit leads to as well; only what it says of ours counts.
      expect(said.split("\n").filter((line) => line.includes("coven"))).toEqual([]);
      expect(await check.exited).toBe(0);
    }
  });
});

describe("the property list", () => {
  test("says what launchd must know", () => {
    const plist = launchdPlist(plain);
    expect(plist).toMatch(/<key>AbandonProcessGroup<\/key>\s*<true\/>/);
    expect(plist).toMatch(/<key>SuccessfulExit<\/key>\s*<false\/>/);
  });

  testUnless(without("python3"))("a parser of the format reads back every word", async () => {
    const program = "import json, plistlib, sys; print(json.dumps(plistlib.loads(sys.stdin.buffer.read())))";
    const child = Bun.spawn(["python3", "-c", program], {
      stdin: new Blob([launchdPlist(awkward)]),
      stdout: "pipe",
    });
    expect(await new Response(child.stdout).json()).toEqual({
      Label: "com.opencoven.coven",
      ProgramArguments: [...awkward.command, "daemon", "serve"],
      EnvironmentVariables: { COVEN_HOME: awkward.home, PATH: awkward.path },
      RunAtLoad: true,
      KeepAlive: { SuccessfulExit: false },
      AbandonProcessGroup: true,
      ExitTimeOut: 20,
      ProcessType: "Interactive",
      StandardErrorPath: awkward.stderr,
    });
  });
});

test.each(["linux", "darwin"])("what a file of ours starts is read back from it: %s", (system) => {
  for (const supervised of [plain, awkward]) {
    const made = installation(system, supervised, { home: "/home/ada", uid: 1000, name: "ada" });
    expect(made?.commandIn(made.content)).toEqual([...supervised.command, "daemon", "serve"]);
    expect(made?.commandIn("[Service]\nExecStart=/usr/bin/env coven\n")).toBeUndefined();
  }
});

describe("where it goes", () => {
  const ada = { home: "/home/ada", uid: 1000, name: "ada" };

  test("Linux: the user's own units, wherever the configuration lives, and how to outlive a logout", () => {
    const made = installation("linux", plain, ada);
    expect(made?.file).toBe("/home/ada/.config/systemd/user/coven.service");
    expect(made?.hint).toContain("loginctl enable-linger ada");
    expect(installation("linux", plain, { ...ada, configHome: "/c" })?.file).toBe(
      "/c/systemd/user/coven.service",
    );
  });

  test("macOS: the user's agents, in the user's own domain", () => {
    const made = installation("darwin", plain, ada);
    expect(made?.file).toBe("/home/ada/Library/LaunchAgents/com.opencoven.coven.plist");
    expect(made?.install).toEqual([["launchctl", "bootstrap", "gui/1000", made?.file ?? ""]]);
  });

  test("anywhere else there is nothing to install", () => {
    expect(installation("win32", plain, ada)).toBeUndefined();
  });
});
