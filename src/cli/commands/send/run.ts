// `coven send`: text, bytes or keys into a running session from outside its terminal.
import type { CovenClient } from "../../../api/client.ts";
import { pasted } from "../../../session/paste.ts";
import { isSettled, type Session } from "../../../session/session.ts";
import { isSet } from "../../../vt/picture.ts";
import { connect } from "../../client/connect.ts";
import { orNotRunning } from "../../client/end-session.ts";
import { fullId, shortId } from "../../client/session-id.ts";
import { wantText } from "../../client/wants.ts";
import { flagValues, has, type Invocation, type Run } from "../../framework/command.ts";
import { keyBytes } from "../../terminal/key-names.ts";
import { sessionMeant } from "../../terminal/which-session.ts";
import { Failure, UsageError } from "../../ui/failure.ts";
import { say } from "../../ui/out.ts";
import { harmless } from "../../ui/text.ts";

/** Pause between two keys, in milliseconds: a program that reads Escape and a key at once takes them for Alt and the key. */
const BETWEEN_KEYS_MS = 40;
/** Modes of the program that decide what keys and a paste are (xterm's ctlseqs). */
const APPLICATION_CURSOR = 1;
const BRACKETED_PASTE = 2004;

export const run: Run = async (invocation) => {
  const names = flagValues(invocation, "key").flatMap((names) => names.split(/\s+/).filter(Boolean));
  // Checked before anything is sent: a wrong name must not leave half of the keys pressed.
  for (const name of names) keyBytes(name, false);
  const [typed] = invocation.words;
  // A person picks first, and types what it is told behind that.
  const picked = typed === undefined ? await picking(invocation) : undefined;
  const bytes = names.length > 0 ? undefined : await textOf(invocation, picked !== undefined);
  if (names.length > 0 && invocation.words.length > 1) {
    throw new UsageError("coven send takes a text or keys, not both at once.", [
      "coven send ID --no-enter 'the text', then coven send ID --key enter",
    ]);
  }
  const client = picked?.client ?? (await connect());
  const id = picked?.id ?? (await fullId(client, typed ?? ""));
  const session = await client.session(id);
  refuseHeadless(session);
  const typing: Typing = { client, id, ifAttentionSeq: waitingSeq(session, invocation) };
  try {
    if (bytes) await send(typing, bytes, invocation);
    else await press(typing, names);
  } catch (error) {
    throw orNotRunning(error, id);
  }
  return 0;
};

async function picking(
  invocation: Invocation,
): Promise<{ readonly client: CovenClient; readonly id: string }> {
  const client = await connect();
  return { client, id: await sessionMeant(client, invocation, "session that takes input") };
}

/** Where it is typed, and for which question alone. */
interface Typing {
  readonly client: CovenClient;
  readonly id: string;
  readonly ifAttentionSeq: number | undefined;
}

/** With --if-waiting the question it waits with now. */
function waitingSeq({ id, attention }: Session, invocation: Invocation): number | undefined {
  if (!has(invocation, "if-waiting")) return undefined;
  if (attention?.state === "waiting") return attention.seq;
  throw new Failure(`Session ${id} does not wait for anything: it is ${wantText(attention)}.`, [
    `coven wait ${shortId(id)} --for waiting`,
    `coven why ${shortId(id)}`,
  ]);
}

/** Nobody reads there: what is typed would be kept by the terminal, and the command would have lied. */
function refuseHeadless(session: Session): void {
  if (isSettled(session.status) || session.launch_mode === "interactive") return;
  const harness = harmless(session.harness);
  throw new Failure(`Session ${session.id} is headless: ${harness} does its task and reads nothing.`, [
    `coven attach ${shortId(session.id)}   (shows what it prints)`,
    `coven run ${harness} 'the task' --detach --interactive   (one that can be sent to)`,
  ]);
}

/** The words after the id, joined by a space; `-` or none stand for standard input. */
async function textOf(invocation: Invocation, isAsked: boolean): Promise<Uint8Array> {
  const words = invocation.words.slice(1);
  const joined = words.join(" ");
  if (joined !== "" && joined !== "-") return new TextEncoder().encode(joined);
  if (process.stdin.isTTY) {
    if (words.length === 0 && !isAsked) {
      throw new UsageError("There is nothing to send.", [
        "coven send ID 'the text'",
        "coven send ID --key enter",
        "git diff | coven send ID",
      ]);
    }
    say("Type the text, then Ctrl-D on a line of its own.");
  }
  const bytes = await Bun.stdin.bytes();
  if (bytes.length === 0) throw new UsageError("Standard input was empty.", ["echo 'go on' | coven send ID"]);
  return bytes;
}

async function send(typing: Typing, bytes: Uint8Array, given: Invocation): Promise<void> {
  const text = decoded(bytes);
  if (has(given, "raw")) return text === undefined ? typeBytes(typing, bytes) : input(typing, text);
  if (text === undefined) {
    throw new Failure("The text is not UTF-8.", ["the same with --raw, which sends the bytes as they are"]);
  }
  // A line end at the end of a file is replaced by Enter.
  const typed = text.replace(/\r?\n$/, "");
  if (!has(given, "no-enter")) return input(typing, typed, true);
  const paste = await hasSet(typing, BRACKETED_PASTE);
  await input(typing, paste ? new TextDecoder().decode(pasted(new TextEncoder().encode(typed))) : typed);
}

async function input({ client, id, ifAttentionSeq }: Typing, data: string, submit = false): Promise<void> {
  await client.input(id, data, { submit, ...(ifAttentionSeq === undefined ? {} : { ifAttentionSeq }) });
}

async function hasSet({ client, id }: Typing, mode: number): Promise<boolean> {
  const { picture } = await client.screen(id, { picture: true });
  return picture !== undefined && isSet(picture, mode);
}

async function press(typing: Typing, names: readonly string[]): Promise<void> {
  const application = await hasSet(typing, APPLICATION_CURSOR);
  for (const [place, name] of names.entries()) {
    if (place > 0) await Bun.sleep(BETWEEN_KEYS_MS);
    // The first key makes its question stale.
    await input(place > 0 ? { ...typing, ifAttentionSeq: undefined } : typing, keyBytes(name, application));
  }
}

/** Bytes that are not UTF-8 go through the attach socket: JSON cannot carry them. */
async function typeBytes(typing: Typing, bytes: Uint8Array): Promise<void> {
  // Refused where the session has ended. Attaching would succeed there, and take no keys.
  await input(typing, "");
  const { client, id } = typing;
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const socket = client.attach(id, {
    shown: false,
    frame(frame) {
      if (frame.type === "error") reject(new Failure(frame.error.message));
      if (frame.type === "exit") reject(new Failure(`Session ${id} is not running: it ended just now.`));
    },
    bytes(_, snapshot) {
      if (!snapshot) return;
      socket.type(bytes);
      resolve();
    },
    closed: () => reject(new Failure("The daemon went away.", ["coven sessions"])),
  });
  await promise.finally(() => socket.close());
}

function decoded(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}
