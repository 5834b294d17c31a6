// `coven worktrees`: the worktrees that sessions have, and those whose sessions are gone, with how each stands.
import { existsSync, readdirSync, realpathSync } from "node:fs";
import { join } from "node:path";
import { checkoutOf } from "../../../git/checkout.ts";
import { baseNoted, stateOf, type WorktreeState } from "../../../git/worktrees.ts";
import { isSettled, type Session } from "../../../session/session.ts";
import { connectAsking } from "../../client/connect.ts";
import { shortId } from "../../client/session-id.ts";
import { everySession } from "../../client/session-list.ts";
import { worktreeSettings } from "../../client/worktree.ts";
import { has, type Run } from "../../framework/command.ts";
import { columns, printJson, say, write } from "../../ui/out.ts";
import { table } from "../../ui/table.ts";

/** How many are looked at at once: git reads every file of each. */
const LANES = 4;

/** One row of `--json`. */
interface Row {
  readonly path: string;
  /** What is checked out now, else what its session began with. */
  readonly branch: string | null;
  readonly base: string | null;
  /** `missing`: the directory is gone; `broken`: git doesn't know it (any more). */
  readonly state: "clean" | "dirty" | "missing" | "broken";
  /** Why it is broken. */
  readonly reason: string | null;
  readonly dirty: number | null;
  readonly ahead: number | null;
  readonly behind: number | null;
  readonly against: string | null;
  /** Ids, the newest first; none where they were deleted. */
  readonly sessions: readonly string[];
  readonly live: boolean;
}

export const run: Run = async (invocation) => {
  const { answer: sessions } = await connectAsking(async (client) => {
    const found: Session[] = [];
    for await (const session of everySession(client, true)) if (session.worktree) found.push(session);
    return found;
  });
  const byPath = Map.groupBy(sessions, (session) => session.worktree?.path ?? "");
  for (const path of onDisk((await worktreeSettings()).directory))
    if (!byPath.has(path)) byPath.set(path, []);
  const waiting = Array.from(byPath).values();
  const rows: Row[] = [];
  await Promise.all(
    Array.from({ length: LANES }, async () => {
      for (const [path, users] of waiting) rows.push(await rowOf(path, users));
    }),
  );
  const place = new Map(Array.from(byPath.keys(), (path, at) => [path, at]));
  rows.sort((one, other) => (place.get(one.path) ?? 0) - (place.get(other.path) ?? 0));
  if (has(invocation, "json")) await printJson({ worktrees: rows });
  else if (rows.length === 0) say("No worktrees.  Make one:  coven run codex 'your task' --worktree");
  else await write(`${shown(rows).join("\n")}\n`);
  return 0;
};

/** Worktrees in the directory for them, whoever's. */
function onDisk(directory: string): string[] {
  const within = (path: string) => {
    try {
      return readdirSync(path, { withFileTypes: true }).flatMap((one) =>
        one.isDirectory() ? [join(path, one.name)] : [],
      );
    } catch {
      return [];
    }
  };
  return within(directory)
    .flatMap(within)
    .flatMap((path) => (existsSync(join(path, ".git")) ? [realpathSync(path)] : []));
}

async function rowOf(path: string, users: readonly Session[]): Promise<Row> {
  const recorded = users[0]?.worktree;
  const known = {
    path,
    branch: recorded?.branch ?? null,
    base: recorded?.base ?? null,
    sessions: users.map(({ id }) => id),
    live: users.some(({ status }) => !isSettled(status)),
  };
  const nothing = { dirty: null, ahead: null, behind: null, against: null, reason: null };
  const place = checkoutOf(path);
  if (place?.root !== path) return { ...known, ...nothing, state: existsSync(path) ? "broken" : "missing" };
  if (!place.isLinked)
    return { ...known, ...nothing, state: "broken", reason: "git doesn't know it as a worktree" };
  const base = known.base ?? baseNoted(place) ?? place.commit ?? "HEAD";
  let state: WorktreeState;
  try {
    state = await stateOf(place, base);
  } catch (error) {
    return {
      ...known,
      ...nothing,
      state: "broken",
      reason: error instanceof Error ? error.message : String(error),
    };
  }
  const { dirty, ahead, behind, against, branch } = state;
  return {
    ...known,
    branch,
    base,
    state: dirty > 0 ? "dirty" : "clean",
    reason: null,
    dirty,
    ahead,
    behind,
    against,
  };
}

function shown(rows: readonly Row[]): string[] {
  const number = (count: number | null) => (count === null ? "?" : String(count));
  return table(
    rows,
    [
      {
        head: "SESSION",
        cell: ({ sessions: [id], live }) => (id === undefined ? "-" : `${shortId(id)}${live ? " live" : ""}`),
      },
      { head: "DIRTY", cell: ({ state, dirty }) => (dirty === null ? state : number(dirty)) },
      { head: "AHEAD", cell: ({ ahead }) => number(ahead) },
      { head: "BEHIND", cell: ({ behind }) => number(behind) },
      { head: "BRANCH", cell: ({ branch }) => branch ?? "(none)" },
      { head: "PATH", cell: ({ path }) => path },
    ],
    // A path that is cut can't be used: a script gets all of it, and so does a wide terminal.
    columns(process.stdout, Number.MAX_SAFE_INTEGER),
  );
}
