// `coven ledger repair`: makes a whole ledger of a damaged one, and says what is lost.
import { resolve } from "node:path";
import { covenPaths } from "../../../paths.ts";
import { type Repaired, repairHome } from "../../../supervise/repair.ts";
import { shortId } from "../../client/session-id.ts";
import { flagValue, has, type Run } from "../../framework/command.ts";
import { print, printJson, say } from "../../ui/out.ts";
import { withProgress } from "../../ui/progress.ts";
import { counted, harmless } from "../../ui/text.ts";

export const repair: Run = async (invocation) => {
  const paths = covenPaths();
  const output = resolve(flagValue(invocation, "output") ?? `${paths.ledger}.repaired`);
  const replace = has(invocation, "replace");
  const done = await withProgress("Repairing the ledger", async () => repairHome(paths, { output, replace }));
  if (has(invocation, "json")) {
    await printJson(toJson(done));
    return 0;
  }
  if (done.output === null) {
    await print("The ledger is sound: there is nothing to repair.");
    return 0;
  }
  await print(
    `${HOW[done.method]}: ${counted(done.sessions, "session")}, ${counted(done.events, "event")}, in ${harmless(done.output)}`,
  );
  for (const line of losses(done)) await print(line);
  if (done.original !== null) say(`The original is ${harmless(done.original)}`);
  else say("Put it in place:  coven ledger repair --replace");
  return 0;
};

const HOW: Readonly<Record<Repaired["method"], string>> = {
  sound: "Nothing was wrong",
  rehashed: "Its pages are sound, and what was printed is kept as the disk gives it now",
  reindexed: "Its indexes were made anew",
  salvaged: "What can be read was put into a new ledger",
};

function losses({ lostRecords, lostEvents, damagedOutput, lostScreens }: Repaired): string[] {
  return [
    ...lostRecords.map((id) => `Lost: the record of ${shortId(id)}; what it printed is kept`),
    ...lostEvents.map(
      ({ sessionId, events, seqs }) =>
        `Lost: ${counted(events, "event")} of ${shortId(sessionId)} (seq ${seqs.map(range).join(", ")})`,
    ),
    ...damagedOutput.map((id) => `Damaged: what ${shortId(id)} printed is not what was recorded`),
    ...(lostScreens > 0 ? [`Lost: ${counted(lostScreens, "last screen")}, drawn again from the output`] : []),
  ];
}

function range([from, to]: readonly [number, number]): string {
  return from === to ? String(from) : `${from}-${to}`;
}

function toJson(done: Repaired) {
  return {
    method: done.method,
    output: done.output,
    original: done.original,
    sessions: done.sessions,
    events: done.events,
    lost_records: done.lostRecords,
    lost_events: done.lostEvents.map(({ sessionId, events, seqs }) => ({
      session_id: sessionId,
      events,
      seqs,
    })),
    damaged_output: done.damagedOutput,
    lost_screens: done.lostScreens,
  };
}
