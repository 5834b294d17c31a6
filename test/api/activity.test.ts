// Holds what a record says of a program's own state (OSC 7501): its word while it is live, and nothing afterwards.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { isSettled } from "../../src/session/session.ts";
import { startTestDaemon, type TestDaemon } from "../support/test-daemon.ts";

let daemon: TestDaemon;
beforeAll(async () => {
  daemon = await startTestDaemon();
});
afterAll(() => daemon.close());

async function activity(id: string, wanted: string | null): Promise<void> {
  const deadline = performance.now() + 10_000;
  while ((await daemon.client.session(id)).activity !== wanted) {
    if (performance.now() > deadline) throw new Error(`${id} never said ${wanted}`);
    await Bun.sleep(2);
  }
}

test("a record says what its program says: in the list, in a page, on its own; a cleared word and an end take it back", async () => {
  const say = (state: string) => `printf '\\033]7501;state=${state}:app=x\\033\\\\'`;
  const { id, activity: first } = await daemon.launch(
    // No echo: only what the program says of itself is looked at.
    `stty -echo; ${say("blocked")}; read x; ${say("clear")}; read x; ${say("working")}; read x`,
  );
  expect(first).toBeNull();
  await activity(id, "blocked");
  const of = (list: readonly { id: string; activity: string | null }[]) =>
    list.find((one) => one.id === id)?.activity;
  expect(of(await daemon.client.sessions())).toBe("blocked");
  expect(of((await daemon.client.sessions({ limit: 10 })).sessions)).toBe("blocked");
  await daemon.client.input(id, "\n");
  await activity(id, null);
  await daemon.client.input(id, "\n");
  await activity(id, "working");
  await daemon.client.input(id, "\n");
  const ended = await daemon.settled(id);
  expect([isSettled(ended.status), ended.activity]).toEqual([true, null]);
});
