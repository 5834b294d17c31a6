// A wrapper as it lies on a disk after an install, with a shell script where the executable would be.
import { chmodSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { platformManifest, stageWrapper } from "../../npm/packages.ts";
import { hostTarget, type Target } from "../../npm/targets.ts";

/** One installed wrapper. All paths absolute. */
export interface Staged {
  readonly folder: string;
  readonly wrapper: string;
  readonly launcher: string;
  /** The stand-in for the executable. */
  readonly binary: string;
  /** Writes another stand-in: the body of a `sh` script. */
  script(body: string): void;
  remove(): void;
}

/** The version the staged packages have. */
export const VERSION = "1.2.3";

/** The target of this machine. Throws where nothing is built for it, as nothing here could run. */
export function here(): Target {
  const target = hostTarget();
  if (target === undefined) throw new Error("no target for this machine");
  return target;
}

/** Installs the wrapper, and the platform package of this machine unless `platform` is false. */
export function staged({ platform = true, version = VERSION } = {}): Staged {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "cv-npm-")));
  const scope = join(folder, "node_modules");
  const target = here();
  const wrapper = join(scope, "@opencoven/cli");
  stageWrapper(join(import.meta.dir, "..", ".."), wrapper, VERSION);
  const binary = join(scope, target.package, "bin", target.executable);
  const script = (body: string) => {
    writeFileSync(binary, `#!/bin/sh\n${body}\n`);
    chmodSync(binary, 0o755);
  };
  if (platform) {
    mkdirSync(join(scope, target.package, "bin"), { recursive: true });
    writeFileSync(
      join(scope, target.package, "package.json"),
      JSON.stringify(platformManifest(target, version)),
    );
    script(`echo "coven ${VERSION}"`);
  }
  return {
    folder,
    wrapper,
    launcher: join(wrapper, "bin", "coven.js"),
    binary,
    script,
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** What a program said and how it ended. */
export interface Ran {
  readonly code: number | null;
  readonly signal: string | null;
  readonly out: string;
  readonly err: string;
}

/** Runs a program to its end. `env` is laid over ours; undefined takes a variable away. */
export async function ran(
  argv: string[],
  options: { env?: Record<string, string | undefined>; cwd?: string; stdin?: string } = {},
): Promise<Ran> {
  const child = Bun.spawn(argv, {
    env: { ...process.env, ...options.env },
    cwd: options.cwd ?? tmpdir(),
    stdin: new Blob([options.stdin ?? ""]),
    stdout: "pipe",
    stderr: "pipe",
  });
  const [out, err] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
  ]);
  await child.exited;
  return {
    code: child.exitCode,
    signal: child.signalCode === null ? null : String(child.signalCode),
    out,
    err,
  };
}
