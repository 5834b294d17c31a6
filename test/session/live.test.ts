// Holds what a live session does when the ledger refuses to take anything more.
import { afterEach, expect, test } from "bun:test";
import { isCovenError } from "../../src/errors.ts";
import { type House, startHouse } from "../support/house.ts";
import { runs } from "../support/signal.ts";
import { until } from "../support/until.ts";

let house: House;
afterEach(() => house.close());

/** A finished session that takes what room there is, down to the last page. */
function fillLedger(): string {
  const { id } = house.finished([]);
  const now = new Date().toISOString();
  for (let size = 16 * 1024; size >= 1; size >>= 1) {
    try {
      for (;;) house.ledger.append(id, [{ kind: "output", data: new Uint8Array(size) }], now);
    } catch (error) {
      if (!isCovenError(error) || error.code !== "runtime_unavailable") throw error;
    }
  }
  return id;
}

// Killing wrote its event first, so on a full disk `kill` was refused with `kill_failed`, `daemon stop --force` left every
// agent running, and only a start after somebody had made room ended them.
test("on a full disk a session can still be ended, and the record tells once there is room", async () => {
  house = await startHouse({ maxPages: 40 });
  const { id, pid } = await house.launch("exec sleep 60");
  if (pid === null) throw new Error("a live session has a pid");
  const filler = fillLedger();

  expect(await house.client.kill(id)).toEqual({ ok: true, accepted: true });
  await until("the harness is gone", () => !runs(pid));
  expect(house.coven.session(id).status).toBe("running");

  await house.client.sacrifice(filler);
  expect((await house.settled(id)).status).toBe("killed");
  const { events } = await house.client.events(id);
  expect(events.map((event) => event.kind)).toEqual(["kill", "metadata", "exit"]);
});

test("on a full disk output waits, none of it is lost, and the harness goes on", async () => {
  house = await startHouse({ maxPages: 40 });
  const { id } = await house.launch("read line; echo one; read line; echo two; read line; exit 4");
  const filler = fillLedger();

  await house.client.input(id, "a\n");
  await until("the first lines wait", () => house.log.some((line) => line.event === "output_waits"));
  await house.client.input(id, "b\nc\n");
  await house.client.sacrifice(filler);

  expect((await house.settled(id)).exit_code).toBe(4);
  const { events } = await house.client.events(id);
  const shown = events
    .map((one) => (one.kind === "output" ? JSON.parse(one.payload_json).data : ""))
    .join("");
  expect(shown.replaceAll("\r\n", "|")).toContain("one|");
  expect(shown.replaceAll("\r\n", "|")).toContain("two|");
});
