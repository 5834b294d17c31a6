// Where this program comes from: its own file, the npm package around it, and the `coven` that a shell would start.
import { readFileSync, realpathSync } from "node:fs";
import { basename, delimiter, dirname, isAbsolute, join } from "node:path";
import { isCompiled } from "../../../program.ts";

/** How long another coven may take to print its version, in milliseconds. */
const VERSION_MS = 3_000;

/** What doctor wants to know of an install. */
export interface Install {
  /** The executable, or the directory of the source. */
  readonly self: string;
  readonly fromSource: boolean;
  /** The npm package that brought it, with that package's own version. */
  readonly wrapper: { readonly name: string; readonly version: string } | undefined;
  /** The `coven` that a shell starts, where it is not this program; without a version if it printed none. */
  readonly onPath: { readonly path: string; readonly version: string | undefined } | undefined;
}

/** Looks at the disk, and asks another `coven` on the PATH for its version. `executable` is this one; undefined from source. */
export async function installOf(
  path: string,
  executable: string | undefined = isCompiled() ? process.execPath : undefined,
): Promise<Install> {
  const fromSource = executable === undefined;
  const self = fromSource ? join(import.meta.dir, "../../..") : real(executable);
  const found = firstOn(path);
  const wrapper = fromSource ? undefined : wrapperOf(self);
  const other =
    found === undefined || real(found) === self || belongsTo(real(found), wrapper) ? undefined : found;
  const onPath = other === undefined ? undefined : { path: other, version: await versionOf(other) };
  return { self, fromSource, wrapper, onPath };
}

function firstOn(path: string): string | undefined {
  const absolute = path.split(delimiter).filter((entry) => isAbsolute(entry));
  return Bun.which("coven", { PATH: absolute.join(delimiter) }) ?? undefined;
}

interface Wrapper {
  readonly name: string;
  readonly version: string;
  readonly directory: string;
}

/** The wrapper lies beside the package of the executable (npm/targets.ts), or the executable has taken the launcher's place. */
function wrapperOf(self: string): Wrapper | undefined {
  const scope = dirname(dirname(dirname(self)));
  if (!basename(scope).startsWith("@")) return undefined;
  const directory = join(scope, "cli");
  try {
    const { name, version }: { name?: unknown; version?: unknown } = JSON.parse(
      readFileSync(join(directory, "package.json"), "utf8"),
    );
    return typeof name === "string" && typeof version === "string" ? { name, version, directory } : undefined;
  } catch {
    return undefined;
  }
}

function belongsTo(path: string, wrapper: Wrapper | undefined): boolean {
  return wrapper !== undefined && path.startsWith(`${real(wrapper.directory)}/`);
}

async function versionOf(coven: string): Promise<string | undefined> {
  try {
    const child = Bun.spawn([coven, "--version"], {
      stdin: "ignore",
      stderr: "ignore",
      stdout: "pipe",
      timeout: VERSION_MS,
      killSignal: "SIGKILL",
    });
    const [text] = await Promise.all([new Response(child.stdout).text(), child.exited]);
    return /^coven (\d\S*)/.exec(text)?.[1];
  } catch {
    return undefined;
  }
}

function real(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}
