// The package managers the install suite goes through: where each comes from, how each installs, how each starts a program.
import { existsSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { WRAPPER } from "../../npm/targets.ts";
import type { Stranger } from "./published.ts";

/** Pinned, and not dependencies of the project: only this suite wants them. */
const VERSIONS = ["pnpm@12.21.0", "yarn@1.22.22", "@yarnpkg/cli-dist@4.18.1"];

/** The tools, by argv. */
export interface Tools {
  readonly npm: readonly string[];
  readonly npx: readonly string[];
  readonly pnpm: readonly string[];
  readonly yarn: readonly string[];
  readonly berry: readonly string[];
  readonly bun: readonly string[];
  readonly bunx: readonly string[];
  /** PATHs: with Node and no Bun, and with Bun and no Node. */
  readonly withNode: string;
  readonly withBun: string;
  /** A directory with pnpm and the yarn of this way, by the names that people type. */
  byName(way: Way): string;
}

/** Fetches the managers into `folder` with the npm of this machine, which may use the network for it. */
export async function fetchTools(folder: string): Promise<Tools> {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "package.json"), '{ "private": true }');
  const npm = Bun.which("npm");
  const node = Bun.which("node");
  if (npm === null || node === null) throw new Error("npm and node must be on the PATH");
  const get = Bun.spawn([npm, "install", "--no-audit", "--no-fund", "--loglevel=error", ...VERSIONS], {
    cwd: folder,
    stdout: "ignore",
    stderr: "pipe",
  });
  if ((await get.exited) !== 0)
    throw new Error(`npm install ${VERSIONS.join(" ")}: ${await new Response(get.stderr).text()}`);
  const modules = join(folder, "node_modules");
  const [withNode, withBun] = [join(folder, "with-node"), join(folder, "with-bun")];
  mkdirSync(withNode);
  mkdirSync(withBun);
  // npm is a script that finds its own folder through the link; node's directory may hold a bun too, hence links.
  for (const name of ["node", "npm", "npx"])
    symlinkSync(join(dirname(name === "node" ? node : npm), name), join(withNode, name));
  for (const name of ["bun", "bunx"]) symlinkSync(process.execPath, join(withBun, name));
  for (const name of ["sh", "env", "uname", "ls", "sed", "cat", "dirname", "readlink", "basename"]) {
    const found = Bun.which(name);
    if (found === null) continue;
    for (const folder of [withNode, withBun]) symlinkSync(found, join(folder, name));
  }
  return {
    npm: ["npm"],
    npx: ["npx", "--yes"],
    pnpm: [join(modules, ".bin", "pnpm")],
    yarn: ["node", join(modules, "yarn", "bin", "yarn.js")],
    berry: ["node", join(modules, "@yarnpkg", "cli-dist", "bin", "yarn.js")],
    bun: ["bun"],
    bunx: ["bunx"],
    withNode,
    withBun,
    byName: ({ name }) => {
      const directory = join(folder, /classic/.test(name) ? "classic" : "berry");
      mkdirSync(directory, { recursive: true });
      const yarn = join(
        modules,
        /classic/.test(name) ? "yarn" : join("@yarnpkg", "cli-dist"),
        "bin",
        "yarn.js",
      );
      for (const [command, file] of [
        ["yarn", yarn],
        ["pnpm", join(modules, ".bin", "pnpm")],
      ] as const)
        if (!existsSync(join(directory, command))) symlinkSync(file, join(directory, command));
      return directory;
    },
  };
}

/** One way people get the program. */
export interface Way {
  readonly name: string;
  readonly path: "withNode" | "withBun";
  /** Commands run once, in order; each an argv. */
  readonly install: (tools: Tools, who: Stranger, registry: string) => (readonly string[])[];
  /** What to put before the program's own arguments. */
  readonly start: (tools: Tools, who: Stranger, registry: string) => readonly string[];
  /** What is then typed for the program, as it says itself in its hints. */
  readonly typed: (who: Stranger) => string;
  /** What must lie in the launcher's place afterwards; undefined where it is out of sight. */
  readonly launcher?: { readonly at: (who: Stranger) => string; readonly native: boolean };
}

const here = (who: Stranger) => join(who.cwd, "node_modules", WRAPPER, "bin", "coven.js");
const bin = (who: Stranger) => [join(who.cwd, "node_modules", ".bin", "coven")];
const globally = (who: Stranger) => join(who.home, "g", "lib", "node_modules", WRAPPER, "bin", "coven.js");

export const WAYS: readonly Way[] = [
  {
    name: "npm install --global",
    path: "withNode",
    // npm from 12 on asks for the flag; older ones warn of an unknown one and run the step.
    typed: (who) => join(who.home, "g", "bin", "coven"),
    install: ({ npm }, who) => [
      [...npm, "install", "--global", "--prefix", join(who.home, "g"), `--allow-scripts=${WRAPPER}`, WRAPPER],
    ],
    start: (_, who) => [join(who.home, "g", "bin", "coven")],
    launcher: { at: globally, native: true },
  },
  {
    name: "npm install --ignore-scripts",
    path: "withNode",
    typed: () => "npx coven",
    install: ({ npm }) => [[...npm, "install", "--ignore-scripts", WRAPPER]],
    start: (_, who) => bin(who),
    launcher: { at: here, native: false },
  },
  {
    name: "npx",
    path: "withNode",
    typed: () => `npx ${WRAPPER}`,
    install: () => [],
    start: ({ npx }) => [...npx, WRAPPER],
  },
  {
    name: "npx --ignore-scripts",
    path: "withNode",
    typed: () => `npx ${WRAPPER}`,
    install: () => [],
    start: ({ npx }) => [...npx, "--ignore-scripts", WRAPPER],
  },
  {
    name: "pnpm add --allow-build",
    path: "withNode",
    typed: () => "npx coven",
    install: ({ pnpm }, _, registry) => [
      [...pnpm, "add", `--registry=${registry}`, `--allow-build=${WRAPPER}`, WRAPPER],
    ],
    start: (_, who) => bin(who),
    launcher: { at: here, native: false },
  },
  {
    name: "pnpm add --global",
    path: "withNode",
    typed: () => "coven",
    install: ({ pnpm }, who, registry) => [
      [
        ...pnpm,
        "add",
        "--global",
        `--registry=${registry}`,
        `--config.global-bin-dir=${who.home}/g`,
        WRAPPER,
      ],
    ],
    start: (_, who) => [join(who.home, "g", "coven")],
  },
  {
    name: "pnpm dlx",
    path: "withNode",
    typed: () => `pnpm dlx ${WRAPPER}`,
    install: () => [],
    start: ({ pnpm }, _, registry) => [...pnpm, `--config.registry=${registry}`, "dlx", WRAPPER],
  },
  {
    name: "yarn add (classic)",
    path: "withNode",
    typed: () => "npx coven",
    install: ({ yarn }, _, registry) => [[...yarn, "add", "--registry", registry, WRAPPER]],
    start: (_, who) => bin(who),
    launcher: { at: here, native: false },
  },
  {
    name: "yarn add (Plug'n'Play)",
    path: "withNode",
    typed: () => "yarn run coven",
    install: ({ berry }) => [
      [
        "node",
        "-e",
        "for (const [f, t] of [['package.json', '{}'], ['yarn.lock', '']]) fs.writeFileSync(f, t)",
      ],
      [...berry, "add", WRAPPER],
    ],
    start: ({ berry }) => [...berry, "coven"],
  },
  {
    // It deletes the program as soon as the command ends; the daemon that was started goes on without its file.
    name: "yarn dlx",
    path: "withNode",
    typed: () => `yarn dlx ${WRAPPER}`,
    install: () => [],
    start: ({ berry }) => [...berry, "dlx", "-q", WRAPPER],
  },
  {
    name: "bunx, without Node",
    path: "withBun",
    typed: () => `bunx ${WRAPPER}`,
    install: () => [],
    start: ({ bunx }) => [...bunx, WRAPPER],
  },
  {
    name: "bun add, without Node",
    path: "withBun",
    typed: () => "bunx coven",
    install: ({ bun }) => [[...bun, "add", WRAPPER]],
    start: ({ bunx }) => [...bunx, "coven"],
    launcher: { at: here, native: false },
  },
  {
    name: "bun add --trust, without Node",
    path: "withBun",
    typed: (who) => bin(who).join(""),
    install: ({ bun }) => [[...bun, "add", "--trust", WRAPPER]],
    start: (_, who) => bin(who),
    launcher: { at: here, native: true },
  },
];
