// What a registry would hold after a release of this very tree: our executable packed for this machine, the others as dummies.
import { cpSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { compile } from "../../npm/compile.ts";
import { stagePlatform, stageWrapper, tarball } from "../../npm/packages.ts";
import { TARGETS } from "../../npm/targets.ts";
import manifest from "../../package.json";
import { here } from "./staged.ts";

const root = join(import.meta.dir, "..", "..");

/** Compiles and packs every package under `version` into `folder` and returns the tarballs. */
export async function packages(folder: string, version: string): Promise<string[]> {
  const binary = join(folder, version, "binary", here().executable);
  await compile({ root, entry: entryOf(folder, version), target: here(), outfile: binary });
  const dummy = join(folder, "dummy");
  writeFileSync(dummy, "an executable of another platform\n");
  const made: string[] = [];
  for (const target of TARGETS) {
    const staged = join(folder, version, "npm", target.id);
    stagePlatform(root, staged, target, version, target === here() ? binary : dummy);
    made.push(await tarball(staged, join(folder, version)));
  }
  const staged = join(folder, version, "npm", "cli");
  stageWrapper(root, staged, version);
  made.push(await tarball(staged, join(folder, version)));
  return made;
}

/** The program's entry; of a version that is not ours, in a copy of the sources that says so. */
function entryOf(folder: string, version: string): string {
  if (version === manifest.version) return join(root, "src", "main.ts");
  const copy = join(folder, version, "tree");
  mkdirSync(copy, { recursive: true });
  cpSync(join(root, "src"), join(copy, "src"), { recursive: true });
  writeFileSync(join(copy, "package.json"), JSON.stringify({ ...manifest, version }));
  symlinkSync(join(root, "node_modules"), join(copy, "node_modules"));
  return join(copy, "src", "main.ts");
}

/** An empty home and an empty directory in it to stand in. Paths are short: a socket must fit under the home. */
export interface Stranger {
  readonly home: string;
  readonly cwd: string;
  /** The whole environment of everything the stranger starts. */
  readonly env: Readonly<Record<string, string>>;
  remove(): void;
}

/** A stranger who knows one registry and cannot reach any other; `path` is the PATH, but for `<home>/g`. */
export function stranger(registry: string, path: string): Stranger {
  const home = realpathSync(mkdtempSync(join(tmpdir(), "cv-in-")));
  const cwd = join(home, "d");
  mkdirSync(cwd);
  const nowhere = "http://127.0.0.1:9";
  return {
    home,
    cwd,
    env: {
      // pnpm refuses to install globally into a directory that is not on the PATH.
      PATH: `${path}:${join(home, "g")}`,
      HOME: home,
      TMPDIR: home,
      npm_config_registry: registry,
      YARN_NPM_REGISTRY_SERVER: registry,
      YARN_UNSAFE_HTTP_WHITELIST: "127.0.0.1",
      YARN_ENABLE_TELEMETRY: "0",
      // A package manager that did not listen would fetch what others have published under our name: nothing but ours is reachable.
      HTTP_PROXY: nowhere,
      HTTPS_PROXY: nowhere,
      http_proxy: nowhere,
      https_proxy: nowhere,
      NO_PROXY: "127.0.0.1",
      no_proxy: "127.0.0.1",
    },
    remove: () => rmSync(home, { recursive: true, force: true }),
  };
}
