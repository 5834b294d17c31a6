// Finds and loading node-pty's native binding.
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { CovenError } from "../errors.ts";

/** node-pty 1.1.0, src/unix/pty.cc. Numbers are those of the system; `signal` is 0 when none ended the process. */
export interface Binding {
  fork(
    file: string,
    args: readonly string[],
    env: readonly string[],
    cwd: string,
    cols: number,
    rows: number,
    uid: number,
    gid: number,
    utf8: boolean,
    helper: string,
    onExit: (exitCode: number, signal: number) => void,
  ): { readonly fd: number; readonly pid: number; readonly pty: string };
  resize(fd: number, cols: number, rows: number): void;
}

/** The binding, and the helper program it needs on macOS. */
export interface LoadedBinding {
  readonly binding: Binding;
  readonly helper: string;
}

/** A compiled executable's modules have no directory on any disk. */
const COMPILED = /\$bunfs|~BUN/.test(import.meta.dir);

/** Loads it; throws `runtime_unavailable` with what to do when it isn't built, as in every compiled executable. */
export function loadBinding(): LoadedBinding {
  const path = COMPILED ? undefined : bindingPath();
  if (path === undefined) {
    throw new CovenError(
      "runtime_unavailable",
      "COVEN_PTY=node-pty needs node-pty's native binding, which is not built here. In a checkout, `bun run build:node-pty` builds it; without COVEN_PTY the built-in driver is used.",
    );
  }
  // A native module has no types; its shape is that of pty.cc in the pinned version.
  const binding = createRequire(path)(path) as Binding;
  return { binding, helper: join(dirname(path), "spawn-helper") };
}

/** Where the binding is, or undefined when the package or the binding is absent. */
export function bindingPath(): string | undefined {
  const root = packageRoot();
  const places = ["build/Release", `prebuilds/${process.platform}-${process.arch}`];
  return places.map((place) => join(root, place, "pty.node")).find((path) => existsSync(path));
}

/**
 * Where node-pty is installed when this is a checkout. Never asked of a resolver: within a compiled executable that
 * looks into the node_modules of the directory it was started in, and would load a stranger's native code.
 */
export function packageRoot(): string {
  return join(import.meta.dir, "../../node_modules/node-pty");
}
