// Runs the real command line in a home of its own: words in, exit code and both streams out.
import { type DaemonHome, daemonHome, MAIN } from "./daemon-home.ts";

/** What one command left behind. */
export interface Left {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

export interface Ways {
  /** Default: the home's project directory. */
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly stdin?: string;
}

/** A command that still runs. */
export interface Running {
  readonly pid: number;
  kill(signal: NodeJS.Signals): void;
  /** Everything on stdout so far. */
  out(): string;
  /** Everything on stderr so far. */
  err(): string;
  readonly left: Promise<Left>;
}

/** A home with the command line in it. */
export interface CommandLine extends AsyncDisposable {
  readonly home: DaemonHome;
  /** `coven <words>` to its end, with pipes for streams. */
  coven(words: readonly string[], ways?: Ways): Promise<Left>;
  begin(words: readonly string[], ways?: Ways): Running;
}

/**
 * Makes one; dispose of it (`await using`) and its daemon is gone. `program` is the argv before a command's words: from source
 * unless given.
 */
export function commandLine(program: readonly string[] = [process.execPath, MAIN]): CommandLine {
  const home = daemonHome();
  const base = {
    HOME: home.base,
    COVEN_HOME: home.paths.home,
    PATH: `${home.bin}:/usr/bin:/bin`,
    LANG: "C.UTF-8",
  };
  const begin = (words: readonly string[], ways: Ways = {}): Running => {
    const child = Bun.spawn([...program, ...words], {
      cwd: ways.cwd ?? home.project,
      env: { ...base, ...ways.env },
      stdin: ways.stdin === undefined ? "ignore" : new Blob([ways.stdin]),
      stdout: "pipe",
      stderr: "pipe",
    });
    const out = collected(child.stdout);
    const err = collected(child.stderr);
    const left = Promise.all([child.exited, out.all, err.all]).then(([code, out, err]) => ({
      code,
      out,
      err,
    }));
    return { pid: child.pid, kill: (signal) => child.kill(signal), out: out.soFar, err: err.soFar, left };
  };
  return {
    home,
    begin,
    coven: (words, ways) => begin(words, ways).left,
    [Symbol.asyncDispose]: () => home[Symbol.asyncDispose](),
  };
}

function collected(stream: ReadableStream<Uint8Array>): { soFar(): string; readonly all: Promise<string> } {
  let seen = "";
  const all = (async () => {
    const decoder = new TextDecoder();
    for await (const chunk of stream) seen += decoder.decode(chunk, { stream: true });
    return seen;
  })();
  return { soFar: () => seen, all };
}
