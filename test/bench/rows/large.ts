// The row of the large ledger: launch, list, page and attach with 10,000 sessions and 10 million events, and with ten
// (a list of 100 with 100, since ten would be a shorter list).
import { join } from "node:path";
import { connect } from "../../../src/store/connection.ts";
import type { Daemon } from "../daemon.ts";
import type { Figure } from "../figures.ts";
import { inTurns, type Turn } from "../turns.ts";
import { Wire } from "../wire.ts";
import { must, type Row, saying } from "./row.ts";

export const large: Row = {
  id: "large",
  async measure(ground) {
    const [few, listed, many, each] = ground.smoke ? [2, 10, 20, 50] : [10, 100, 10_000, 1_000];
    const [small, middling, big] = [await ground.daemon(), await ground.daemon(), await ground.daemon()];
    const homes = [
      { name: "small", daemon: small, ids: await filled(small, few, each) },
      { name: "big", daemon: big, ids: await filled(big, many, each) },
    ];
    await filled(middling, listed, each);
    const turns: Record<string, Turn> = {};
    const wires = new Map<Daemon, Wire>();
    for (const daemon of [small, middling, big]) wires.set(daemon, await Wire.open(daemon.socket));
    const ask = async (daemon: Daemon, path: string, check: (body: string) => boolean): Promise<number> => {
      const began = performance.now();
      const body = (await wires.get(daemon)?.ask("GET", path))?.toString() ?? "";
      const took = performance.now() - began;
      must(check(body), `${path} answered ${body.slice(0, 100)}`);
      return took;
    };
    for (const { name, daemon, ids } of homes) {
      const middle = ids[Math.floor(ids.length / 2)] ?? "";
      turns[`${name}.launch`] = async () => {
        const began = performance.now();
        const { id } = await daemon.launch(saying("X"));
        const took = performance.now() - began;
        await daemon.settled(id);
        await daemon.client.archive(id);
        return took;
      };
      turns[`${name}.page`] = () =>
        ask(daemon, `/events?sessionId=${middle}&limit=200`, (body) =>
          body.includes(`"hasMore":${each > 200}`),
        );
      turns[`${name}.last`] = () =>
        ask(daemon, `/events?sessionId=${middle}&beforeSeq=9007199254740991&limit=50`, (body) =>
          body.includes('"exit"'),
        );
      turns[`${name}.screen`] = () =>
        ask(daemon, `/sessions/${middle}/screen`, (body) => body.includes('"ansi"'));
      turns[`${name}.all`] = () => ask(daemon, "/sessions", (body) => body.startsWith('[{"id"'));
    }
    for (const [name, daemon] of Object.entries({ middling, big })) {
      turns[`${name}.list`] = () =>
        ask(daemon, `/sessions?limit=${listed}`, (body) => JSON.parse(body).sessions.length === listed);
    }
    const contest = await inTurns(ground.rounds(20), turns);
    for (const wire of wires.values()) wire.close();
    for (const daemon of [small, middling, big]) await daemon.stop();
    const line = (what: string, word: string, base = "small", size = few) => {
      const grown = contest.ratio(`big.${word}`, `${base}.${word}`);
      const cells: Record<string, Figure> = { coven: contest.figure(`big.${word}`) };
      return {
        work: `${what}, with ${many.toLocaleString("en")} sessions and ${(many * each).toLocaleString("en")} events`,
        unit: "ms",
        cells,
        goal: `as fast as with ${size}`,
        met:
          grown.value < 1.25 ||
          contest.figure(`big.${word}`).value - contest.figure(`${base}.${word}`).value < 0.3,
        against: { name: `its own with ${size}`, ratio: grown },
      };
    };
    const list = contest.figure("big.all");
    return [
      line("launch (POST)", "launch"),
      line(`list of ${listed}`, "list", "middling", listed),
      line("page of 200 events", "page"),
      line("last page", "last"),
      line("screen of a finished session (attach)", "screen"),
      {
        work: `sessions: the whole list of ${many.toLocaleString("en")}`,
        unit: "ms",
        cells: { coven: list },
        goal: "< 20",
        met: list.value < 20,
      },
    ];
  },
};

/** Puts finished sessions into the ledger of a daemon, which is down meanwhile. Returns their ids, oldest first. */
async function filled(daemon: Daemon, sessions: number, events: number): Promise<string[]> {
  await daemon.stop();
  const path = join(daemon.home, "coven.db");
  const connection = connect(path, undefined);
  const { db } = connection;
  const numbers = (count: number) =>
    `WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i < ${count})`;
  db.run("PRAGMA synchronous = OFF");
  connection.transaction(() => {
    db.run(`${numbers(sessions)} INSERT INTO session_rows
      (id, project_root, harness, title, status, exit_code, created_at, updated_at, cwd, launch_mode, born)
      SELECT printf('%08x-0000-4000-8000-%012x', i, i), '/home/someone/projects/thing', 'codex', 'task ' || i, 'completed', 0,
        '2026-01-01T00:00:00.000Z', '2026-01-01T00:10:00.000Z', '/home/someone/projects/thing', 'interactive', 1767225600000
      FROM c`);
    // As it comes in life: the sessions' events lie between each other's.
    db.run(`${numbers(events)} INSERT INTO event_rows (session, kind, at, data)
      SELECT n, CASE WHEN i = ${events} THEN 3 ELSE 0 END, i,
        CASE WHEN i = ${events} THEN '{"exitCode":0,"status":"completed"}' ELSE CAST('line ' || i || ' of ' || n AS BLOB) END
      FROM session_rows, c ORDER BY n / 20, i`);
  });
  const ids = db
    .query<{ id: string }, []>("SELECT id FROM session_rows ORDER BY n")
    .all()
    .map(({ id }) => id);
  connection.close();
  await daemon.coven("daemon", "start");
  return ids;
}
