// What it costs the daemon that many watch one session: its processor time for a flood with none, 1, 5 and 20 viewers. Run: bun test/bench/viewers.ts [MB]
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { openAttach } from "../../src/api/client-attach.ts";
import { bunTransport } from "../../src/api/client-transport.ts";
import { daemonHome } from "../support/daemon-home.ts";
import { until } from "../support/until.ts";

const [mb = 40] = process.argv.slice(2).map(Number);
const fixture = (name: string): Buffer => readFileSync(join(import.meta.dir, "../screen/fixtures", name));

/** As often as it takes for so many bytes. */
function repeated(piece: Uint8Array): Buffer {
  return Buffer.concat(Array.from({ length: Math.ceil((mb * 1e6) / piece.length) }, () => piece));
}

const FLOODS = {
  "build log": repeated(
    Buffer.from(
      Array.from(
        { length: 500 },
        (_, i) => `\x1b[32m[${i}/500]\x1b[0m compiling src/module-${i}.ts -> dist\n`,
      ).join(""),
    ),
  ),
  redraws: repeated(Buffer.concat(["vim.bin", "less.bin", "top.bin", "tmux.bin", "htop.bin"].map(fixture))),
} as const;

await using home = daemonHome();
home.script("codex", 'stty raw -echo; read x; cat "$1"; read x');
for (const [name, bytes] of Object.entries(FLOODS))
  writeFileSync(join(home.base, name.replace(" ", "-")), bytes);
await home.start();
const { daemon } = await home.client.health();
const pid = daemon?.pid ?? 0;

/** Milliseconds of processor time the daemon has used. */
function used(): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "latin1")
    .replace(/^.*\) /, "")
    .split(" ");
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

for (const [name, bytes] of Object.entries(FLOODS)) {
  for (const viewers of [0, 1, 5, 20]) {
    const { id } = await home.client.launch({
      projectRoot: home.project,
      harness: "codex",
      prompt: join(home.base, name.replace(" ", "-")),
    });
    let screens = 0;
    let gaps = 0;
    let received = 0;
    const open = Array.from({ length: viewers }, () =>
      openAttach(bunTransport(home.paths.socket).webSocket, () => `/sessions/${id}/attach?mode=observe`, {
        observe: true,
        frame: ({ type }) => {
          if (type === "gap") gaps += 1;
        },
        bytes: (part, snapshot) => {
          if (snapshot) screens += 1;
          else received += part.length;
        },
        closed: () => {},
      }),
    );
    await until("every viewer has the screen", () => screens === viewers);
    const before = used();
    const began = performance.now();
    await home.client.input(id, "\n");
    // The flood is over once it is in the ledger and all that watch have it, or a newer screen.
    let last = -1;
    for (let still = 0; still < 6; ) {
      await Bun.sleep(150);
      const { events } = await home.client.events(id, { beforeSeq: Number.MAX_SAFE_INTEGER, limit: 1 });
      const at = (events.at(-1)?.seq ?? 0) + received;
      still = at === last && at > 1000 ? still + 1 : 0;
      last = at;
    }
    const took = used() - before;
    console.log(
      `${name}, ${viewers} viewers: ${took} ms of the daemon for ${(bytes.length / 1e6).toFixed(0)} MB (${(performance.now() - began - 900).toFixed(0)} ms), ${gaps} gaps, ${(received / 1e6 / Math.max(viewers, 1)).toFixed(1)} MB each`,
    );
    for (const one of open) one.close();
    await home.client.kill(id);
  }
}
