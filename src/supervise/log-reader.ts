// Reads the log from outside: all its files, the oldest line first, and what is added, across rotations. Never writes.
import { closeSync, fstatSync, lstatSync, openSync, readSync } from "node:fs";
import { StringDecoder } from "node:string_decoder";
import { codeOf } from "../os/file-failure.ts";

/** Rotated files are looked for up to this age; the daemon keeps three. */
const MOST_ROTATED = 9;
const CHUNK = 64 * 1024;
/** What is longer is no line of the log. */
const MOST_LINE = 1024 * 1024;

/** One file of the log that was seen; held open, so that its inode stands for no other file meanwhile. */
interface Seen {
  readonly fd: number;
  readonly decoder: StringDecoder;
  at: number;
  /** The beginning of a line whose end is still to come. */
  begun: string;
}

/** Reads on from where the last reading ended. */
export interface LogReader {
  /** Whole lines that were not read before, oldest first. Throws what the system says of a file that may not be read. */
  lines(): Generator<string, void, undefined>;
  close(): void;
}

/** A reader of the log at `file` (`daemon.log`); nothing need be there yet. */
export function readLog(file: string): LogReader {
  const seen = new Map<string, Seen>();

  /** The files there are now, the oldest first; opened, since a name may lead to another one a moment later. */
  function look(): Seen[] {
    const now: Seen[] = [];
    const found = new Set<string>();
    for (let age = MOST_ROTATED; age >= 0; age--) {
      const name = age === 0 ? file : `${file}.${age}`;
      // A rotation between two looks gives one file twice, or opens one that was seen under another name.
      const entry = lstatSync(name, { throwIfNoEntry: false });
      if (!entry?.isFile()) continue;
      const fd = openIfThere(name);
      if (fd === undefined) continue;
      const { dev, ino } = fstatSync(fd);
      const key = `${dev}:${ino}`;
      const known = seen.get(key);
      if (known) closeSync(fd);
      const one = known ?? { fd, decoder: new StringDecoder("utf8"), at: 0, begun: "" };
      seen.set(key, one);
      if (!found.has(key)) now.push(one);
      found.add(key);
    }
    for (const [key, { fd }] of seen) {
      // Without a name it was rotated away or removed, and all of it has been read; with one it was only missed between two names.
      if (found.has(key) || fstatSync(fd).nlink > 0) continue;
      closeSync(fd);
      seen.delete(key);
    }
    return now;
  }

  return {
    *lines() {
      // What was open is read to its end first: a rotation may have taken its name since.
      for (const one of [...seen.values()]) yield* rest(one);
      for (const one of look()) yield* rest(one);
    },
    close() {
      for (const { fd } of seen.values()) closeSync(fd);
      seen.clear();
    },
  };
}

function* rest(one: Seen): Generator<string, void, undefined> {
  const buffer = Buffer.alloc(CHUNK);
  // Somebody emptied it.
  if (fstatSync(one.fd).size < one.at) Object.assign(one, { at: 0, begun: "" });
  for (;;) {
    const read = readSync(one.fd, buffer, 0, CHUNK, one.at);
    if (read === 0) return;
    one.at += read;
    const lines = (one.begun + one.decoder.write(buffer.subarray(0, read))).split("\n");
    one.begun = (lines.pop() ?? "").slice(0, MOST_LINE);
    yield* lines.filter((line) => line !== "");
  }
}

function openIfThere(path: string): number | undefined {
  try {
    return openSync(path, "r");
  } catch (error) {
    if (codeOf(error) === "ENOENT") return undefined;
    throw error;
  }
}
