// Holds that the look at who is connected works where the kernel's list of descriptors can't be had.

import { expect } from "bun:test";
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { testUnless, windows } from "../support/unless.ts";

const PEERS = join(import.meta.dir, "../../src/daemon/peers.ts");

/** One connection of somebody else's (we say that we are another), looked at with every descriptor in use. */
const AT_THE_LIMIT = (socket: string) => `
  import { chmodSync, closeSync, openSync, readdirSync } from "node:fs";
  import { watchPeers } from ${JSON.stringify(PEERS)};
  const log = { debug() {}, info() {}, warn(event) { console.log(event); }, error() {} };
  const server = Bun.listen({ unix: ${JSON.stringify(socket)}, socket: { data() {} } });
  chmodSync(${JSON.stringify(socket)}, 0o777);
  // Root is let in everywhere: it becomes somebody before it connects.
  if (process.geteuid() === 0) process.seteuid(65534);
  const { promise, resolve } = Promise.withResolvers();
  const them = await Bun.connect({ unix: ${JSON.stringify(socket)}, socket: { data() {}, close: resolve } });
  const mine = watchPeers(${JSON.stringify(socket)}, log, process.geteuid());
  const theirs = watchPeers(${JSON.stringify(socket)}, log, process.geteuid() + 1);
  const taken = [];
  for (;;) { try { taken.push(openSync("/dev/null")); } catch (error) { console.log(error.code); break; } }
  let listed = true;
  try { readdirSync("/dev/fd"); } catch { listed = false; }
  console.log(JSON.stringify({ listed, mine: mine.onlyOurs(), theirs: theirs.onlyOurs() }));
  for (const fd of taken) closeSync(fd);
  await promise;
  process.exit(0);
`;

testUnless(windows)(
  "at the descriptor limit the directory of descriptors can't be opened: they are tried one by one",
  async () => {
    // Once a kill was answered with internal_error when the daemon had run out of descriptors: just when it was wanted most.
    const dir = mkdtempSync(join(tmpdir(), "cv-peer-"));
    try {
      await Bun.write(join(dir, "at-limit.ts"), AT_THE_LIMIT(join(dir, "s")));
      chmodSync(dir, 0o777);
      const child = Bun.spawn(
        ["/bin/sh", "-c", 'ulimit -n 128; exec "$0" "$1"', process.execPath, join(dir, "at-limit.ts")],
        { stdout: "pipe", stderr: "pipe", cwd: "/" },
      );
      const [out, err] = await Promise.all([
        new Response(child.stdout).text(),
        new Response(child.stderr).text(),
      ]);
      expect(`${out}${err}`).toContain("EMFILE");
      expect(out).toContain("foreign_peer");
      expect(out).toContain('{"listed":false,"mine":true,"theirs":false}');
      expect(await child.exited).toBe(0);
    } finally {
      rmSync(dir, { recursive: true, force: true });
    }
  },
);
