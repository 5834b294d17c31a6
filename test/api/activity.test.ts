// Holds what a record says of a program's own state (OSC 7501): its word while it is live, and nothing afterwards.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { isSettled } from "../../src/session/session.ts";
import { type House, startHouse } from "../support/house.ts";

let house: House;
beforeAll(async () => {
  house = await startHouse();
});
afterAll(() => house.close());

async function activity(id: string, wanted: string | null): Promise<void> {
  const deadline = performance.now() + 10_000;
  while ((await house.client.session(id)).activity !== wanted) {
    if (performance.now() > deadline) throw new Error(`${id} never said ${wanted}`);
    await Bun.sleep(2);
  }
}

test("a record says what its program says: in the list, in a page, on its own; a cleared word and an end take it back", async () => {
  const say = (state: string) => `printf '\\033]7501;state=${state}:app=x\\033\\\\'`;
  const { id, activity: first } = await house.launch(
    // No echo: only what the program says of itself is looked at.
    `stty -echo; ${say("blocked")}; read x; ${say("clear")}; read x; ${say("working")}; read x`,
  );
  expect(first).toBeNull();
  await activity(id, "blocked");
  const of = (list: readonly { id: string; activity: string | null }[]) =>
    list.find((one) => one.id === id)?.activity;
  expect(of(await house.client.sessions())).toBe("blocked");
  expect(of((await house.client.sessions({ limit: 10 })).sessions)).toBe("blocked");
  await house.client.input(id, "\n");
  await activity(id, null);
  await house.client.input(id, "\n");
  await activity(id, "working");
  await house.client.input(id, "\n");
  const ended = await house.settled(id);
  expect([isSettled(ended.status), ended.activity]).toEqual([true, null]);
});
