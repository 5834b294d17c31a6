// Holds that a body is waited for while it comes, and no longer: with a clock that goes on when the test says so.
import { afterEach, beforeEach, expect, test } from "bun:test";
import { realWorld } from "../../src/daemon/world.ts";
import { connected, request } from "../support/raw.ts";
import { startTestDaemon, type TestDaemon } from "../support/test-daemon.ts";
import { until } from "../support/until.ts";

const STILL_MS = 30_000;
const body = JSON.stringify({ action: "nothing", filler: "x".repeat(4_000_000) });
const head = request("POST /actions", undefined, { "Content-Length": String(body.length) });

let daemon: TestDaemon;
/** The looks at bodies that are due. */
let looks: Set<() => void>;
let late: number;
beforeEach(async () => {
  looks = new Set();
  late = 0;
  daemon = await startTestDaemon({
    world: {
      ...realWorld,
      monotonic: () => realWorld.monotonic() + late,
      after(ms, run) {
        if (ms !== STILL_MS) return realWorld.after(ms, run);
        looks.add(run);
        return () => looks.delete(run);
      },
    },
  });
});
afterEach(() => daemon.close());

/** Half a minute has gone by. */
function look(): void {
  for (const run of [...looks]) {
    looks.delete(run);
    run();
  }
}

async function sender(...parts: readonly string[]) {
  const peer = await connected(daemon.socket);
  let heard = "";
  let ended = false;
  peer.on("data", (chunk: Buffer) => {
    heard += chunk;
  });
  peer.on("end", () => {
    ended = true;
  });
  for (const part of parts) peer.write(part);
  await until("it is waited for", () => looks.size === 1);
  return { peer, heard: () => heard, ended: () => ended };
}

// Regression: a body of which nothing more came was held for as long as its sender liked.
test.each([
  ["nothing of it", ""],
  ["half of it", body.slice(0, 2_000_000)],
])("one that stands still is answered 408, and the connection ends: %s had come", async (_, part) => {
  const { peer, heard, ended } = await sender(head, part);
  await until("it is refused", () => {
    look();
    return heard() !== "";
  });
  expect(heard()).toStartWith("HTTP/1.1 408 ");
  const { error } = JSON.parse(heard().slice(heard().indexOf("{")));
  expect(error).toMatchObject({ code: "invalid_request", details: { field: "body", arrived: part.length } });
  await until("it is hung up on", ended);
  peer.destroy();
});

test("one that comes slowly is read to its end", async () => {
  const { peer, heard } = await sender(head);
  const piece = 400_000;
  for (let at = 0; at < body.length; at += piece) {
    await new Promise((written) => peer.write(body.slice(at, at + piece), written));
    await until("a look is due", () => looks.size === 1 || heard() !== "");
    // More was written than the kernel holds, and the daemon has had its turns: some of it has been read.
    for (let turn = 0; turn < 3; turn++) await daemon.client.health();
    look();
  }
  await until("it is answered", () => heard() !== "");
  expect(heard()).not.toContain(" 408 ");
  expect(heard()).toContain("nothing");
  peer.destroy();
});

test("one that comes for ever is not", async () => {
  const { peer, heard } = await sender(head, body.slice(0, 1_000));
  late = 600_000;
  await until("it is refused", () => {
    peer.write(" ");
    look();
    return heard() !== "";
  });
  expect(heard()).toStartWith("HTTP/1.1 408 ");
  peer.destroy();
});
