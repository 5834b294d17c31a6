// The list of sessions as a table: fixed columns for scripts, as many as fit for people.
import { basename } from "node:path";
import { isArchived, isSettled, type Session } from "../../../session/session.ts";
import { calledOf } from "../../client/describe.ts";
import { modeWord } from "../../client/launch-mode.ts";
import { shortId } from "../../client/session-id.ts";
import { byUrgency } from "../../client/session-list.ts";
import { coloured, err, out } from "../../ui/colour.ts";
import { columns, say, write } from "../../ui/out.ts";
import { type Column, table } from "../../ui/table.ts";
import { ago } from "../../ui/time.ts";

/** Rows for a person; scripts get all. */
const SHOWN = 100;

/** Prints them, newest first as given. `plain` is for scripts, and so is a stdout that is no terminal. */
export async function show(
  sessions: readonly Session[],
  { plain, all, asked }: { readonly plain: boolean; readonly all: boolean; readonly asked: boolean },
): Promise<void> {
  if (plain || !process.stdout.isTTY) return write(`${table(sessions, PLAIN).join("\n")}\n`);
  if (sessions.length === 0) {
    if (asked) {
      say("No session fits.  All of them:  coven sessions --all");
      return;
    }
    say(all ? "No sessions yet." : "No sessions, or all are archived (coven sessions --all).");
    say("Start one:  coven run demo 'say hello'");
    return;
  }
  const width = columns(process.stdout, 80);
  const shown = byUrgency(sessions).slice(0, SHOWN);
  const [head = "", ...rows] = table(shown, width < 60 ? NARROW : WIDE, width);
  await write(`${[out.dim(head), ...rows].join("\n")}\n`);
  if (shown.length < sessions.length) {
    say(err.dim(`… and ${sessions.length - shown.length} older ones:  coven sessions --plain`));
  }
}

const STATE: Column<Session> = { head: "STATE", cell: (one) => (isArchived(one) ? "archived" : "active") };
const HARNESS: Column<Session> = { head: "HARNESS", cell: (one) => one.harness };
const TITLE: Column<Session> = { head: "TITLE", cell: (one) => one.title };

/** Scripts read these columns: their order and words are fixed (CONTRACT, Command line). */
const PLAIN: readonly Column<Session>[] = [
  { head: "SESSION", cell: (one) => one.id },
  { head: "STATUS", cell: (one) => one.status },
  HARNESS,
  STATE,
  TITLE,
];

/** For people: also its name, what it goes on with, and with whom it was started. */
const TITLE_SEEN: Column<Session> = {
  head: "TITLE",
  cell: (one) =>
    [
      calledOf(one),
      ...(one.continues === null ? [] : [`(goes on with ${shortId(one.continues)})`]),
      ...(one.group === null ? [] : [`(group ${one.group})`]),
    ].join(" "),
};

const NARROW: readonly Column<Session>[] = [
  { head: "SESSION", cell: (one) => shortId(one.id) },
  {
    head: "STATUS",
    cell: (one) => (isArchived(one) ? "archived" : one.status),
    paint: (text, one) => (isArchived(one) ? out.dim(text) : coloured(one.status, text, out)),
  },
  TITLE_SEEN,
];

const WIDE: readonly Column<Session>[] = [
  ...NARROW.slice(0, 2),
  HARNESS,
  { head: "MODE", cell: modeWord },
  { head: "WHEN", cell: (one) => ago(isSettled(one.status) ? one.updated_at : one.created_at) },
  { head: "PROJECT", cell: (one) => basename(one.project_root) || one.project_root },
  TITLE_SEEN,
];
