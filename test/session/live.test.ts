// Holds what a live session does when the ledger refuses to take anything more.

import { afterAll, afterEach, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isCovenError } from "../../src/errors.ts";
import { mount, unmount } from "../support/mount.ts";
import { runs } from "../support/signal.ts";
import { startTestDaemon, type TestDaemon } from "../support/test-daemon.ts";
import { testUnless } from "../support/unless.ts";
import { until } from "../support/until.ts";

let daemon: TestDaemon;
afterEach(() => daemon.close());

/** A finished session that takes what room there is, down to the last page. */
function fillLedger(): string {
  const { id } = daemon.finished([]);
  const now = new Date().toISOString();
  for (let size = 16 * 1024; size >= 1; size >>= 1) {
    try {
      for (;;) daemon.ledger.append(id, [{ kind: "output", data: new Uint8Array(size) }], now);
    } catch (error) {
      if (!isCovenError(error) || error.code !== "runtime_unavailable") throw error;
    }
  }
  return id;
}

// Killing wrote its event first, so on a full disk `kill` was refused with `kill_failed`, `daemon stop --force` left every
// agent running, and only a start after somebody had made room ended them.
test("on a full disk a session can still be ended, and the record tells once there is room", async () => {
  daemon = await startTestDaemon({ maxPages: 40 });
  const { id, pid } = await daemon.launch("exec sleep 60");
  if (pid === null) throw new Error("a live session has a pid");
  const filler = fillLedger();

  expect(await daemon.client.kill(id)).toEqual({ ok: true, accepted: true });
  await until("the harness is gone", () => !runs(pid));
  expect(daemon.coven.session(id).status).toBe("running");

  await daemon.client.sacrifice(filler);
  expect((await daemon.settled(id)).status).toBe("killed");
  const { events } = await daemon.client.events(id);
  expect(events.map((event) => event.kind)).toEqual(["kill", "metadata", "exit"]);
});

test("on a full disk output waits, none of it is lost, and the harness goes on", async () => {
  daemon = await startTestDaemon({ maxPages: 40 });
  const { id } = await daemon.launch("read line; echo one; read line; echo two; read line; exit 4");
  const filler = fillLedger();

  await daemon.client.input(id, "a\n");
  await until("the first lines wait", () => daemon.log.some((line) => line.event === "output_waits"));
  await daemon.client.input(id, "b\nc\n");
  await daemon.client.sacrifice(filler);

  expect((await daemon.settled(id)).exit_code).toBe(4);
  const { events } = await daemon.client.events(id);
  const shown = events
    .map((one) => (one.kind === "output" ? JSON.parse(one.payload_json).data : ""))
    .join("");
  expect(shown.replaceAll("\r\n", "|")).toContain("one|");
  expect(shown.replaceAll("\r\n", "|")).toContain("two|");
});

// It was typed first and refused then: who sent it again typed it twice.
test("what must be recorded and can't be is refused, and not typed", async () => {
  daemon = await startTestDaemon({ maxPages: 40, recordInput: true });
  const { id } = await daemon.launch("read line; exit $line");
  const filler = fillLedger();
  const typed = () => daemon.client.input(id, "3\n");
  expect(await typed().catch((error: unknown) => error)).toMatchObject({ code: "runtime_unavailable" });
  await daemon.client.sacrifice(filler);
  await daemon.client.input(id, "4\n");
  expect((await daemon.settled(id)).exit_code).toBe(4);
});

const base = mkdtempSync(join(tmpdir(), "cv-small-"));
const mounted = mount("-t", "tmpfs", "-o", "size=6m", "none", base);
afterAll(() => {
  if (mounted) unmount(base);
  rmSync(base, { recursive: true, force: true });
});

// Past 64 MiB waiting the output was thrown away and the session ended as if somebody had asked. What waits is what the kernel
// doesn't hold back: with a terminal that isn't read it holds back everything.
testUnless(mounted ? undefined : "a small file system can't be mounted here")(
  "on a full disk programs that print without end are held back, and nothing they print is lost or piles up",
  async () => {
    daemon = await startTestDaemon({ base });
    const lines = 300_000;
    const script = `read -r go; seq 1 ${lines}; exit 6`;
    const ids = await Promise.all(Array.from({ length: 4 }, async () => (await daemon.launch(script)).id));
    for (const id of ids) await daemon.client.input(id, "\r");
    const waits = () => daemon.log.filter((line) => line.event === "output_waits");
    const waiting = () => new Set(waits().map(({ fields }) => fields["sessionId"])).size;
    await until("everybody waits", () => waiting() === ids.length);
    const before = waits().length;
    await until("and has tried again", () => waits().length > before + 2 * ids.length);
    expect(Math.max(...waits().map(({ fields }) => Number(fields["bytes"])))).toBeLessThan(512 * 1024);
    expect(ids.map((id) => daemon.coven.session(id).status)).toEqual(ids.map(() => "running"));

    expect(mount("-o", "remount,size=64m", base)).toBe(true);
    const wanted = Array.from({ length: lines }, (_, i) => `${i + 1}\r\n`).join("");
    for (const id of ids) {
      expect(await daemon.settled(id)).toMatchObject({ status: "failed", exit_code: 6 });
      const printed = Buffer.concat(
        daemon.ledger.output(id, 0, 100_000_000).map((row) => row.data),
      ).toString();
      // What was typed is echoed first.
      expect(printed === `\r\n${wanted}`).toBe(true);
    }
  },
  60_000,
);
