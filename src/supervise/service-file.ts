// What systemd and launchd are told so that they keep the daemon running: a user unit, a property list, and the commands. Pure text.
import { join } from "node:path";
import { LASTING_EXIT } from "../daemon/report.ts";

/** What is kept. All paths absolute. */
export interface Supervised {
  /** The executable and the arguments before `daemon serve` (none for the compiled program). */
  readonly command: readonly string[];
  /** COVEN_HOME. */
  readonly home: string;
  /** Where what the runtime itself prints goes, on systems without a journal. */
  readonly stderr: string;
  /** The daemon's PATH; a session launched by the CLI brings its own. */
  readonly path: string;
}

/** A file to write and the commands that go with it. Each command is an argv; none needs root. */
export interface Installation {
  readonly file: string;
  readonly content: string;
  /** The init system's name. */
  readonly by: "systemd" | "launchd";
  /** Stands in the file of a daemon of this very home, and in no other's. */
  readonly mark: string;
  /** The command that such a file starts, `daemon serve` included; undefined when it can't be told. */
  commandIn(content: string): readonly string[] | undefined;
  /** Succeeds when the init system can be asked at all. */
  readonly ready: readonly string[];
  /** Succeeds, and prints `says` where that is given, while it has the daemon running. */
  readonly active: { readonly command: readonly string[]; readonly says?: string };
  /** Run in order; they have it start the daemon, and the last one says whether it did. No harm when it runs. */
  readonly start: readonly (readonly string[])[];
  /** Run in order after the file is written; they start the daemon too. */
  readonly install: readonly (readonly string[])[];
  /** Run in order before the file is removed. launchd ends the daemon here, live sessions or not: stop it over its API first. */
  readonly uninstall: readonly (readonly string[])[];
  /** After removal, so that the init system forgets it. */
  readonly forget: readonly (readonly string[])[];
  /** One sentence for the person, or undefined. */
  readonly hint?: string;
}

const UNIT = "coven.service";
/** systemd.exec(5), "Process Exit Codes": the program could not be started, mostly because it is gone. */
const EXEC_FAILED = 203;
/** Two for each session. */
const DESCRIPTORS = 4096;
const LABEL = "com.opencoven.coven";

/**
 * The unit of `systemctl --user`. Sessions are children of the daemon and hang on terminals only it holds, so they end
 * with it whatever systemd does; the unit therefore keeps systemd from ending it unasked:
 * - `RefuseManualStop`: `systemctl --user stop|restart` is refused; `coven daemon stop|restart` asks when sessions live.
 *   An upgrade of the package and `daemon-reload` touch nothing. Logging out still stops it, in order.
 * - `ExecReload`: `systemctl --user reload` has the program that the unit names go on in its place: the same process, and its sessions with it.
 * - `KillMode=process`: a stop signals the daemon alone, which ends its sessions by their own rules and records it;
 *   the default would kill every process of the group under its hands, and those that outlived a session on purpose.
 *   After a crash nothing is killed before the next daemon has accounted for it.
 * - `OOMPolicy=continue`: an agent that eats the memory dies alone; by default the whole service is stopped with it.
 *   `ManagedOOMPreference=avoid`: systemd-oomd, which ends whole groups, takes another group first.
 * - `StartLimitIntervalSec=0`: after crashes in a row it is started again all the same; by default systemd gives up after five, and what is left of the
 *   sessions is nobody's. What starting again does not mend is tried once (`RestartPreventExitStatus`).
 * - `FileDescriptorStoreMax`: systemd keeps the terminals of sessions and a descriptor of each program while the daemon is started again after a crash, so that
 *   they go on (decision 47). `NotifyAccess`: the daemon alone may give it any.
 * - `TasksMax=infinity`: all sessions are of this group, and its default is for one program. The user's own limit stays.
 */
export function systemdUnit({ command, home, path }: Supervised): string {
  return `# Written by "coven daemon install"; "coven daemon uninstall" removes it.
[Unit]
Description=Coven, a local runtime for coding agents
Documentation=https://github.com/OpenCoven/coven
RefuseManualStop=yes
StartLimitIntervalSec=0

[Service]
Type=exec
ExecStart=${[...command, "daemon", "serve"].map((word) => systemdWord(word, "command")).join(" ")}
ExecReload=${[...command, "daemon", "restart"].map((word) => systemdWord(word, "command")).join(" ")}
Environment=${systemdHome(home)} ${systemdWord(`PATH=${path}`, "value")}
Restart=on-failure
RestartSec=1
RestartPreventExitStatus=${LASTING_EXIT} ${EXEC_FAILED}
KillMode=process
NotifyAccess=main
FileDescriptorStoreMax=${DESCRIPTORS}
TimeoutStopSec=20
OOMPolicy=continue
ManagedOOMPreference=avoid
TasksMax=infinity

[Install]
WantedBy=default.target
`;
}

/** The command that a unit of ours starts, as `systemdUnit` wrote it; undefined when somebody wrote it otherwise. */
function systemdCommand(unit: string): readonly string[] | undefined {
  const line = /^ExecStart=(.*)$/m.exec(unit)?.[1];
  if (line === undefined || !/^"(?:[^"\\]|\\.)*"(?: "(?:[^"\\]|\\.)*")*$/.test(line)) return undefined;
  return Array.from(line.matchAll(/"((?:[^"\\]|\\.)*)"/g), ([, word = ""]) =>
    word
      .replaceAll("$$", "$")
      .replaceAll("%%", "%")
      .replace(/\\(.)/g, (_, escaped: string) => (escaped === "n" ? "\n" : escaped)),
  );
}

/** The command that a property list of ours starts, as `launchdPlist` wrote it; undefined when somebody wrote it otherwise. */
function launchdCommand(plist: string): readonly string[] | undefined {
  const list = /<key>ProgramArguments<\/key>\s*<array>([\s\S]*?)<\/array>/.exec(plist)?.[1];
  const words = Array.from(list?.matchAll(/<string>([^<]*)<\/string>/g) ?? [], ([, word = ""]) =>
    word.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&"),
  );
  return words.length > 0 ? words : undefined;
}

function systemdHome(home: string): string {
  return systemdWord(`COVEN_HOME=${home}`, "value");
}

/** Quoted for a unit file: specifiers and, in a command line, variables are taken literally. Source: systemd.syntax(7). */
function systemdWord(text: string, place: "command" | "value"): string {
  const escaped = text
    .replaceAll("\\", "\\\\")
    .replaceAll('"', '\\"')
    .replaceAll("%", "%%")
    .replaceAll("\n", "\\n");
  // systemd.service(5): `$` is special in ExecStart only, and a doubled one stays doubled anywhere else.
  return `"${place === "command" ? escaped.replaceAll("$", "$$$$") : escaped}"`;
}

/**
 * The property list of a launchd agent. `AbandonProcessGroup` is launchd's `KillMode=process`; launchd knows no refusal
 * of a manual stop, so `launchctl kickstart -k` ends live sessions. `ProcessType` keeps macOS from throttling terminals.
 */
export function launchdPlist({ command, home, stderr, path }: Supervised): string {
  const strings = [...command, "daemon", "serve"]
    .map((word) => `    <string>${xml(word)}</string>`)
    .join("\n");
  return `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
<dict>
  <key>Label</key>
  <string>${LABEL}</string>
  <key>ProgramArguments</key>
  <array>
${strings}
  </array>
  <key>EnvironmentVariables</key>
  <dict>
    ${launchdHome(home)}
    <key>PATH</key>
    <string>${xml(path)}</string>
  </dict>
  <key>RunAtLoad</key>
  <true/>
  <key>KeepAlive</key>
  <dict>
    <key>SuccessfulExit</key>
    <false/>
  </dict>
  <key>AbandonProcessGroup</key>
  <true/>
  <key>ExitTimeOut</key>
  <integer>20</integer>
  <key>ProcessType</key>
  <string>Interactive</string>
  <key>StandardErrorPath</key>
  <string>${xml(stderr)}</string>
</dict>
</plist>
`;
}

function launchdHome(home: string): string {
  return `<key>COVEN_HOME</key>\n    <string>${xml(home)}</string>`;
}

function xml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

/**
 * What to write and run on this system, or undefined where there is no init system we know (Windows among them).
 * `userHome` is the home directory, `configHome` the value of XDG_CONFIG_HOME if set, `uid` the user's number.
 */
export function installation(
  system: string,
  supervised: Supervised,
  user: { readonly home: string; readonly configHome?: string; readonly uid: number; readonly name: string },
): Installation | undefined {
  if (system === "linux") {
    const folder = join(user.configHome || join(user.home, ".config"), "systemd", "user");
    return {
      file: join(folder, UNIT),
      content: systemdUnit(supervised),
      by: "systemd",
      mark: systemdHome(supervised.home),
      commandIn: systemdCommand,
      ready: ["systemctl", "--user", "show", "--property=Version"],
      active: { command: ["systemctl", "--user", "is-active", "--quiet", UNIT] },
      start: [
        // Somebody who asks is no crash in a loop: systemd counts both.
        ["systemctl", "--user", "reset-failed", UNIT],
        ["systemctl", "--user", "start", UNIT],
      ],
      install: [
        ["systemctl", "--user", "daemon-reload"],
        ["systemctl", "--user", "enable", "--now", UNIT],
      ],
      // Takes it out of the start-up only: the unit refuses to be stopped this way.
      uninstall: [["systemctl", "--user", "disable", UNIT]],
      forget: [["systemctl", "--user", "daemon-reload"]],
      hint: `systemd ends it when you log out, unless you run: loginctl enable-linger ${user.name}`,
    };
  }
  if (system === "darwin") {
    const file = join(user.home, "Library", "LaunchAgents", `${LABEL}.plist`);
    return {
      file,
      content: launchdPlist(supervised),
      by: "launchd",
      mark: launchdHome(supervised.home),
      commandIn: launchdCommand,
      ready: ["launchctl", "print", `gui/${user.uid}`],
      // It lists what it has loaded, and a pid only for what runs.
      active: { command: ["launchctl", "list", LABEL], says: '"PID" = ' },
      start: [["launchctl", "kickstart", `gui/${user.uid}/${LABEL}`]],
      install: [["launchctl", "bootstrap", `gui/${user.uid}`, file]],
      uninstall: [["launchctl", "bootout", `gui/${user.uid}/${LABEL}`]],
      forget: [],
    };
  }
  return undefined;
}
