// One daemon under test: its home, its client, the sessions launched in it, and what the system says of its process.
import { mkdirSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import { type CovenClient, covenClient } from "../../src/api/client.ts";
import type { Session } from "../../src/session/session.ts";
import { command } from "./ground.ts";

interface Place {
  readonly executable: string;
  /** Its home lies beneath it. */
  readonly base: string;
  readonly project: string;
  readonly env: Readonly<Record<string, string>>;
}

/** What the system says of a process. */
export interface Weight {
  readonly rssMb: number;
  readonly threads: number;
  /** Without sockets: those are the clients'. */
  readonly descriptors: number;
  /** Processor time used so far, in ms. */
  readonly cpuMs: number;
}

/** A running daemon in a home of its own. */
export class Daemon {
  readonly client: CovenClient;
  readonly home: string;
  readonly socket: string;
  readonly env: Readonly<Record<string, string>>;

  private constructor(readonly place: Place) {
    this.home = join(place.base, "c");
    this.socket = join(this.home, "coven.sock");
    this.env = { ...place.env, COVEN_HOME: this.home };
    this.client = covenClient(this.socket);
  }

  /** Started by its own `daemon start`, and answering. */
  static async start(place: Place): Promise<Daemon> {
    const daemon = new Daemon(place);
    mkdirSync(daemon.home, { mode: 0o700, recursive: true });
    await daemon.coven("daemon", "start");
    return daemon;
  }

  /** argv of a command of the executable; its environment is `env`. */
  argv(...words: readonly string[]): string[] {
    return ["env", `COVEN_HOME=${this.home}`, this.place.executable, ...words];
  }

  coven(...words: readonly string[]): Promise<string> {
    return command([this.place.executable, ...words], { cwd: this.place.project, env: this.env });
  }

  launch(script: string): Promise<Session> {
    return this.client.launch({ projectRoot: this.place.project, harness: "codex", prompt: script });
  }

  /** Its record once it has ended, looked at every `ms`. */
  async settled(id: string, ms = 4): Promise<Session> {
    for (;;) {
      const session = await this.client.session(id);
      if (session.status !== "running" && session.status !== "created") return session;
      await Bun.sleep(ms);
    }
  }

  /** Waits for a text on its screen's last lines, or in its output. */
  async shows(id: string, text: string): Promise<void> {
    for (;;) {
      const { lines } = await this.client.screen(id);
      if (lines.some((line) => line.includes(text))) return;
      await Bun.sleep(20);
    }
  }

  /** Waits for a text in its output. Its screen is not looked at. */
  async prints(id: string, text: string): Promise<void> {
    let last = "";
    for await (const chunk of this.client.output(id, { follow: true })) {
      last = `${last.slice(-text.length)}${Buffer.from(chunk).toString("latin1")}`;
      if (last.includes(text)) return;
    }
    throw new Error(`session ${id} ended without a word of ${text}`);
  }

  /** Bytes and adler32 of its output after the first `skip`. */
  async output(id: string, skip = 0): Promise<{ bytes: number; sum: number }> {
    let [bytes, sum, left] = [0, 1, skip];
    for await (const chunk of this.client.output(id)) {
      const some = chunk.subarray(Math.min(left, chunk.length));
      left -= chunk.length - some.length;
      bytes += some.length;
      sum = adler(some, sum);
    }
    return { bytes, sum };
  }

  async pid(): Promise<number> {
    return (await this.client.health()).daemon?.pid ?? 0;
  }

  /** Ends its sessions and itself. */
  async stop(): Promise<void> {
    await this.coven("daemon", "stop", "--force").catch(() => this.coven("daemon", "stop").catch(() => {}));
  }
}

/** adler32 going on from `sum` (1 at first). */
export function adler(bytes: Uint8Array, sum: number): number {
  let [low, high] = [sum & 0xffff, sum >>> 16];
  for (let at = 0; at < bytes.length; ) {
    // As many as stay below 2^32 before the remainder is taken.
    const end = Math.min(bytes.length, at + 3_800);
    for (; at < end; at++) {
      low += bytes[at] ?? 0;
      high += low;
    }
    low %= 65_521;
    high %= 65_521;
  }
  return ((high << 16) | low) >>> 0;
}

/** From /proc; zeros where there is none. */
export function weigh(pid: number): Weight {
  try {
    const status = readFileSync(`/proc/${pid}/status`, "utf8");
    const number = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+)`, "m").exec(status)?.[1] ?? 0);
    return {
      rssMb: number("VmRSS") / 1024,
      threads: number("Threads"),
      descriptors: readdirSync(`/proc/${pid}/fd`).filter((fd) => !isSocket(`/proc/${pid}/fd/${fd}`)).length,
      cpuMs: processorTime(pid),
    };
  } catch {
    return { rssMb: 0, threads: 0, descriptors: 0, cpuMs: 0 };
  }
}

/** Of all its threads, in ms. In nanoseconds at the source: the clock ticks of `stat` are 10 ms each. */
function processorTime(pid: number): number {
  let nanoseconds = 0;
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    try {
      nanoseconds += Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, "utf8").split(" ")[0]);
    } catch {
      // It ended meanwhile.
    }
  }
  return nanoseconds / 1e6;
}

function isSocket(link: string): boolean {
  try {
    return readlinkSync(link).startsWith("socket:");
  } catch {
    return true;
  }
}

/** Every process whose environment names this directory, or a given name; for what may be left over. */
export function processesNaming(text: string): number[] {
  const found: number[] = [];
  for (const entry of readdirSync("/proc")) {
    if (!/^\d+$/.test(entry) || Number(entry) === process.pid) continue;
    try {
      const said =
        readFileSync(`/proc/${entry}/cmdline`, "utf8") + readFileSync(`/proc/${entry}/environ`, "utf8");
      if (said.includes(text)) found.push(Number(entry));
    } catch {
      // It went, or is somebody else's.
    }
  }
  return found;
}
