// What a session has printed so far, on standard output.
import type { CovenClient } from "../../api/client.ts";
import { queryFilter } from "../../vt/filter.ts";
import { lineEnds } from "../ui/newlines.ts";
import { write } from "../ui/out.ts";

/** Prints it and returns; `raw`: the exact bytes. */
export async function printOutput(client: CovenClient, id: string, { raw = false } = {}): Promise<void> {
  if (raw) {
    for await (const chunk of client.output(id)) await write(chunk);
    return;
  }
  const ends = lineEnds();
  // The terminal would answer a program's queries into the person's shell.
  const queries = queryFilter();
  for await (const chunk of client.output(id)) await write(ends.convert(queries.pass(chunk)));
  await write(ends.convert(queries.end()));
  await write(ends.end());
}
