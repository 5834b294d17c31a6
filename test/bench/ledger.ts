// The ledger's figures: bytes on disk per output byte, appends, reading back, sacrifice. Run: bun test/bench/ledger.ts [MB]
import { mkdtempSync, rmSync } from "node:fs";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import type { Ledger } from "../../src/session/ports/ledger.ts";
import { UNASKED } from "../../src/session/session.ts";
import { ledgerSizes } from "../../src/store/inspect.ts";
import { openLedger } from "../../src/store/ledger.ts";

const MEGABYTES = Number(process.argv[2] ?? 100);
const dir = mkdtempSync(join(tmpdir(), "cv-bench-"));
const noise = crypto.getRandomValues(new Uint8Array(65536));

function session(ledger: Ledger): string {
  const [id, at] = [crypto.randomUUID(), new Date().toISOString()];
  ledger.create({
    id,
    project_root: "/home/someone/projects/thing",
    harness: "demo",
    title: "bench",
    status: "created",
    exit_code: null,
    archived_at: null,
    created_at: at,
    updated_at: at,
    cwd: "/home/someone/projects/thing",
    launch_mode: "interactive",
    pid: null,
    signal: null,
    activity: null,
    attention: null,
    ...UNASKED,
  });
  return id;
}

/** Appends pieces, one transaction each, until `total` bytes are in; prints a line. */
function fill(name: string, total: number, sessions: number, length: (i: number) => number) {
  const path = join(dir, `${crypto.randomUUID()}.db`);
  const ledger = openLedger(path);
  const ids = Array.from({ length: sessions }, () => session(ledger));
  let [bytes, pieces, rows, worst] = [0, 0, 0, 0];
  const start = performance.now();
  for (; bytes < total; pieces++) {
    const data = noise.subarray(pieces % 4096, (pieces % 4096) + length(pieces));
    const before = performance.now();
    const kept = ledger.appendOutput(ids[pieces % sessions] ?? "", data, new Date().toISOString());
    rows += kept.length;
    worst = Math.max(worst, performance.now() - before);
    bytes += data.length;
  }
  const seconds = (performance.now() - start) / 1000;
  ledger.close();
  const ratio = ledgerSizes(path).ledgerBytes / bytes;
  const speed = `${Math.round(pieces / seconds)} appends/s, ${Math.round(bytes / 1e6 / seconds)} MB/s`;
  const each = `${(rows / pieces).toFixed(2)} rows each`;
  console.log(
    `${name.padEnd(32)} ${ratio.toFixed(3)} bytes per byte, ${each}, ${speed}, worst append ${worst.toFixed(1)} ms`,
  );
  return { path, id: ids[0] ?? "", bytes, rows };
}

function timed<T>(work: () => T): [milliseconds: number, result: T] {
  const start = performance.now();
  const result = work();
  return [performance.now() - start, result];
}

console.log(`load ${loadavg()[0]?.toFixed(2)}, ${MEGABYTES} MB of output`);
const total = MEGABYTES * 1e6;
const redraw = (i: number) => 300 + ((i * 7919) % 501);
const log = (i: number) => 60 + ((i * 7919) % 7941);
const flood = (i: number) => 60_000 + ((i * 7919) % 1_500);
fill("100 bytes", total / 10, 1, () => 100);
fill("500 bytes", total / 2, 1, () => 500);
fill("300-800 bytes", total / 2, 1, redraw);
fill("300-800 bytes, 20 sessions", total / 2, 20, redraw);
// What a terminal gives at a time.
fill("4,095 bytes", total / 2, 1, () => 4_095);
fill("60-8,000 bytes", total / 2, 1, log);
fill("60-8,000 bytes, 20 sessions", total / 2, 20, log);
fill("16 KiB", total, 1, () => 16_384);
const { path, id, rows } = fill("60 KB", total, 1, flood);

// What is left of a large sacrifice runs in turns; here one after the other, each timed.
let waiting: (() => void) | undefined;
const ledger = openLedger(path, {
  after: (_ms, run) => {
    waiting = run;
    return () => {
      waiting = undefined;
    };
  },
});
const [first] = timed(() => [...ledger.events({ sessionId: id, limit: 50 })].length);
const [last] = timed(() => [...ledger.events({ sessionId: id, beforeSeq: rows + 1, limit: 50 })].length);
console.log(`a page of 50 from the start ${first.toFixed(1)} ms, from the end ${last.toFixed(1)} ms`);
const [raw, bytes] = timed(() => {
  let [sum, after] = [0, 0];
  for (let page = ledger.output(id, 0, 1 << 20); page.length > 0; page = ledger.output(id, after, 1 << 20)) {
    for (const row of page) sum += row.data.length;
    after = page.at(-1)?.seq ?? after;
  }
  return sum;
});
console.log(`raw output read back at ${Math.round(bytes / 1000 / raw)} MB/s`);
const [wire] = timed(() => {
  for (const _ of ledger.events({ sessionId: id, limit: rows })) {
    // Only the making of the events is measured.
  }
});
console.log(`as events (random bytes, the worst text) at ${Math.round(bytes / 1000 / wire)} MB/s of output`);
const [gone] = timed(() => ledger.sacrifice(id));
let [turns, worst, all] = [0, 0, gone];
for (; waiting; turns++) {
  const turn = waiting;
  waiting = undefined;
  const [took] = timed(turn);
  worst = Math.max(worst, took);
  all += took;
}
console.log(
  `sacrifice of it: ${gone.toFixed(0)} ms, then ${turns} turns of at most ${worst.toFixed(1)} ms, ${all.toFixed(0)} ms in all`,
);
ledger.close();
rmSync(dir, { recursive: true, force: true });
