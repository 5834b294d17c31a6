// How much a program can be given as arguments: what each system takes, by its own rules.

/** Linux: MAX_ARG_STRLEN, 32 pages, the final NUL counted (include/uapi/linux/binfmts.h). */
const LINUX_ONE = 131_072;
/** Of the 2 MiB that Linux gives arguments, environment and their addresses with the usual limit on the stack. */
const LINUX_ALL = 2_000_000;
/** macOS: ARG_MAX, 1 MiB for arguments, environment and their addresses; some room is left for what the system adds. */
const DARWIN_ALL = 1_000_000;
/** Windows: a command line, quoted, has at most 32,767 characters (CreateProcessW). */
const WINDOWS_ALL = 32_767;
const POINTER = 8;

/** Whether a program can be started with these arguments, the program's own name first, and this environment. */
export function fitsArguments(
  argv: readonly string[],
  env: Readonly<Record<string, string>>,
  platform: NodeJS.Platform = process.platform,
): boolean {
  if (platform === "win32") return sum(argv.map(quotedLength)) <= WINDOWS_ALL;
  const all = [...argv, ...Object.entries(env).map(([name, value]) => `${name}=${value}`)];
  const sizes = all.map((text) => Buffer.byteLength(text) + 1);
  const together = sum(sizes) + POINTER * sizes.length;
  if (platform === "darwin") return together <= DARWIN_ALL;
  return together <= LINUX_ALL && sizes.every((size) => size <= LINUX_ONE);
}

/** At most: quotes around it, a blank behind it, and a backslash before each quote and backslash. */
function quotedLength(argument: string): number {
  return argument.length + (argument.match(/["\\]/g)?.length ?? 0) + 3;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((all, one) => all + one, 0);
}

/** For a refusal: the most bytes that one argument may have here. */
export const MOST_ARGUMENT_BYTES =
  process.platform === "win32" ? WINDOWS_ALL : process.platform === "darwin" ? DARWIN_ALL : LINUX_ONE - 1;
