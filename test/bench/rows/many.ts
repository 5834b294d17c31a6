// The rows of many launches: 1,000 one after the other and 200 at once; how fast, what failed, what is left over.
import { type Daemon, processesNaming, weigh } from "../daemon.ts";
import { figure } from "../figures.ts";
import { must, type Row, saying } from "./row.ts";

export const many: Row = {
  id: "many",
  async measure(ground) {
    const coven = await ground.daemon();
    const pid = await coven.pid();
    const [row, crowd] = ground.smoke ? [10, 8] : [1_000, 200];
    const before = weigh(pid);

    const began = performance.now();
    let failed = 0;
    for (let i = 0; i < row; i++) failed += await one(coven);
    const inRow = (row * 1000) / (performance.now() - began);

    const started = performance.now();
    const answers = await Promise.all(
      Array.from({ length: crowd }, () => coven.launch(saying("X")).catch(() => undefined)),
    );
    const accepted = (crowd * 1000) / (performance.now() - started);
    for (const session of answers) {
      if (!session) failed += 1;
      else failed += (await ended(coven, session.id)) ? 0 : 1;
    }
    const atOnce = (crowd * 1000) / (performance.now() - started);
    await Bun.sleep(1_000);
    const after = weigh(pid);
    const processes = processesNaming(coven.home).filter((each) => each !== pid).length;
    const leftovers = `${processes} processes, ${after.descriptors - before.descriptors} descriptors, ${after.threads - before.threads} threads left over; resident ${Math.round(before.rssMb)} to ${Math.round(after.rssMb)} MB`;
    must(
      (await coven.client.sessions()).every(({ status }) => status === "completed"),
      "a session is not completed",
    );
    await coven.stop();
    return [
      {
        work: `${row.toLocaleString("en")} launches one after the other, each to its end`,
        unit: "per second",
        cells: { coven: figure([inRow]) },
        goal: "no failure, nothing left",
        met: failed === 0 && processes === 0,
        note: `${failed} failed; ${leftovers}`,
      },
      {
        work: `${crowd} launches at once, to the end of the last`,
        unit: "per second",
        cells: { coven: figure([atOnce]) },
        goal: "no failure, nothing left",
        met: failed === 0 && processes === 0,
        note: `${Math.round(accepted)} accepted per second`,
      },
    ];
  },
};

async function one(daemon: Daemon): Promise<number> {
  const { id } = await daemon.launch(saying("X"));
  return (await ended(daemon, id)) ? 0 : 1;
}

/** Ended well, with its one word kept. */
async function ended(daemon: Daemon, id: string): Promise<boolean> {
  const { status, exit_code } = await daemon.settled(id, 1);
  return status === "completed" && exit_code === 0 && (await daemon.output(id)).bytes === "<X>".length;
}
