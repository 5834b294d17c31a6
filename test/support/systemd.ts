// An init system of a test's own: the real systemd user manager where it can run, and a script that stands in for it elsewhere.
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { until } from "./until.ts";

/** What a command needs to see it. */
export interface Manager extends AsyncDisposable {
  readonly kind: "systemd" | "script";
  /** `XDG_…`, and a PATH where the stand-in is found. */
  readonly env: Readonly<Record<string, string>>;
  /** Where the unit will lie. */
  readonly unit: string;
  /** `systemctl --user <words>`. */
  systemctl(...words: string[]): { readonly code: number; readonly out: string; readonly err: string };
}

const SYSTEMD = "/usr/lib/systemd/systemd";

/** A manager in a mount namespace of its own: it insists on a machine booted by systemd, which a directory in /run stands for. */
const BOOT = "mount -t tmpfs tmpfs /run && mkdir -p /run/systemd/system && exec";

/** The real one, in a home of its own, or undefined where it does not come up (no systemd, not root, no cgroups). */
export async function realManager(home: string): Promise<Manager | undefined> {
  if (Bun.which("systemctl") === null || Bun.which("unshare") === null || process.getuid?.() !== 0) return;
  const runtime = mkdtempSync(join(tmpdir(), "cv-rt-"));
  chmodSync(runtime, 0o700);
  const env = { XDG_CONFIG_HOME: join(home, "config"), XDG_RUNTIME_DIR: runtime };
  const child = Bun.spawn(["unshare", "-m", "sh", "-c", `${BOOT} ${SYSTEMD} --user --log-target=null`], {
    env: { PATH: "/usr/sbin:/usr/bin:/sbin:/bin", HOME: home, ...env },
    stdio: ["ignore", "ignore", "ignore"],
  });
  const systemctl = caller({ PATH: "/usr/bin:/bin", HOME: home, ...env });
  const end = async () => {
    child.kill("SIGTERM");
    await child.exited;
    rmSync(runtime, { recursive: true, force: true });
  };
  const up = await until(
    "the manager answers or ends",
    () => child.exitCode !== null || systemctl("show", "--property=Version").code === 0,
  ).catch(() => false);
  if (!up || child.exitCode !== null) {
    await end();
    return;
  }
  const unit = join(env.XDG_CONFIG_HOME, "systemd", "user", "coven.service");
  return { kind: "systemd", env, unit, systemctl, [Symbol.asyncDispose]: end };
}

/**
 * A `systemctl` that does for one unit what systemd does: reads the file, starts what it says detached, knows whether it
 * runs, and refuses to stop it by hand. Every call is a line of `<home>/asked`. `broken` is a machine without a user manager.
 */
export function scriptedManager(home: string, path: string, broken = false): Manager {
  const bin = join(home, "init");
  mkdirSync(bin, { recursive: true });
  const config = join(home, "config");
  const unit = join(config, "systemd", "user", "coven.service");
  writeFileSync(join(bin, "systemctl"), broken ? NO_BUS : script(home, unit));
  chmodSync(join(bin, "systemctl"), 0o755);
  const env = { XDG_CONFIG_HOME: config, PATH: `${bin}:${path}` };
  return {
    kind: "script",
    env,
    unit,
    systemctl: caller({ HOME: home, ...env }),
    [Symbol.asyncDispose]: async () => rmSync(bin, { recursive: true, force: true }),
  };
}

const NO_BUS = "#!/bin/sh\necho 'Failed to connect to bus: No medium found' >&2\nexit 1\n";

function script(home: string, unit: string): string {
  return `#!/bin/sh
unit='${unit}' pid='${home}/unit.pid' wanted='${home}/config/systemd/user/default.target.wants/coven.service'
echo "$*" >> '${home}/asked'
active() { [ -f "$pid" ] && grep -q '^State:.[^Z]' "/proc/$(cat "$pid")/status" 2>/dev/null; }
start() {
  [ -f "$unit" ] || { echo 'Failed to start coven.service: Unit coven.service not found.' >&2; exit 5; }
  active && return
  eval "setsid env -i HOME='${home}' $(sed -n 's/^Environment=//p' "$unit") $(sed -n 's/^ExecStart=//p' "$unit") </dev/null >/dev/null 2>&1 &"
  echo $! > "$pid"
}
case "$*" in
  *' start '*) start ;;
  *' enable --now '*) mkdir -p "\${wanted%/*}"; ln -sf "$unit" "$wanted"; start ;;
  *' disable '*) rm -f "$wanted" ;;
  *' is-active '*) active || exit 3 ;;
  *' stop '*|*' restart '*) echo 'Operation refused' >&2; exit 4 ;;
esac
`;
}

function caller(env: Record<string, string>): Manager["systemctl"] {
  return (...words) => {
    const argv = [Bun.which("systemctl", { PATH: env["PATH"] ?? "" }) ?? "systemctl", "--user", ...words];
    const { exitCode, stdout, stderr } = Bun.spawnSync(argv, { env });
    return { code: exitCode, out: stdout.toString().trim(), err: stderr.toString().trim() };
  };
}
