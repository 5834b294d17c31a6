// Holds that the kernel's answers about connections land where we read them. Once the address of a small array was kept: the
// runtime moved the array at its first `subarray`, every later name was the first one's, and the kernel went on writing into
// memory that was somebody else's by then: two bytes of a viewer's stream became a length.

import { expect } from "bun:test";
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { testUnless, windows } from "../support/unless.ts";

const PEERS = join(import.meta.dir, "../../src/daemon/peers.ts");

const TWO_SOCKETS = (dir: string) => `
  import { chmodSync } from "node:fs";
  import { watchPeers } from ${JSON.stringify(PEERS)};
  const log = { info() {}, warn() {}, error() {} };
  const paths = ["first", "second"].map((name) => ${JSON.stringify(dir)} + "/" + name);
  for (const unix of paths) {
    Bun.listen({ unix, socket: { data() {} } });
    chmodSync(unix, 0o777);
  }
  if (process.geteuid() === 0) process.seteuid(65534);
  // Looked at in the order of their descriptors: what is bound to the first comes first.
  await Bun.connect({ unix: paths[0], socket: { data() {} } });
  await Bun.sleep(0);
  await Bun.connect({ unix: paths[1], socket: { data() {} } });
  const stranger = process.geteuid() + 1;
  const seen = () => watchPeers(paths[1], log, stranger).onlyOurs();
  const deadline = performance.now() + 5_000;
  while (seen() && performance.now() < deadline) await Bun.sleep(5);
  console.log(JSON.stringify(performance.now() < deadline));
  process.exit(0);
`;

testUnless(windows)("each connection is known by the name it is bound to", async () => {
  const dir = mkdtempSync(join(tmpdir(), "cv-mem-"));
  try {
    chmodSync(dir, 0o777);
    await Bun.write(join(dir, "two.ts"), TWO_SOCKETS(dir));
    const child = Bun.spawn([process.execPath, join(dir, "two.ts")], { stdout: "pipe", stderr: "inherit" });
    expect((await new Response(child.stdout).text()).trim()).toBe("true");
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
});
