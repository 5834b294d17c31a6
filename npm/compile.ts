// Turns the program into one executable: which runtime goes in, with which switches, and the check of what came out.
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { signAdHoc, stalePages } from "./macho.ts";
import { hostTarget, type Target } from "./targets.ts";

/** What macOS shows as the identity of an ad-hoc signed executable. */
const IDENTIFIER = "coven";

/** What goes in and where it comes out. All paths absolute. */
export interface Compilation {
  readonly root: string;
  readonly entry: string;
  readonly target: Target;
  /** The executable to write; made with its folders, replaced as a whole when it exists. */
  readonly outfile: string;
}

/**
 * Compiles `entry` for a target and returns the executable's size in bytes. Same input, same bytes: the runtime is
 * the lockfile's, no path of this machine and no time gets in. Throws with a sentence when the runtime is not
 * installed or the bundler refuses.
 */
export async function compile({ root, entry, target, outfile }: Compilation): Promise<number> {
  const runtime = runtimeOf(root, target);
  mkdirSync(dirname(outfile), { recursive: true });
  const made = join(dirname(outfile), `.making-${process.pid}`, target.executable);
  // The bundler names chunks after a hash of their paths as seen from here: from the root, it is the same everywhere.
  const stood = process.cwd();
  process.chdir(root);
  const result = await Bun.build({
    throw: false,
    entrypoints: [entry],
    target: "bun",
    format: "esm",
    // Names stay: a stack trace in the daemon's log must say something, and bytecode makes their length cost nothing.
    minify: { whitespace: true, syntax: true, identifiers: false },
    bytecode: true,
    // One chunk per dynamic import: a command loads what it needs (docs/decisions/0007).
    splitting: true,
    // The second terminal driver is native and for work on the repository only; the executable answers without it.
    external: ["node-pty"],
    compile: {
      target: target.bun,
      executablePath: runtime,
      outfile: made,
      // A program that has any starts in a directory that was deleted too; Bun 1.4 refuses before our first line where there are none (decision 55). This one
      // does nothing here: we print no warnings of the runtime's.
      execArgv: ["--no-deprecation"],
      // A file in the directory somebody stands in must not decide what our code does. All four are on or may become so.
      autoloadBunfig: false,
      autoloadDotenv: false,
      autoloadTsconfig: false,
      autoloadPackageJson: false,
    },
  }).finally(() => process.chdir(stood));
  if (!result.success) throw new Error(result.logs.map(String).join("\n"));
  if (target.os === "darwin") sign(made);
  chmodSync(made, 0o755);
  // Renamed into place: a running older executable keeps its file, and nobody ever sees half of one.
  renameSync(made, outfile);
  await Bun.$`rmdir ${dirname(made)}`.quiet();
  return Bun.file(outfile).size;
}

/** Where the runtime of a target lies in `node_modules`. */
export function runtimeOf(root: string, target: Target): string {
  const name = target.os === "win32" ? "bun.exe" : "bun";
  const own = join(root, "node_modules", target.runtime, "bin", name);
  if (existsSync(own)) return own;
  // The `bun` package's install step moves this machine's runtime out of its platform package into its own.
  const moved = join(root, "node_modules", "bun", "bin", "bun.exe");
  if (target === hostTarget() && existsSync(moved)) return moved;
  throw new Error(
    `The runtime for ${target.id} (${target.runtime}) is not installed.\n` +
      "Try: bun install --frozen-lockfile --os='*' --cpu='*' --libc='*'",
  );
}

/** Replaces whatever signature stands in a Mach-O file by a valid ad-hoc one, and looks again. */
function sign(path: string): void {
  const signed = signAdHoc(readFileSync(path), IDENTIFIER);
  if (stalePages(signed).length > 0) throw new Error(`${path}: the signature just made does not hold.`);
  writeFileSync(path, signed);
}
