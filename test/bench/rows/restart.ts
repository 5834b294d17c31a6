// The row of a restart in place: how long nobody is served while the daemon goes on as another program under its sessions.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { restartInPlace } from "../../support/in-place.ts";
import { type Figure, figure, short } from "../figures.ts";
import type { Ground } from "../ground.ts";
import { staying } from "../peers.ts";
import { must, type Row, saying } from "./row.ts";

export const restart: Row = {
  id: "restart",
  async measure(ground) {
    const counts = ground.smoke ? [1, 2] : [1, 8, 50];
    const { path } = await ground.file(1);
    // A thousand lines of a build log above the prompt, as a session that has worked for a while has.
    const worked = staying(`head -c 200000 ${path}; ${saying("READY")}`);
    const lines = [];
    for (const count of counts) {
      lines.push(line(`${count} idle sessions with 1,000 lines above`, await gaps(ground, count, worked)));
    }
    const end = join(ground.dir, "flood-ends");
    const flood = `${saying("READY")}; until [ -e ${end} ]; do seq 1 2000; done`;
    lines.push(line("8 sessions that print as fast as they can", await gaps(ground, 8, flood, end)));
    return lines;
  },
};

function line(what: string, coven: Figure) {
  return {
    work: `restart in place, nobody is served: ${what}`,
    unit: "ms",
    cells: { coven },
    goal: "<= 150",
    met: coven.value <= 150,
    note: "from the last answer of the old daemon to the first of the new",
  };
}

/** Over before the next: a daemon that has just begun is asked again at once. */
async function gaps(ground: Ground, count: number, script: string, end?: string): Promise<Figure> {
  const daemon = await ground.daemon();
  const ids: string[] = [];
  for (let i = 0; i < count; i++) ids.push((await daemon.launch(script)).id);
  for (const id of ids) await daemon.prints(id, "<READY>");
  const taken: number[] = [];
  for (let i = 0; i < ground.rounds(20); i++) {
    const { refused, gapMs } = await restartInPlace(daemon);
    must(refused === null, `the restart was refused: ${refused}`);
    taken.push(gapMs);
    await Bun.sleep(200);
  }
  if (end) {
    writeFileSync(end, "");
    for (const id of ids) must((await daemon.settled(id)).status === "completed", "a session went wrong");
  } else {
    for (const id of ids) must((await daemon.client.session(id)).status === "running", "a session went");
  }
  await daemon.stop();
  return figure(taken, { note: `(worst ${short(Math.max(...taken))})` });
}
