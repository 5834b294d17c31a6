// What a person types to start this program where they stand, and command lines of ours said in that way.
import { existsSync, readFileSync, realpathSync } from "node:fs";
import { delimiter, dirname, isAbsolute, join, relative, sep } from "node:path";
import { isCompiled } from "../../program.ts";
import { COVEN_VERSION } from "../../version.ts";
import { quoted } from "./text.ts";

/** The package that brings `coven`, as package managers name it. */
const PACKAGE = "@opencoven/cli";

/** How this process was started. */
export interface Started {
  /** The first word as it was typed (compiled), and the executable that runs. */
  readonly argv0: string;
  readonly executable: string;
  /** The directory of the source, where that is what runs. */
  readonly source: string | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Where the person stood; absolute. */
  readonly cwd: string;
}

/**
 * The words that start this program from where the person stood, to be followed by its arguments: `coven` where their shell finds
 * it, else the package runner that was used, else a path. Reads the disk, starts nothing.
 */
export function nameOf(started: Started): string {
  const { source, env, cwd, executable } = started;
  if (source !== undefined) {
    if (env["npm_package_json"] === join(source, "package.json")) return `${bunOf(started)} run coven`;
    return isOnPath(started)
      ? "coven"
      : `${bunOf(started)} ${quoted(pathFrom(cwd, join(source, "src", "main.ts")))}`;
  }
  const lent = lenderOf(started);
  if (lent === undefined && isTyped(started)) return quoted(started.argv0);
  if (isOnPath(started)) return "coven";
  return lent ?? withinProject(started) ?? quoted(pathFrom(cwd, executable));
}

/** The first word is a path that somebody typed: the launcher of the npm package starts us by our own. */
function isTyped({ argv0, executable }: Started): boolean {
  return /[\\/]/.test(argv0) && !(argv0 === executable && /[\\/]node_modules[\\/]/.test(executable));
}

/** The runner that has fetched us for one command, as it is typed; undefined where none did. */
function lenderOf({ executable, env }: Started): string | undefined {
  const npx = /^(.*[\\/]_npx[\\/][^\\/]+)[\\/]node_modules[\\/]/.exec(executable)?.[1];
  if (npx !== undefined) return `npx ${quoted(askedOfNpx(npx) ?? PACKAGE)}`;
  const bunx = /[\\/]\.?bunx-\d+[-\\/](.+?)[\\/]node_modules[\\/]/.exec(executable)?.[1];
  if (bunx !== undefined) return `bunx ${quoted(bunx.replace(/@latest$/, ""))}`;
  return /[\\/]dlx(?:-[^\\/]*)?[\\/]/.test(executable)
    ? `${managerOf(env) ?? "pnpm"} dlx ${PACKAGE}`
    : undefined;
}

/** How the project that has us among its packages runs them; undefined outside of one, and where that program is not there. */
function withinProject(started: Started): string | undefined {
  const { executable, env, cwd } = started;
  const project = /^(.*?)[\\/](?:\.yarn[\\/]unplugged|node_modules)[\\/]/.exec(executable)?.[1];
  if (project === undefined || !`${cwd}${sep}`.startsWith(`${project}${sep}`)) return undefined;
  const ways: Readonly<Record<string, string>> = {
    pnpm: "pnpm exec",
    yarn: "yarn run",
    bun: "bunx",
    npm: "npx",
  };
  const own = ways[managerOf(env) ?? ""];
  if (own !== undefined) return `${own} coven`;
  const there = ["npx", "bunx"].find((one) => Bun.which(one, { PATH: personsPath(started) }));
  return there && `${there} coven`;
}

function managerOf(env: Started["env"]): string | undefined {
  return /^(\w+)\//.exec(env["npm_config_user_agent"] ?? "")?.[1];
}

/** What npx was asked for, a version included: it notes that in its cache. */
function askedOfNpx(cache: string): string | undefined {
  const asked = json(join(cache, "package.json"))?.["_npx"];
  const packages = typeof asked === "object" && asked !== null && "packages" in asked ? asked.packages : [];
  return Array.isArray(packages) && typeof packages[0] === "string" ? packages[0] : undefined;
}

/** Bun as the person can type it: their own, else the one that npx fetches, else the one that runs. */
function bunOf(started: Started): string {
  const path = personsPath(started);
  if (Bun.which("bun", { PATH: path })) return "bun";
  return Bun.which("npx", { PATH: path })
    ? `npx -y bun@${Bun.version}`
    : quoted(pathFrom(started.cwd, started.executable));
}

/** The person's own shell finds a `coven`, and nothing says that it is another one. */
function isOnPath(started: Started): boolean {
  const found = Bun.which("coven", { PATH: personsPath(started) });
  if (!found) return false;
  const file = real(found);
  if (file === real(started.executable)) return true;
  // The launcher of the npm package, or what has taken its place: bin/coven.js beneath the package's own file.
  const { name, version } = json(join(dirname(dirname(file)), "package.json")) ?? {};
  return name !== PACKAGE || version === COVEN_VERSION;
}

/** The PATH of the person's shell: without what package managers put in front of it for one command. */
function personsPath({ env }: Started): string {
  const entries = (env["PATH"] ?? "").split(delimiter).filter((entry) => isAbsolute(entry));
  if (env["npm_config_user_agent"] === undefined && env["npm_package_json"] === undefined)
    return entries.join(delimiter);
  const borrowed = (entry: string) =>
    /[\\/]node_modules[\\/]\.bin[\\/]?$|[\\/](?:bun-node|xfs)-[^\\/]+[\\/]?$/.test(entry);
  return entries.filter((entry) => !borrowed(entry)).join(delimiter);
}

/** Short where it lies beneath the directory, and never a bare word, which a shell would look up. */
function pathFrom(cwd: string, path: string): string {
  const below = relative(cwd, path);
  if (dirname(cwd) === cwd || below.startsWith("..") || isAbsolute(below) || below === "") return path;
  return below.includes(sep) ? below : `.${sep}${below}`;
}

function json(path: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = existsSync(path) ? JSON.parse(readFileSync(path, "utf8")) : undefined;
    return typeof value === "object" && value !== null ? { ...value } : undefined;
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

let own: string | undefined;
let commandLines: RegExp | undefined;

/** Where the person stood: before any `-C`. Empty in a directory that was deleted. */
const stood = ((): string => {
  try {
    return process.cwd();
  } catch {
    return "";
  }
})();

/** The name of this process; looked up once. */
function ownName(): string {
  own ??= nameOf({
    argv0: process.argv0,
    executable: process.execPath,
    source: isCompiled() ? undefined : join(import.meta.dir, "..", "..", ".."),
    env: process.env,
    cwd: stood,
  });
  return own;
}

/** The words that follow `coven` in a command line of ours; told once, by the command line itself. */
export function commandsAre(names: readonly string[]): void {
  commandLines = new RegExp(`(?<=^|[\\s("'\`]|\\x1b\\[[\\d;]*m)coven(?= (?:-C|${names.join("|")})\\b)`, "g");
}

/** What goes under a page of help, which calls us `coven`: how that is typed here; undefined where it is `coven`. */
export function nameNote(): string | undefined {
  const name = ownName();
  return name === "coven" ? undefined : `Where it says coven, type: ${name}`;
}

/** The text with each command line in it (`coven attach 3f2a9c1e`) as it can be typed here; one that installs us means the `coven` it installs. */
export function asTyped(text: string): string {
  if (text.startsWith(`npm install --global ${PACKAGE}`)) return text;
  if (commandLines === undefined || text.search(commandLines) < 0) return text;
  const name = ownName();
  return name === "coven" ? text : text.replace(commandLines, () => name);
}
