// Owns `coven sessions`: the browser at a terminal, a table where nobody can press a key, plain columns for scripts, JSON.
import { isArchived, isSettled, type Session } from "../session/session.ts";
import { has, type Run } from "./command.ts";
import { connect } from "./connect.ts";
import { liveFirst } from "./feed.ts";
import { everySession, shortId } from "./target.ts";
import { coloured, err, out } from "./ui/colour.ts";
import { atTerminal, columns, printJson, say, write } from "./ui/out.ts";
import { type Column, table } from "./ui/table.ts";
import { ago } from "./ui/time.ts";

/** What a person can take in; scripts get everything. */
const SHOWN = 100;

export const run: Run = async (invocation) => {
  const { client } = await connect();
  if (
    !has(invocation, "json") &&
    !has(invocation, "plain") &&
    atTerminal() &&
    process.env["TERM"] !== "dumb"
  ) {
    return (await import("./browser.ts")).browse(client, has(invocation, "all"));
  }
  const sessions: Session[] = [];
  for await (const session of everySession(client, has(invocation, "all"))) sessions.push(session);
  if (has(invocation, "json")) {
    await printJson({ sessions });
    return 0;
  }
  if (has(invocation, "plain") || !process.stdout.isTTY) {
    await write(`${table(sessions, PLAIN).join("\n")}\n`);
    return 0;
  }
  if (sessions.length === 0) {
    say(
      has(invocation, "all")
        ? "No sessions yet."
        : "No sessions, or all are archived (coven sessions --all).",
    );
    say("Start one:  coven run demo 'say hello'");
    return 0;
  }
  const width = columns(process.stdout, 80);
  const shown = liveFirst(sessions).slice(0, SHOWN);
  const [head = "", ...rows] = table(shown, width < 60 ? NARROW : WIDE, width);
  await write(`${[out.dim(head), ...rows].join("\n")}\n`);
  if (shown.length < sessions.length) {
    say(err.dim(`… and ${sessions.length - shown.length} older ones:  coven sessions --plain`));
  }
  return 0;
};

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

const NARROW: readonly Column<Session>[] = [
  { head: "SESSION", cell: (one) => shortId(one.id) },
  {
    head: "STATUS",
    cell: (one) => (isArchived(one) ? "archived" : one.status),
    paint: (text, one) => (isArchived(one) ? out.dim(text) : coloured(one.status, text, out)),
  },
  TITLE,
];

const WIDE: readonly Column<Session>[] = [
  ...NARROW.slice(0, 2),
  HARNESS,
  { head: "WHEN", cell: (one) => ago(isSettled(one.status) ? one.updated_at : one.created_at) },
  { head: "PROJECT", cell: (one) => one.project_root.split("/").at(-1) || "/" },
  TITLE,
];
