// Freezes the frames of the feed, byte by byte but for what differs from run to run.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { connected, request } from "../support/raw.ts";
import { startTestDaemon, type TestDaemon } from "../support/test-daemon.ts";
import { until } from "../support/until.ts";

let daemon: TestDaemon;
beforeAll(async () => {
  daemon = await startTestDaemon();
});
afterAll(() => daemon.close());

test("GET /feed", async () => {
  const done = daemon.finished(["x"]);
  const socket = await connected(daemon.socket);
  let text = "";
  socket.on("data", (data: Buffer) => {
    text += data.toString();
  });
  socket.write(request("GET /api/v1/feed"));
  await until("it is open", () => text.includes("id: "));
  await daemon.client.archive(done.id);
  await until("the first came", () => text.includes("session.archived"));
  await daemon.client.sacrifice(done.id);
  await until("both came", () => text.includes("session.sacrificed"));
  socket.destroy();
  expect(text).toMatch(/\r\ncontent-type: text\/event-stream\r\n/i);
  // Without the head and the sizes of the pieces.
  const frames = text
    .slice(text.indexOf(": ok"))
    .split("\n")
    .filter((line) => line !== "" && !/^[0-9a-f]*\r$/.test(line));
  const cursor = expect.stringMatching(/^id: \d+\.[0-9a-z]+$/);
  expect(frames).toEqual([
    ": ok",
    cursor,
    cursor,
    "event: session.archived",
    expect.stringMatching(/^data: \{"at":"[^"]+","session":\{"id":"[^"]+",.*\}\}$/),
    cursor,
    "event: session.sacrificed",
    expect.stringMatching(new RegExp(`^data: \\{"at":"[^"]+","session":\\{"id":"${done.id}"\\}\\}$`)),
  ]);
});
