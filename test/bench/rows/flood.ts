// The row of the flood: 100 MB from a child with nobody attached, to the moment all of it is kept, in both modes of a terminal.
import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Daemon } from "../daemon.ts";
import { type Ground, inTerminal } from "../ground.ts";
import type { Line } from "../table.ts";
import { inTurns, type Turn } from "../turns.ts";
import { MODES, type Mode, must, type Row } from "./row.ts";

export const flood: Row = {
  id: "flood",
  async measure(ground) {
    const lines: Omit<Line, "row">[] = [];
    for (const mode of MODES) lines.push(await inMode(ground, mode));
    return lines;
  },
};

async function inMode(ground: Ground, mode: Mode): Promise<Omit<Line, "row">> {
  const file = await ground.file(ground.smoke ? 2 : 100);
  const { bytes, sum } = file;
  const script = mode.printing(file);
  const coven = await ground.daemon();
  const rust = await ground.rust();
  let kept = 0;
  let rustKept = "";

  const turns: Record<string, Turn> = {
    async floor() {
      const seen = await inTerminal(
        ground,
        [...mode.floor, "--exact", String(bytes)],
        [ground.codex, script],
      );
      must(seen.sum === sum, "the floor read other bytes than were written");
      return seen.exact;
    },
  };
  for (const peer of ground.peers) {
    const proof = join(ground.dir, `${peer.name}.done`);
    const proven = `${script.replace("exec cat", "cat")} && : >${proof}`;
    turns[peer.name] = () => alone(ground, mode, peer.alone(proven), bytes + 3, proof);
  }
  turns["coven"] = async () => {
    const began = performance.now();
    const { id } = await coven.launch(script);
    await coven.settled(id);
    const took = performance.now() - began;
    const output = await coven.output(id, "<B>".length);
    must(output.bytes === bytes && output.sum === sum, `kept ${output.bytes} of ${bytes} bytes`);
    kept += 1;
    await coven.client.sacrifice(id);
    return took;
  };
  if (rust) {
    turns["rust"] = async () => {
      const began = performance.now();
      const { id } = await rust.launch(script);
      await rust.settled(id);
      const took = performance.now() - began;
      const { characters, whole } = await readBack(rust, id);
      const share = `${Math.min(100, Math.round((characters / bytes) * 100))} %`;
      rustKept = whole ? `keeps ${share}` : `gives ${share} back, then refuses`;
      return took;
    };
  }
  const contest = await inTurns(ground.rounds(10), turns);
  await coven.stop();
  await rust?.stop();
  const cells = Object.fromEntries(contest.names.map((name) => [name, contest.figure(name)]));
  const notes: Record<string, string> = {
    dtach: "keeps nothing",
    screen: "keeps 2,000 lines",
    tmux: "keeps 2,000 lines",
    rust: rustKept,
  };
  for (const [name, note] of Object.entries(notes)) {
    const cell = cells[name];
    if (cell) cells[name] = { ...cell, note: `(${note})` };
  }
  const ratio = contest.ratio("coven", "tmux");
  return {
    work: `${bytes / 1e6} MB from a child, nobody attached, ${mode.name} mode`,
    unit: "ms",
    cells,
    goal: "every byte, <= tmux",
    met: cells["tmux"] ? ratio.value <= 1 : undefined,
    ...(cells["tmux"] ? { against: { name: "tmux", ratio } } : {}),
    note: `100.00 % kept, byte for byte, in ${kept} of ${kept} runs; ${contest.ratio("coven", "floor").value.toFixed(2)} x floor`,
  };
}

async function alone(
  ground: Ground,
  mode: Mode,
  work: { argv: string[]; kept?: string },
  bytes: number,
  proof: string,
): Promise<number> {
  const began = performance.now();
  // One that copies what its own terminal says needs one; nothing is printed there. dtach always leaves with 1.
  if (work.kept) await inTerminal(ground, mode.floor, work.argv);
  else
    await Bun.spawn(work.argv, {
      cwd: ground.project,
      env: ground.env,
      stdio: ["ignore", "ignore", "ignore"],
    }).exited;
  const took = performance.now() - began;
  must(existsSync(proof), "the child was not read to its end");
  rmSync(proof);
  if (work.kept) {
    // script adds a line of its own before and after.
    must(Bun.file(work.kept).size >= bytes, `script kept ${Bun.file(work.kept).size} of ${bytes} bytes`);
    rmSync(work.kept);
  }
  return took;
}

/** How much of what was printed its pages give; some are larger than it is willing to send. */
async function readBack(daemon: Daemon, id: string): Promise<{ characters: number; whole: boolean }> {
  let characters = 0;
  for (let afterSeq = 0; ; ) {
    const page = await daemon.client.events(id, { afterSeq }).catch(() => undefined);
    if (!page) return { characters, whole: false };
    for (const event of page.events) {
      if (event.kind === "output") characters += event.payload_json.length;
    }
    if (!page.hasMore || !page.nextCursor) return { characters, whole: true };
    ({ afterSeq } = page.nextCursor);
  }
}
