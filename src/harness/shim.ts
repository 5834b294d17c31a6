// Reads the `.cmd` files npm puts on a Windows PATH: which program they would start, so that we start it ourselves.
import { win32 } from "node:path";

/** What a shim stands for. */
export interface Shim {
  /** Absolute, or a bare name to be looked up on the PATH (`node`). */
  readonly program: string;
  /** What comes before the arguments: the script, or nothing. */
  readonly before: readonly string[];
}

/** No shim is longer; anything longer is somebody's own batch file. */
const MOST_CHARACTERS = 4_096;

/**
 * The shim in the text of `path`, or undefined when it is none that we know for certain: npm's (cmd-shim), whose last
 * command is `"%_prog%" "%dp0%\…\script" %*` or `"%dp0%\…\program.exe" %*`. Windows runs a batch file through cmd.exe, which
 * reads its arguments as a command line; there is no way to quote a prompt for it that holds for every text, so no
 * batch file is ever started.
 */
export function readShim(text: string, path: string): Shim | undefined {
  if (text.length > MOST_CHARACTERS) return undefined;
  const last = text.trimEnd().split(/\r?\n/).at(-1) ?? "";
  const folder = win32.dirname(path);
  // `%dp0%` and, in older ones, `%~dp0` are the shim's own directory.
  const direct = /^\s*"%~?dp0%?\\([^"%]+\.exe)"\s+%\*\s*$/i.exec(last);
  if (direct?.[1]) return { program: win32.join(folder, direct[1]), before: [] };
  const script = /&\s*"%_prog%"\s+"%~?dp0%?\\([^"%]+)"\s+%\*\s*$/i.exec(last);
  if (!script?.[1]) return undefined;
  const program = /^\s*SET "_prog=([A-Za-z0-9._-]+)"\s*$/im.exec(text)?.[1];
  if (program === undefined) return undefined;
  return { program, before: [win32.join(folder, script[1])] };
}
