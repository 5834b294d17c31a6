// One flood as people have them: a program prints lines in a session of a real daemon, while somebody types, resizes and follows.
import { createHash, type Hash } from "node:crypto";
import type { CovenClient } from "../../src/api/client.ts";

/** The mode that every terminal begins in, where the kernel makes the line ends and echoes; or raw, as full-screen programs have it. */
export type TerminalMode = "default" | "raw";

/** What came of the bytes, as the ledger has them and as a follower got them. */
export interface FloodReport {
  /** What the program printed, with the line ends of the terminal. */
  readonly bytes: number;
  readonly kept: { readonly bytes: number; readonly exact: boolean };
  readonly followed: { readonly bytes: number; readonly exact: boolean };
  /** Keys that were typed, and how many of them the terminal echoed (none in raw mode). */
  readonly typed: number;
  readonly echoed: number;
  readonly resizes: number;
}

const LETTERS = "abcdefghijklmnopqrstuvwxyz ABCDEFGHIJKLMNOPQRSTUVW .,";
/** With its line end. */
export const LINE_BYTES = 65;
/** A key that no line holds: what is echoed can be told from what was printed. */
const KEY = "~";
const BEGIN = "<B>";

/**
 * Runs it to its end in a session of `harness`, which must run its prompt with sh. A key is typed every 10 ms, at most 2,000 (a terminal that nobody
 * reads from takes 4,095), and the size changes every 50 ms, until most of it is printed.
 */
export async function flood(
  client: CovenClient,
  options: {
    readonly projectRoot: string;
    readonly harness: string;
    readonly lines: number;
    readonly mode: TerminalMode;
    /** Nobody types or resizes: the program prints as fast as the terminal takes it. */
    readonly alone?: boolean;
  },
): Promise<FloodReport> {
  const { lines, mode, alone = false, ...where } = options;
  const end = mode === "raw" ? "\\r\\n" : "\\n";
  const print = `awk 'BEGIN { for (i = 0; i < ${lines}; i++) printf "%09d ${LETTERS}${end}", i }'`;
  const prompt = `${mode === "raw" ? "stty raw -echo; " : ""}printf '${BEGIN}'; exec ${print}`;
  const { id } = await client.launch({ ...where, prompt, cols: 120, rows: 40 });

  // Not before its terminal is in the mode it prints in.
  while (
    !(await client.events(id, { limit: 3 })).events.some((event) => event.payload_json.includes(BEGIN))
  ) {
    await Bun.sleep(5);
  }
  let over = false;
  let typed = 0;
  let resizes = 0;
  // Refused once the program has ended.
  const typing = (async () => {
    for (; !alone && !over && typed < 2_000; await Bun.sleep(10)) {
      if (await client.input(id, KEY).catch(() => undefined)) typed += 1;
    }
  })();
  const resizing = (async () => {
    for (; !alone && !over; await Bun.sleep(50)) {
      const size = resizes % 2 === 0 ? { cols: 100, rows: 30 } : { cols: 120, rows: 40 };
      if (await client.resize(id, size).catch(() => undefined)) resizes += 1;
    }
  })();
  const wanted = hashOf(lines);
  // A key that is taken when the program has just ended is echoed to nobody: the last fifth is printed untouched.
  const followed = await checked(client.output(id, { follow: true }), (bytes) => {
    over ||= bytes > lines * LINE_BYTES * 0.8;
  });
  over = true;
  await Promise.all([typing, resizing]);
  const kept = await checked(client.output(id));
  const judged = ({ bytes, sum }: Checked) => ({ bytes, exact: sum === wanted });
  return {
    bytes: lines * LINE_BYTES,
    kept: judged(kept),
    followed: judged(followed),
    typed,
    echoed: kept.keys,
    resizes,
  };
}

function hashOf(lines: number): string {
  const hash = createHash("sha256");
  for (let i = 0; i < lines; ) {
    let block = "";
    for (const end = Math.min(lines, i + 1_000); i < end; i++) {
      block += `${String(i).padStart(9, "0")} ${LETTERS}\r\n`;
    }
    hash.update(block);
  }
  return hash.digest("hex");
}

interface Checked {
  readonly bytes: number;
  readonly sum: string;
  readonly keys: number;
}

/** What came behind the beginning, without the keys that were echoed. */
async function checked(
  chunks: AsyncIterable<Uint8Array>,
  passed: (bytes: number) => void = () => {},
): Promise<Checked> {
  const hash: Hash = createHash("sha256");
  let bytes = 0;
  let keys = 0;
  let head: Buffer | undefined = Buffer.alloc(0);
  const print = (some: Buffer): void => {
    hash.update(some);
    bytes += some.length;
  };
  const take = (some: Buffer): void => {
    let from = 0;
    for (let at = some.indexOf(KEY); at >= 0; at = some.indexOf(KEY, from)) {
      print(some.subarray(from, at));
      keys += 1;
      from = at + 1;
    }
    print(some.subarray(from));
  };
  for await (const chunk of chunks) {
    if (!head) {
      take(Buffer.from(chunk));
      passed(bytes);
      continue;
    }
    head = Buffer.concat([head, chunk]);
    const begin = head.indexOf(BEGIN);
    if (begin < 0) continue;
    keys += head.subarray(0, begin).filter((byte) => byte === KEY.charCodeAt(0)).length;
    take(head.subarray(begin + BEGIN.length));
    head = undefined;
  }
  return { bytes, sum: hash.digest("hex"), keys };
}
