// The row of weight: bytes of ledger for each byte of output, and what compressing each row would save and cost.
import { mkdtempSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, constants, deflateRawSync } from "node:zlib";
import type { Daemon } from "../daemon.ts";
import { figure, short } from "../figures.ts";
import type { Ground } from "../ground.ts";
import { must, type Row } from "./row.ts";

interface Kind {
  readonly what: string;
  readonly bytes: Uint8Array;
  /** Written in pieces of from so many to so many bytes, half a millisecond apart; none writes it as fast as it goes. */
  readonly pieces?: readonly [number, number];
}

export const weight: Row = {
  id: "weight",
  async measure(ground) {
    const coven = await ground.daemon();
    const lines = [];
    for (const kind of await kinds(ground)) {
      const { ratio, rows } = await kept(ground, coven, kind);
      lines.push({
        work: `ledger bytes per output byte: ${kind.what}`,
        unit: "bytes",
        cells: { floor: figure([1]), coven: figure([ratio]) },
        goal: "<= 1.1",
        met: ratio <= 1.1,
        note: compressed(rows),
      });
    }
    await coven.stop();
    return lines;
  },
};

async function kinds(ground: Ground): Promise<Kind[]> {
  const folder = join(import.meta.dir, "..", "..", "screen", "fixtures");
  const recordings = readdirSync(folder).map((name) => Bun.file(join(folder, name)).bytes());
  const screens = Buffer.concat(await Promise.all(recordings));
  const most = ground.smoke ? 100_000 : 4_000_000;
  const times = Math.ceil(most / screens.length);
  const log = await Bun.file((await ground.file(4)).path).bytes();
  return [
    {
      what: "terminal programs",
      bytes: Buffer.concat(Array(times).fill(screens)).subarray(0, most),
      // As full screen programs redraw.
      pieces: [300, 800],
    },
    { what: "a build log", bytes: log.subarray(0, most), pieces: [60, 8_000] },
    { what: "random bytes, as fast as it goes", bytes: crypto.getRandomValues(new Uint8Array(65_536)) },
  ];
}

/** Prints it in a session and looks at what the ledger has grown by. */
async function kept(
  ground: Ground,
  daemon: Daemon,
  kind: Kind,
): Promise<{ ratio: number; rows: Uint8Array[] }> {
  const dir = mkdtempSync(join(ground.dir, "w"));
  const path = join(dir, "bytes");
  const times = kind.pieces ? 1 : ground.smoke ? 4 : 200;
  const all = Buffer.concat(Array(times).fill(kind.bytes));
  writeFileSync(path, all);
  const script =
    kind.pieces === undefined
      ? `stty raw -echo; exec cat ${path}`
      : `stty raw -echo; exec ${ground.floorCommand} bits ${path} ${kind.pieces.join(" ")} 0.5`;
  const before = await size(daemon);
  const { id } = await daemon.launch(script);
  await daemon.settled(id);
  const after = await size(daemon);
  const { bytes } = await daemon.output(id);
  must(bytes === all.length, `kept ${bytes} of ${all.length} bytes`);
  // Random bytes come back as text with other lengths; a flood's rows are 16 KiB.
  const rows: Uint8Array[] = [];
  for (let afterSeq = 0, at = 0, more = true; more && rows.length < 4_000; ) {
    const page = await daemon.client.events(id, { afterSeq });
    for (const { kind: what, payload_json } of page.events) {
      if (what !== "output") continue;
      const size = kind.pieces ? Buffer.byteLength(JSON.parse(payload_json).data) : 16_384;
      rows.push(all.subarray(at, at + size));
      at += size;
    }
    more = page.hasMore;
    afterSeq = page.nextCursor?.afterSeq ?? afterSeq;
  }
  return { ratio: (after - before) / bytes, rows };
}

/** The ledger's size once the daemon has gone and come back: nothing waits in the WAL then. */
async function size(daemon: Daemon): Promise<number> {
  await daemon.stop();
  const bytes = statSync(join(daemon.home, "coven.db")).size;
  await daemon.coven("daemon", "start");
  return bytes;
}

/** What each row by itself would come to, and how fast that goes. */
function compressed(rows: readonly Uint8Array[]): string {
  const bytes = rows.reduce((sum, row) => sum + row.length, 0);
  const ways: [string, (row: Uint8Array) => Uint8Array][] = [
    ["zstd", (row) => Bun.zstdCompressSync(row, { level: 1 })],
    ["deflate", (row) => deflateRawSync(row, { level: 1 })],
    ["brotli", (row) => brotliCompressSync(row, { params: { [constants.BROTLI_PARAM_QUALITY]: 1 } })],
  ];
  const said = ways.map(([name, way]) => {
    const began = performance.now();
    const small = rows.reduce((sum, row) => sum + Math.min(row.length, way(row).length), 0);
    const speed = bytes / 1e3 / (performance.now() - began);
    return `${name} ${short(small / bytes)} at ${short(speed)} MB/s`;
  });
  return `rows of ${Math.round(bytes / Math.max(1, rows.length))}; each compressed: ${said.join(", ")}`;
}
