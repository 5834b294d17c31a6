// One whole coven for one user: its own home, its own daemon, driven only through the command line and the socket.
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Event } from "../../src/session/event.ts";
import type { Session } from "../../src/session/session.ts";
import { claim, signalOwn } from "../support/signal.ts";
import type { AgentUser } from "./settings.ts";

/** The executable under test: COVEN_REAL_BINARY (a compiled one), else the source. */
const COVEN = process.env["COVEN_REAL_BINARY"]
  ? [process.env["COVEN_REAL_BINARY"]]
  : [process.execPath, join(import.meta.dir, "../../src/main.ts")];

/** What one command did. */
export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly bytes: Uint8Array;
  readonly err: string;
}

export interface UserCoven {
  /** How `coven` is started, and with what environment; for a terminal of one's own. */
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Runs `coven …` in the user's project, with the user's environment, without a terminal. */
  coven(...args: string[]): Promise<Ran>;
  /** A route of the contract, JSON in and out. Throws when the answer is an error. */
  api(method: string, path: string, body?: unknown): Promise<unknown>;
  session(id: string): Promise<Session>;
  /** Every event of a session, page after page, oldest first. */
  events(id: string): Promise<Event[]>;
  /** What the ledger says was printed, as text. */
  printed(id: string): Promise<string>;
  /** Stops the daemon and removes the home. Throws when a process of any session is left. */
  close(): Promise<void>;
}

export function userCoven(user: AgentUser): UserCoven {
  // Short: a socket's path may have about a hundred bytes.
  const home = realpathSync(mkdtempSync(join(tmpdir(), "cv-r-")));
  // `coven` is on the PATH, as where it is installed: that is what hints name.
  const bin = join(user.home, "bin");
  mkdirSync(bin, { recursive: true });
  const script = `#!/bin/sh\nexec ${COVEN.map((word) => `'${word}'`).join(" ")} "$@"\n`;
  writeFileSync(join(bin, "coven"), script, { mode: 0o755 });
  const env = { ...user.env, PATH: `${user.env["PATH"]}:${bin}`, COVEN_HOME: home };
  const launched = new Set<string>();

  const api: UserCoven["api"] = async (method, path, body) => {
    const response = await fetch(`http://coven/api/v1${path}`, {
      unix: join(home, "coven.sock"),
      method,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
    return response.json();
  };
  const coven: UserCoven["coven"] = async (...args) => {
    const child = Bun.spawn([...COVEN, ...args], {
      cwd: user.project,
      env,
      stdin: "ignore",
      stdout: "pipe",
      stderr: "pipe",
    });
    const [bytes, err, code] = await Promise.all([
      new Response(child.stdout).bytes(),
      new Response(child.stderr).text(),
      child.exited,
    ]);
    return { code, bytes, out: new TextDecoder().decode(bytes), err };
  };
  const events: UserCoven["events"] = async (id) => {
    const all: Event[] = [];
    for (let after = 0; ; ) {
      // The shapes of the contract; test/contract holds them, here they are only read.
      const page = (await api("GET", `/events?sessionId=${id}&afterSeq=${after}`)) as {
        events: Event[];
        nextCursor: { afterSeq: number } | null;
        hasMore: boolean;
      };
      all.push(...page.events);
      if (!page.hasMore || page.nextCursor === null) return all;
      after = page.nextCursor.afterSeq;
    }
  };

  return {
    command: COVEN,
    env,
    coven,
    api,
    events,
    async session(id) {
      launched.add(id);
      claim(`COVEN_SESSION_ID=${id}`);
      return (await api("GET", `/sessions/${id}`)) as Session;
    },
    async printed(id) {
      const output = (await events(id)).filter((event) => event.kind === "output");
      return output.map((event) => (JSON.parse(event.payload_json) as { data: string }).data).join("");
    },
    async close() {
      await coven("daemon", "stop", "--force");
      rmSync(home, { recursive: true, force: true, maxRetries: 5 });
      const left = [...launched].flatMap(marked);
      for (const { pid } of left) signalOwn(pid, "SIGKILL");
      if (left.length > 0) throw new Error(`processes outlived their sessions: ${JSON.stringify(left)}`);
    },
  };
}

/** Processes whose environment carries the session's mark, zombies left out; read from /proc, not from the code under test. */
export function marked(sessionId: string): { pid: number; name: string }[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        const environment = readFileSync(`/proc/${pid}/environ`, "latin1").split("\0");
        if (!environment.includes(`COVEN_SESSION_ID=${sessionId}`)) return [];
        return [{ pid: Number(pid), name: readFileSync(`/proc/${pid}/comm`, "utf8").trim() }];
      } catch {
        return []; // Gone meanwhile, or somebody else's.
      }
    });
}
