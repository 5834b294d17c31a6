// The figures of the headless terminal: parse and filter MB/s, answer and image times, memory. Run: bun test/bench/screen.ts
import { loadavg } from "node:os";
import { screenHost } from "../../src/screen/host.ts";
import type { Screen } from "../../src/session/ports/screen.ts";
import { queryFilter } from "../../src/vt/filter.ts";
import { draw } from "../../src/vt/picture.ts";

const host = screenHost();
const CHUNK = 16 * 1024;

function open(answer: (bytes: Uint8Array) => void = () => {}): Screen {
  return host.open({ cols: 120, rows: 40, scrollback: 1000, answer });
}

const streams: Readonly<Record<string, Buffer>> = {
  "plain text": Buffer.from(`${"a build log says the same again and again, ".repeat(2)}\r\n`.repeat(100_000)),
  colours: Buffer.from(
    "The \x1b[31mquick\x1b[0m brown fox \x1b[1;38;2;9;9;9mjumps\x1b[m over the lazy dog and goes on\r\n".repeat(
      100_000,
    ),
  ),
  "wide, joined": Buffer.from("日本語テキスト 😀 👩‍👩‍👧 é ─────│ mixed\r\n".repeat(100_000)),
  redraws: Buffer.from(
    `\x1b[?2026h\x1b[H${"\x1b[2K\x1b[36m│\x1b[0m row of a full screen program \x1b[7m x \x1b[27m\r\n".repeat(39)}\x1b[?2026l`.repeat(
      2000,
    ),
  ),
};

function rate(bytes: Buffer, each: (chunk: Uint8Array) => void): string {
  const begun = performance.now();
  for (let at = 0; at < bytes.length; at += CHUNK) each(bytes.subarray(at, at + CHUNK));
  return `${(bytes.length / 1e3 / (performance.now() - begun)).toFixed(0)} MB/s`;
}

function quantiles(times: number[], unit: string, scale: number): string {
  times.sort((a, b) => a - b);
  const at = (share: number): string => ((times[Math.floor(times.length * share)] ?? 0) * scale).toFixed(2);
  return `p50 ${at(0.5)} ${unit}, p99 ${at(0.99)} ${unit}`;
}

console.log(
  `load ${loadavg()
    .map((one) => one.toFixed(1))
    .join(" ")}, chunks of ${CHUNK} bytes, 120 x 40, 1,000 lines`,
);
function memory(): number {
  Bun.gc(true);
  return process.memoryUsage().rss / 1024 / 1024;
}

for (const [what, bytes] of [
  ["fresh", Buffer.alloc(0)],
  ["with 1,000 lines above", streams["colours"]?.subarray(0, 200_000) ?? Buffer.alloc(0)],
] as const) {
  const before = memory();
  const screens = Array.from({ length: 50 }, () => open());
  for (const one of screens) one.write(bytes);
  await Bun.sleep(100);
  console.log(`memory of a screen, ${what}: ${((memory() - before) / screens.length).toFixed(2)} MB`);
  for (const one of screens) one.close();
}

for (const [name, bytes] of Object.entries(streams)) {
  const screen = open();
  const filter = queryFilter();
  rate(bytes.subarray(0, bytes.length >> 2), (chunk) => screen.write(chunk));
  const parsed = rate(bytes, (chunk) => screen.write(chunk));
  const filtered = rate(bytes, (chunk) => filter.pass(chunk));
  const times: number[] = [];
  let size = 0;
  for (let i = 0; i < 50; i += 1) {
    const begun = performance.now();
    size = draw(screen.image().picture).text.length;
    times.push(performance.now() - begun);
  }
  console.log(
    `${name}: write ${parsed}, filter ${filtered}, image ${quantiles(times, "ms", 1)} (${size} characters)`,
  );
  screen.close();
}

const times: number[] = [];
let asked = 0;
const screen = open(() => times.push(performance.now() - asked));
for (let i = 0; i < 5000; i += 1) {
  asked = performance.now();
  screen.write(Buffer.from("some text\x1b[6n"));
}
console.log(`question to answer: ${quantiles(times, "us", 1000)}`);
screen.close();
