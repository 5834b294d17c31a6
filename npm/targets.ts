// The one table of platforms: what is built for each, out of which runtime, and under which package it is published.
import { closeSync, openSync, readSync } from "node:fs";

/** The package people install; the platform packages stand behind it as optional dependencies. */
export const WRAPPER = "@opencoven/cli";

/** Where the sources and the release files live; no slash at the end. */
export const REPOSITORY = "https://github.com/OpenCoven/coven";

/** One platform. */
export interface Target {
  /** What the build, its folders and the documentation call it. */
  readonly id: string;
  /** The npm package that carries the executable. */
  readonly package: string;
  /** As npm and Node say it (`process.platform`). */
  readonly os: "darwin" | "linux" | "win32";
  /** As npm and Node say it (`process.arch`). */
  readonly cpu: "arm64" | "x64";
  /** Of Linux only: the C library the executable is linked against. */
  readonly libc?: "glibc" | "musl";
  /** The package of the lockfile whose Bun becomes the executable. */
  readonly runtime: string;
  /** Bun's own name of the platform, for `compile.target`. */
  readonly bun: Bun.Build.CompileTarget;
  /** The executable's file name. */
  readonly executable: "coven" | "coven.exe";
}

/** Every platform we publish for. The wrapper's manifest, the launcher's table and the recipes are made from this. */
export const TARGETS: readonly Target[] = [
  {
    id: "macos-arm64",
    package: "@opencoven/cli-macos",
    os: "darwin",
    cpu: "arm64",
    runtime: "@oven/bun-darwin-aarch64",
    bun: "bun-darwin-arm64",
    executable: "coven",
  },
  {
    id: "macos-x64",
    package: "@opencoven/cli-macos-x64",
    os: "darwin",
    cpu: "x64",
    runtime: "@oven/bun-darwin-x64",
    bun: "bun-darwin-x64",
    executable: "coven",
  },
  {
    id: "linux-x64",
    package: "@opencoven/cli-linux-x64",
    os: "linux",
    cpu: "x64",
    libc: "glibc",
    runtime: "@oven/bun-linux-x64",
    bun: "bun-linux-x64",
    executable: "coven",
  },
  {
    id: "linux-arm64",
    package: "@opencoven/cli-linux-arm64",
    os: "linux",
    cpu: "arm64",
    libc: "glibc",
    runtime: "@oven/bun-linux-aarch64",
    bun: "bun-linux-arm64",
    executable: "coven",
  },
  {
    id: "linux-x64-musl",
    package: "@opencoven/cli-linux-x64-musl",
    os: "linux",
    cpu: "x64",
    libc: "musl",
    runtime: "@oven/bun-linux-x64-musl",
    bun: "bun-linux-x64-musl",
    executable: "coven",
  },
  {
    id: "linux-arm64-musl",
    package: "@opencoven/cli-linux-arm64-musl",
    os: "linux",
    cpu: "arm64",
    libc: "musl",
    runtime: "@oven/bun-linux-aarch64-musl",
    bun: "bun-linux-arm64-musl",
    executable: "coven",
  },
  {
    id: "windows-x64",
    package: "@opencoven/cli-windows",
    os: "win32",
    cpu: "x64",
    runtime: "@oven/bun-windows-x64",
    bun: "bun-windows-x64",
    executable: "coven.exe",
  },
];

/** The target called so. Throws a sentence naming those that exist. */
export function targetOf(id: string): Target {
  const found = TARGETS.find((target) => target.id === id);
  if (found === undefined) {
    throw new Error(`There is no target "${id}". Targets: ${TARGETS.map((target) => target.id).join(", ")}.`);
  }
  return found;
}

/** The target this very process runs as, or undefined when nothing is built for it. `libc` matters on Linux only. */
export function hostTarget(
  os: string = process.platform,
  cpu: string = process.arch,
  libc: "glibc" | "musl" = muslHere() ? "musl" : "glibc",
): Target | undefined {
  return TARGETS.find(
    (target) => target.os === os && target.cpu === cpu && (target.libc === undefined || target.libc === libc),
  );
}

/** Which C library this process is linked against: an executable names its loader near its beginning. */
function muslHere(): boolean {
  if (process.platform !== "linux") return false;
  const head = Buffer.alloc(4096);
  const file = openSync(process.execPath, "r");
  readSync(file, head);
  closeSync(file);
  return head.includes("/ld-musl-");
}
