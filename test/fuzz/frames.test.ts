// Frames and messages of attach, made of valid ones and chance: the session and every other client go on as before.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { ask, connected, request } from "../support/raw.ts";
import { startTestDaemon, type TestDaemon } from "../support/test-daemon.ts";
import { until } from "../support/until.ts";
import { type Chance, rounds, TIMEOUT_MS } from "./random.ts";

let daemon: TestDaemon;
let id: string;
beforeAll(async () => {
  daemon = await startTestDaemon();
  // Raw: what is typed is chance, and a Ctrl-C among it must not end the program.
  id = (await daemon.launch("stty raw -echo; exec cat > /dev/null")).id;
});
afterAll(() => daemon.close());

test(
  "frames",
  async () => {
    await rounds(async (chance) => {
      const mode = chance.one(["interactive", "observe"]);
      const peer = await connected(daemon.socket);
      peer.on("error", () => {});
      peer.write(
        request(`GET /sessions/${id}/attach?mode=${mode}&cols=80&rows=24`, undefined, {
          Connection: "Upgrade",
          Upgrade: "websocket",
          "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
          "Sec-WebSocket-Version": "13",
        }),
      );
      await new Promise((upgraded) => peer.once("data", upgraded));
      for (let n = 1 + chance.below(8); n > 0; n--) {
        const bytes = frame(chance);
        peer.write(chance.maybe(0.3) ? chance.mutated(bytes) : bytes);
      }
      if (chance.maybe()) peer.end();
      expect((await ask(daemon.socket, "GET /api/v1/health")).status).toBe(200);
      peer.destroy();
      expect(daemon.coven.isLive(id)).toBe(true);
      const size = daemon.coven.size(id);
      expect(size && size.cols >= 1 && size.cols <= 1000 && size.rows >= 1 && size.rows <= 1000).toBe(true);
    });
    await until("nobody is left", () => daemon.watchers() === 0);
    expect(daemon.log.filter(({ level }) => level === "error")).toEqual([]);
  },
  TIMEOUT_MS,
);

/** RFC 6455, 5.2, as a client sends it. */
function frame(chance: Chance): Buffer {
  const opcode = chance.one([0, 1, 1, 1, 2, 2, 8, 9, 10, chance.below(16)]);
  const messages = [
    JSON.stringify({ type: "resize", cols: chance.below(1_100), rows: chance.below(1_100) }),
    JSON.stringify({ type: chance.text(6), cols: chance.json(2), rows: chance.json(2) }),
    JSON.stringify(chance.json(5)) ?? "",
    chance.text(40),
  ] as const;
  const payload = opcode === 1 ? Buffer.from(chance.one<string>([...messages])) : chance.bytes(200);
  const mask = chance.bytes(4).subarray(0, 4);
  const key = Buffer.concat([mask, Buffer.alloc(4 - mask.length)]);
  const length =
    payload.length < 126 ? [0x80 | payload.length] : [0xfe, payload.length >> 8, payload.length & 255];
  const head = Buffer.from([(chance.maybe(0.8) ? 0x80 : 0) | opcode, ...length]);
  return Buffer.concat([head, key, payload.map((byte, at) => byte ^ (key[at % 4] ?? 0))]);
}
