// The document by which one daemon hands its sessions to the program that goes on in its place: written to memory, read once, gone.
import * as z from "zod";
import { inMemory, takeFromMemory } from "../os/replace-process.ts";
import { ATTENTION_KINDS, ATTENTION_SOURCES, ATTENTION_STATES } from "../session/attention.ts";
import type { Handed } from "../session/handover.ts";

/**
 * What this program reads. Members may be added to a version; one that is taken away or means something else makes a new one. In 2 a program may be no child of this
 * process (`terminal.process`); it is written only where there is such a one. In 3 bytes may stand behind the JSON text: base64 of fifty screens takes a tenth of a second.
 */
export const HANDOVER_VERSIONS = [1, 2, 3] as const;
export type HandoverVersion = (typeof HANDOVER_VERSIONS)[number];

/** The variable that names three descriptors: of the document, and those by which the daemon's lock and the ledger are held. */
export const HANDOVER_VARIABLE = "COVEN_HANDOVER_FD";

/** Its value while a program is only asked whether it could take over. */
export const ASKED = "asked";

const LABEL = "coven-handover";

/** Fewer are not worth a place behind the text. */
const LEAST_APART = 256;

/** The bytes behind the text, while one document is written or read; undefined where it has none. */
let behind: { readonly parts: Uint8Array[]; length: number } | Uint8Array | undefined;

const bytes = z.codec(
  z.union([z.base64(), z.tuple([z.int().min(0), z.int().min(0)])]),
  z.custom<Uint8Array>((value) => value instanceof Uint8Array),
  {
    decode(found) {
      if (typeof found === "string") return new Uint8Array(Buffer.from(found, "base64"));
      const [at, length] = found;
      const all = behind instanceof Uint8Array ? behind : new Uint8Array(0);
      if (at + length > all.length) throw new RangeError("bytes beyond the end of the document");
      return all.subarray(at, at + length);
    },
    encode(data) {
      if (!behind || behind instanceof Uint8Array || data.length < LEAST_APART)
        return Buffer.from(data).toString("base64");
      const at = behind.length;
      behind.parts.push(data);
      behind.length += data.length;
      return [at, data.length] satisfies [number, number];
    },
  },
);
const fd = z.int().min(3);
const count = z.int().min(0);
const cells = z.int().min(1).max(1000);
const exit = z.object({ exitCode: z.int().nullable(), signal: z.string().nullable() });
const identity = { pid: count, startedAt: z.string().nullable() };

const session = z.object({
  id: z.string(),
  leader: z.object(identity),
  size: z.object({ cols: cells, rows: cells }),
  terminal: z
    .object({ fd, process: fd.nullable().default(null), unwritten: bytes, exit: exit.nullable() })
    .nullable(),
  exit: exit.nullable(),
  printed: count,
  waiting: bytes,
  screen: z.object({ drawn: bytes, unfinished: bytes }).nullable(),
  activity: z.string().nullable(),
  attention: z
    .object({
      state: z.enum(ATTENTION_STATES),
      kind: z.enum(ATTENTION_KINDS).nullable(),
      message: z.string().nullable(),
      source: z.enum(ATTENTION_SOURCES),
      seq: count,
      at: z.string(),
    })
    .optional(),
  viewers: z.array(z.object({ cols: count, rows: count, usedAt: count })),
  typists: z.array(z.tuple([z.string(), count])).default([]),
  typing: z.array(z.object({ kind: z.enum(["keys", "submit"]), bytes, enterDue: z.boolean() })),
  opening: z.object({ bytes, ready: z.enum(["idle", "quiet", "shown"]) }).optional(),
  kill: z
    .object({
      by: z.string().optional(),
      eventWaits: z.boolean(),
      graceLeftMs: z.number().min(0),
      known: z.array(
        z.object({
          ...identity,
          parent: z.int(),
          group: z.int(),
          session: z.int(),
          name: z.string(),
          dead: z.boolean(),
        }),
      ),
    })
    .nullable(),
  memoryRanOut: z.boolean(),
});

const document = z.object({
  version: z.literal(HANDOVER_VERSIONS),
  pid: z.int(),
  /** Harnesses start under it; the daemon's own is private. */
  umask: z.int().min(0).max(0o777),
  sessions: z.array(session),
  launchKeys: z.array(z.tuple([z.string(), z.string()])),
  inputKeys: z.array(z.tuple([z.string(), z.string()])).optional(),
});

/** All that is handed over. */
export interface Handover extends Handed {
  readonly pid: number;
  readonly umask: number;
}

/** Writes it to memory and returns the descriptor. Throws when it can't be written. */
export function writeHandover(handover: Handover, version: HandoverVersion): number {
  return inMemory(LABEL, encodeHandover(handover, version));
}

/** The versions that may be written, the best first; `foreign`: a program is no child of this process. */
export function handoverVersions(foreign: boolean): readonly HandoverVersion[] {
  return foreign ? [3, 2] : [3, 1];
}

/** As it is written: JSON, and from version 3 on a line feed and the bytes that it points to. */
export function encodeHandover(handover: Handover, version: HandoverVersion): Uint8Array {
  const apart = { parts: [] as Uint8Array[], length: 0 };
  behind = version >= 3 ? apart : undefined;
  try {
    const text = JSON.stringify(encoded(handover, version));
    return version < 3 ? Buffer.from(text) : Buffer.concat([Buffer.from(`${text}\n`), ...apart.parts]);
  } finally {
    behind = undefined;
  }
}

function encoded(handover: Handover, version: HandoverVersion): unknown {
  return z.encode(document, {
    ...handover,
    version,
    sessions: handover.sessions.map((one) => ({
      ...one,
      viewers: [...one.viewers],
      typists: one.typists.map(([client, taken]): [string, number] => [client, taken]),
      typing: [...one.typing],
      kill: one.kill && { ...one.kill, known: [...one.kill.known] },
    })),
    launchKeys: handover.launchKeys.map(([key, id]): [string, string] => [key, id]),
    inputKeys: handover.inputKeys?.map(([key, seq]): [string, string] => [key, seq]),
  });
}

/** Throws a ZodError for what is no document of a version that is known here, and what JSON.parse throws. */
export function decodeHandover(written: Uint8Array): Handover {
  // No JSON of ours has a line feed.
  const end = written.indexOf(0x0a);
  const text = new TextDecoder().decode(end === -1 ? written : written.subarray(0, end));
  behind = end === -1 ? undefined : written.subarray(end + 1);
  try {
    return z.decode(document, JSON.parse(text));
  } finally {
    behind = undefined;
  }
}

/** What the program before this one has left. */
export interface Inherited {
  /** Why the document can't be read, where it can't. */
  readonly handover: Handover | { readonly problem: string };
  readonly lock: number;
  readonly ledger: number;
}

/** The variable's value. */
export function inheritance(document: number, { lock, ledger }: Pick<Inherited, "lock" | "ledger">): string {
  return [document, lock, ledger].join(",");
}

/** Undefined where nothing was left to this process. Takes the variable out of the environment, and the document is gone. */
export function takeHandover(env: Record<string, string | undefined>): Inherited | undefined {
  const [document, lock, ledger, ...more] = (env[HANDOVER_VARIABLE] ?? "").split(",").map(Number);
  delete env[HANDOVER_VARIABLE];
  if (!isDescriptor(document) || !isDescriptor(lock) || !isDescriptor(ledger) || more.length > 0)
    return undefined;
  const written = takeFromMemory(LABEL, document);
  if (written === undefined) return undefined;
  return { lock, ledger, handover: readHandover(written) };
}

function readHandover(written: Uint8Array): Inherited["handover"] {
  try {
    const handover = decodeHandover(written);
    return handover.pid === process.pid ? handover : { problem: "it is another process's" };
  } catch (error) {
    return { problem: error instanceof z.ZodError ? z.prettifyError(error) : String(error) };
  }
}

function isDescriptor(number: number | undefined): number is number {
  return number !== undefined && Number.isInteger(number) && number > 2;
}
