// The document by which one daemon hands its sessions to the program that goes on in its place: written to memory, read once, gone.
import * as z from "zod";
import { inMemory, takeFromMemory } from "../os/replace-process.ts";
import { ATTENTION_KINDS, ATTENTION_SOURCES, ATTENTION_STATES } from "../session/attention.ts";
import type { Handed } from "../session/handover.ts";

/**
 * What this program reads. Members may be added to a version; one that is taken away or means something else makes a new one. In 2 a program may be no child of this
 * process (`terminal.process`); it is written only where there is such a one.
 */
export const HANDOVER_VERSIONS = [1, 2] as const;

/** The variable that names three descriptors: of the document, and those by which the daemon's lock and the ledger are held. */
export const HANDOVER_VARIABLE = "COVEN_HANDOVER_FD";

/** Its value while a program is only asked whether it could take over. */
export const ASKED = "asked";

const LABEL = "coven-handover";

const bytes = z.codec(
  z.base64(),
  z.custom<Uint8Array>((value) => value instanceof Uint8Array),
  {
    decode: (text) => new Uint8Array(Buffer.from(text, "base64")),
    encode: (data) => Buffer.from(data).toString("base64"),
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
  opening: z.object({ bytes, ready: z.enum(["idle", "quiet"]) }).optional(),
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
export function writeHandover(handover: Handover): number {
  return inMemory(LABEL, JSON.stringify(encodeHandover(handover)));
}

/** The version that is written; `foreign`: a program is no child of this process. */
export function handoverVersion(foreign: boolean): (typeof HANDOVER_VERSIONS)[number] {
  return foreign ? 2 : 1;
}

/** As it is written. */
export function encodeHandover(handover: Handover): unknown {
  return z.encode(document, {
    ...handover,
    version: handoverVersion(handover.sessions.some(({ terminal }) => (terminal?.process ?? null) !== null)),
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

/** Throws a ZodError for what is no document of this version. */
export function decodeHandover(value: unknown): Handover {
  return z.decode(document, value as z.input<typeof document>);
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
  const text = takeFromMemory(LABEL, document);
  if (text === undefined) return undefined;
  return { lock, ledger, handover: readHandover(text) };
}

function readHandover(text: string): Inherited["handover"] {
  try {
    const handover = decodeHandover(JSON.parse(text));
    return handover.pid === process.pid ? handover : { problem: "it is another process's" };
  } catch (error) {
    return { problem: error instanceof z.ZodError ? z.prettifyError(error) : String(error) };
  }
}

function isDescriptor(number: number | undefined): number is number {
  return number !== undefined && Number.isInteger(number) && number > 2;
}
