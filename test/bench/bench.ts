// `bun run bench`: which rows are measured, when the machine is quiet enough, and where the table goes.
//   --only ROW (may be repeated)   --smoke (tiny, seconds)   --patience SECONDS (for a quiet machine; default 120)
//   --json (instead of the table)   --svg FILE (draws the table as well)   --save FILE   --from FILE (draw what was saved)
// BENCH_COVEN=path measures another build, BENCH_COVEN_RS=path puts the implementation in Rust beside it.
import { readFileSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { command, type Ground, prepare } from "./ground.ts";
import { busyNow, load, machine, quiet } from "./machine.ts";
import { picture } from "./picture.ts";
import { commands } from "./rows/commands.ts";
import { crowd } from "./rows/crowd.ts";
import { echo } from "./rows/echo.ts";
import { flood } from "./rows/flood.ts";
import { idle } from "./rows/idle.ts";
import { large } from "./rows/large.ts";
import { launch } from "./rows/launch.ts";
import { many } from "./rows/many.ts";
import { reattach } from "./rows/reattach.ts";
import { health, readback } from "./rows/requests.ts";
import { restart } from "./rows/restart.ts";
import type { Row } from "./rows/row.ts";
import { watched } from "./rows/watched.ts";
import { weight } from "./rows/weight.ts";
import { circumstances, type Line, markdown, type Report } from "./table.ts";

const ROWS: readonly Row[] = [
  launch,
  flood,
  watched,
  reattach,
  health,
  echo,
  readback,
  idle,
  weight,
  commands,
  crowd,
  restart,
  large,
  many,
];

const { values } = parseArgs({
  options: {
    only: { type: "string", multiple: true, default: [] },
    smoke: { type: "boolean", default: false },
    patience: { type: "string", default: "120" },
    json: { type: "boolean", default: false },
    svg: { type: "string" },
    save: { type: "string" },
    from: { type: "string" },
  },
});

const unknown = values.only.filter((id) => !ROWS.some((row) => row.id === id));
if (unknown.length > 0) {
  console.error(`Error: no row ${unknown.join(", ")}.\nTry: --only ${ROWS.map(({ id }) => id).join("|")}`);
  process.exit(2);
}

// What `--save` wrote before.
const report = values.from ? (JSON.parse(readFileSync(values.from, "utf8")) as Report) : await measure();
if (values.save) writeFileSync(values.save, `${JSON.stringify(report, undefined, 1)}\n`);
if (values.svg) writeFileSync(values.svg, picture(report));
console.log(values.json ? JSON.stringify(report) : `\n${circumstances(report)}\n\n${markdown(report)}`);

async function measure(): Promise<Report> {
  const ground = await prepare(values.smoke);
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.once(signal, () => void ground.close().finally(() => process.exit(1)));
  }
  const lines: Line[] = [];
  const busy: Record<string, { share: number; load: string }> = {};
  try {
    for (const row of ROWS) {
      if (values.only.length > 0 && !values.only.includes(row.id)) continue;
      const share = values.smoke ? await busyNow(50) : await quiet(Number(values.patience) * 1000);
      busy[row.id] = { share, load: load() };
      const began = performance.now();
      console.error(`${row.id}: the processors are ${Math.round(share * 100)} % busy, load ${load()}`);
      for (const line of await row.measure(ground)) lines.push({ row: row.id, ...line });
      console.error(`${row.id}: ${((performance.now() - began) / 1000).toFixed(1)} s`);
    }
    return {
      machine: machine(),
      when: new Date().toISOString().slice(0, 10),
      versions: await versions(ground),
      busy,
      lines,
    };
  } finally {
    await ground.close();
  }
}

async function versions(ground: Ground): Promise<Record<string, string>> {
  const own = (await command([ground.binary, "--version"])).trim().replace(/^coven /, "");
  return {
    coven: own,
    bun: Bun.version,
    ...Object.fromEntries(ground.peers.map(({ name, version }) => [name, version])),
    ...(ground.rustVersion === undefined ? {} : { rust: ground.rustVersion }),
  };
}
