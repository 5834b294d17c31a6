// Another user of this machine, for tests that run as root: what it gets when it tries.
import { chmodSync } from "node:fs";

/** A user nobody is. */
export const NEIGHBOUR = 12_345;

/** What one try left behind. */
export interface Tried {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs a program as the other user, with nothing of ours in its environment. */
export async function asNeighbour(argv: readonly string[]): Promise<Tried> {
  const id = String(NEIGHBOUR);
  const child = Bun.spawn(["setpriv", `--reuid=${id}`, `--regid=${id}`, "--clear-groups", "--", ...argv], {
    env: { PATH: "/usr/bin:/bin" },
    cwd: "/",
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  const [code, out, err] = await Promise.all([
    child.exited,
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
  ]);
  return { code, out, err };
}

/**
 * Sends a request over the socket as the other user and gives back what came, with `errno` 0; else the system's number for
 * why it could not connect (13 is EACCES). Perl is on every Debian.
 */
export async function askAsNeighbour(
  socket: string,
  text: string,
): Promise<{ errno: number; answer: string }> {
  const script = `use Socket; socket(S, PF_UNIX, SOCK_STREAM, 0) or die; connect(S, sockaddr_un($ARGV[0])) or exit($!+0);
    select(S); $|=1; print $ARGV[1]; shutdown(S, 1); local $/; my $all = <S>; select(STDOUT); print defined $all ? $all : "";`;
  const { code, out } = await asNeighbour(["perl", "-e", script, socket, text]);
  return { errno: code, answer: out };
}

/** One layer fails: the path is open to everybody. */
export function fling(path: string): void {
  chmodSync(path, 0o777);
}
