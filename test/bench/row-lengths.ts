// Bytes of ledger for each byte of output: rows that fill pages, beside rows of any length up to a fixed one. Run: bun test/bench/row-lengths.ts [MB]
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Ledger } from "../../src/session/ports/ledger.ts";
import { ledgerSizes } from "../../src/store/inspect.ts";
import { openLedger } from "../../src/store/ledger.ts";
import { record } from "../store/fixture.ts";
// What codex 0.169 and claude 2.1.329 printed in one turn of the daemon's loop each, in order: three prompts, answered by a model at
// 15 ms a token, 120 x 40.
import agents from "./agent-pieces.json";

const total = Number(process.argv[2] ?? 20) * 1e6;
/** 16 KiB; what just stays whole in a page of 8 KiB; just under half of one; a quarter, a sixth, an eighth. */
const CAPS = [16_384, 8_150, 4_064, 2_030, 1_350, 1_000];

const between = (least: number, most: number) => (i: number) => least + ((i * 7_919) % (most - least + 1));
const recorded = (pieces: readonly number[]) => (i: number) => pieces[i % pieces.length] ?? 1;
const KINDS: Readonly<Record<string, (i: number) => number>> = {
  claude: recorded(agents.claude),
  codex: recorded(agents.codex),
  "redraws of 300-800": between(300, 800),
  "a build log, 60-8,000": between(60, 8_000),
  "floods, 60-262 KB": between(60_000, 262_144),
};

const noise = crypto.getRandomValues(new Uint8Array(300_000)).map((byte) => byte & 0x7f);
const dir = mkdtempSync(join(tmpdir(), "cv-rows-"));

/** What the file weighs for each byte when pieces of these sizes are written, each in a transaction of its own. */
function weight(size: (i: number) => number, write: (ledger: Ledger, id: string, data: Uint8Array) => void) {
  const path = join(dir, `${crypto.randomUUID()}.db`);
  const ledger = openLedger(path);
  const session = record();
  ledger.create(session);
  let bytes = 0;
  for (let i = 0; bytes < total; i++) {
    const data = noise.subarray(0, size(i));
    write(ledger, session.id, data);
    bytes += data.length;
  }
  ledger.close();
  const ratio = ledgerSizes(path).ledgerBytes / bytes;
  rmSync(path);
  return ratio.toFixed(3);
}

const now = () => new Date().toISOString();
const header = ["filled pages", ...CAPS.map((cap) => `at most ${cap}`)];
console.log("".padEnd(22), ...header.map((word) => word.padStart(13)));
for (const [name, size] of Object.entries(KINDS)) {
  const filled = weight(size, (ledger, id, data) => void ledger.appendOutput(id, data, now()));
  const capped = CAPS.map((cap) =>
    weight(size, (ledger, id, data) => {
      const rows = Array.from({ length: Math.ceil(data.length / cap) }, (_, i) =>
        data.subarray(i * cap, (i + 1) * cap),
      );
      ledger.append(
        id,
        rows.map((row) => ({ kind: "output", data: row })),
        now(),
      );
    }),
  );
  console.log(name.padEnd(22), ...[filled, ...capped].map((word) => word.padStart(13)));
}
rmSync(dir, { recursive: true, force: true });
