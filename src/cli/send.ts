// Owns `coven send`: text, bytes or keys into a running session from outside its terminal.
import type { CovenClient } from "../api/client.ts";
import { isCovenError } from "../errors.ts";
import { flagValue, has, type Invocation, type Run, word } from "./command.ts";
import { connect } from "./connect.ts";
import { keyBytes } from "./keys.ts";
import { fullId } from "./target.ts";
import { Failure, UsageError } from "./ui/failure.ts";
import { say } from "./ui/out.ts";

/** What the daemon takes in one request is 4 MiB of JSON, in which a character may need six bytes. */
const MOST_BYTES = 3 * 1024 * 1024;

export const run: Run = async (invocation) => {
  const names = flagValue(invocation, "key")?.split(/[\s,]+/).filter(Boolean) ?? [];
  // Before anything is asked of anybody: a wrong name must not leave half of the keys pressed.
  for (const name of names) keyBytes(name, false);
  const text = await textOf(invocation, names.length > 0);
  const { client } = await connect();
  const id = await fullId(client, word(invocation, 0));
  try {
    if (text !== undefined) await send(client, id, text, invocation);
    if (names.length > 0) await press(client, id, names);
  } catch (error) {
    throw notLive(error, id);
  }
  return 0;
};

async function send(client: CovenClient, id: string, bytes: Uint8Array, invocation: Invocation): Promise<void> {
  const raw = has(invocation, "raw");
  const text = decoded(bytes);
  if (text === undefined) {
    if (!raw) throw new Failure("The text is not UTF-8.", ["the same with --raw, which sends the bytes as they are"]);
    return sendBytes(client, id, bytes);
  }
  const submit = !raw && !has(invocation, "no-enter");
  // A person's last line has no end of its own: Enter is the end.
  const typed = raw ? text : text.replace(/\r?\n$/, "");
  await client.input(id, typed, { submit });
}
