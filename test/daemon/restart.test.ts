// A daemon that is replaced under running agents: same pid, every byte once, every key once, and each ends as it would have.
import { expect } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { isLocked } from "../../src/daemon/lock.ts";
import { posixPtyHost } from "../../src/pty/posix.ts";
import { daemonHome, logLines, until } from "../support/daemon-home.ts";
import { restartInPlace } from "../support/in-place.ts";
import { testUnless } from "../support/unless.ts";

const test = testUnless(posixPtyHost() ? undefined : "not Linux, or its C library is too old");

/** `codex` runs its prompt with sh. */
function home(env: Readonly<Record<string, string>> = {}) {
  const made = daemonHome(env);
  made.script("codex", 'for prompt; do :; done\nexec sh -c "$prompt"');
  return {
    ...made,
    [Symbol.asyncDispose]: made[Symbol.asyncDispose],
    launch: (prompt: string, key?: string) =>
      made.client.launch(
        { projectRoot: made.project, harness: "codex", prompt },
        key ? { idempotencyKey: key } : {},
      ),
    settled: (id: string) =>
      until(`session ${id} is settled`, async () => {
        const session = await made.client.session(id).catch(() => undefined);
        return session && session.status !== "running" ? session : undefined;
      }),
  };
}

/** Prints the same lines again and again until the file is there, and ends with this code; and whether a session has printed nothing else. */
const BLOCK = `${Array.from({ length: 2_000 }, (_, i) => i + 1).join("\r\n")}\r\n`;
const floodUntil = (file: string, code: number) => `until [ -e ${file} ]; do seq 1 2000; done; exit ${code}`;
async function blocksOf(output: AsyncIterable<Uint8Array>): Promise<number> {
  const text = Buffer.concat(await Array.fromAsync(output)).toString();
  const blocks = text.length / BLOCK.length;
  expect(Number.isInteger(blocks)).toBe(true);
  for (let i = 0; i < blocks; i++) {
    if (text.slice(i * BLOCK.length, (i + 1) * BLOCK.length) !== BLOCK) throw new Error(`block ${i} differs`);
  }
  return blocks;
}

test("twelve restarts in a flood of eight sessions: byte for byte, the same pid, and each exit code is collected", async () => {
  await using at = home();
  const pid = await at.start();
  const stop = join(at.base, "stop");
  const ids: string[] = [];
  for (let i = 0; i < 8; i++) ids.push((await at.launch(floodUntil(stop, i + 1))).id);
  const lines = logLines(at.paths).length;
  for (let i = 0; i < 12; i++) {
    expect(await restartInPlace(at)).toMatchObject({ pid, refused: null });
    expect(isLocked(at.paths.lock)).toBe(true);
    for (const id of ids) expect(await at.client.session(id)).toMatchObject({ status: "running" });
  }
  writeFileSync(stop, "");
  for (const [i, id] of ids.entries()) {
    expect(await at.settled(id)).toMatchObject({ status: "failed", exit_code: i + 1, pid: null });
    expect(await blocksOf(at.client.output(id))).toBeGreaterThan(12);
  }
  // Each program was adopted each time, and nothing else had to be said.
  const said = logLines(at.paths).slice(lines);
  expect(said.filter(({ event }) => event === "session_adopted")).toHaveLength(96);
  expect(said.filter(({ level }) => level !== "info")).toEqual([]);
}, 60_000);
