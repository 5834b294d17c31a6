// The attach WebSocket against real sessions: the snapshot, what follows it, who types, whose size counts, who falls behind.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { realWorld } from "../../src/daemon/world.ts";
import { draw } from "../../src/vt/picture.ts";
import { type Attached, attached } from "../support/attached.ts";
import { ask } from "../support/raw.ts";
import { startTestDaemon, type TestDaemon } from "../support/test-daemon.ts";
import { until } from "../support/until.ts";

let daemon: TestDaemon;
/** Milliseconds by which the daemon's clock is ahead: a stall is as long as it says. */
let ahead = 0;
beforeAll(async () => {
  const monotonic = () => realWorld.monotonic() + ahead;
  daemon = await startTestDaemon({ world: { ...realWorld, monotonic } });
});
afterAll(() => daemon.close());

/** As full-screen agents have their terminals; the mode that terminals begin in has a test of its own below. */
const RAW = "stty raw -echo; printf ready; exec cat";

/** A session that echoes what is typed, byte for byte, attached once it is ready. */
async function echoing(query = ""): Promise<{ id: string; client: Attached }> {
  const { id } = await daemon.launch(RAW, { cols: 80, rows: 24 });
  await until("the program is ready", () => daemon.coven.screen(id).lines[0]?.includes("ready"));
  return { id, client: await attached(daemon, id, query) };
}

const sizesOf = (id: string) =>
  Array.from(daemon.ledger.events({ sessionId: id, limit: 1000 }))
    .filter(({ kind }) => kind === "resize")
    .map(({ payload_json }) => JSON.parse(payload_json));

describe("what is shown", () => {
  test("first the attached frame with the record, then the screen, then what follows it", async () => {
    const { id, client } = await echoing();
    const [first] = client.frames;
    expect(first).toMatchObject({ type: "attached", cols: 80, rows: 24, session: { id, status: "running" } });
    expect(first?.["asOfSeq"]).toBe(daemon.ledger.lastSeq(id));
    expect(client.snapshot()).toContain("ready");
    client.type("hello");
    await until("the echo", () => client.output() === "hello");
    client.leave();
  });

  test("who draws for itself gets the screen as data in the place of bytes", async () => {
    const { id, client } = await echoing("?picture=true");
    expect(client.frames.map(({ type }) => type)).toEqual(["attached", "screen"]);
    const { picture } = daemon.coven.screen(id);
    expect(client.frames[1]).toEqual({ type: "screen", picture: JSON.parse(JSON.stringify(picture)) });
    expect(picture.primary.lines).toEqual([[["ready", 0]]]);
    client.type("hello");
    await until("the echo", () => Buffer.concat(client.chunks).toString() === "hello");
    client.leave();
    const screen = await daemon.client.screen(id, { picture: true });
    expect(screen.picture).toEqual(JSON.parse(JSON.stringify(daemon.coven.screen(id).picture)));
    expect(screen.ansi).toBe(draw(daemon.coven.screen(id).picture).text);
    expect(await daemon.client.screen(id)).not.toContainKey("picture");
  });

  test("in the mode terminals begin in a line is echoed as it is typed, and read at Enter, byte for byte", async () => {
    const { id } = await daemon.launch("printf ready; exec cat", { cols: 80, rows: 24 });
    await until("the program is ready", () => daemon.coven.screen(id).lines[0]?.includes("ready"));
    const client = await attached(daemon, id);
    client.type("h\u00e9llo \u4e16\u754c");
    await until("the echo", () => client.output() === "h\u00e9llo \u4e16\u754c");
    client.type("\x7fok\r");
    await until("the line", () => client.output().endsWith("h\u00e9llo \u4e16ok\r\n"));
    // Erased by characters, not bytes: the terminal knows that it speaks UTF-8.
    expect(client.output()).toContain("\b \b");
    client.leave();
  });

  test("the exit frame comes last, with what the record says, and then the socket closes", async () => {
    const { id } = await daemon.launch("printf bye; exit 3");
    const client = await attached(daemon, id);
    expect(await client.frame("exit")).toEqual({ type: "exit", status: "failed", exitCode: 3 });
    await until("the close", () => client.closed);
    expect(client.frames.at(-1)).toMatchObject({ type: "exit" });
    expect(client.snapshot() + client.output()).toContain("bye");
  });

  test("a finished session shows its last screen and ends", async () => {
    const { id } = await daemon.launch("printf 'one\\ntwo\\n'");
    await daemon.settled(id);
    const client = await attached(daemon, id);
    expect(await client.frame("exit")).toMatchObject({ status: "completed", exitCode: 0 });
    expect(client.snapshot()).toContain("two");
  });

  test("a session whose daemon died keeps a screen: it is drawn again from its output", () => {
    const session = daemon.finished(["lost ", "and found\r\n"]);
    expect(daemon.coven.screen(session.id).lines[0]).toBe("lost and found");
  });

  test("queries are answered by the daemon alone and never reach a viewer", async () => {
    // The program asks for its cursor twice, the second time split across two writes; it prints what it was answered.
    const script =
      "stty raw -echo; printf '!\\r'; read -r go; printf 'ab\\033[6n'; head -c 6 | od -c | head -1; printf '\\033['; sleep 0.05; printf '6n'; head -c 6 | od -c | head -1; cat";
    const { id } = await daemon.launch(script, { cols: 80, rows: 24 });
    const client = await attached(daemon, id);
    const other = await attached(daemon, id, "?mode=observe");
    // Typed before the terminal is raw, the Enter would be echoed, and the cursor a line further down.
    await until("the terminal is raw", () => `${client.snapshot()}${client.output()}`.includes("!"));
    client.type("\n");
    await until("both answers", () => client.output().split("033").length > 2);
    for (const viewer of [client, other]) expect(viewer.output()).not.toContain("\x1b[6n");
    // One answer each: had two answered, the second od would have printed the rest of the first pair.
    expect(client.output()).toContain("033   [   1   ;   3   R");
    await daemon.client.kill(id);
  });
});

describe("who types", () => {
  test("an observer does not", async () => {
    const { id, client } = await echoing();
    const observer = await attached(daemon, id, "?mode=observe");
    observer.type("no");
    observer.say({ type: "resize", cols: 10, rows: 5 });
    client.type("yes");
    await until("the echo at both", () => client.output() === "yes" && observer.output() === "yes");
    expect(daemon.coven.size(id)).toEqual({ cols: 80, rows: 24 });
    client.leave();
    observer.leave();
  });

  test("any bytes, also such as are no UTF-8, and a megabyte of them, in order", async () => {
    const { id, client } = await echoing();
    const bytes = new Uint8Array(1024 * 1024).map((_, i) => (i * 7 + (i >> 8)) % 256);
    // ENQ asks the terminal who it is: a query, which no viewer is sent.
    const shown = bytes.filter((byte) => byte !== 0x05).length;
    client.type(bytes);
    await until(
      "all of it",
      () => client.chunks.slice(1).reduce((n, chunk) => n + chunk.length, 0) >= shown,
      20_000,
    );
    const ledger = Buffer.concat(daemon.coven.output(id, 0, 64 * 1024 * 1024).map(({ data }) => data));
    expect(ledger.subarray("ready".length).equals(Buffer.from(bytes))).toBe(true);
    client.leave();
  });

  test("what is no message is refused with a code, and the client stays", async () => {
    const { client } = await echoing();
    for (const wrong of [
      "{",
      '{"type":"resize"}',
      '{"type":"resize","cols":-1,"rows":5}',
      '{"type":"dance"}',
    ]) {
      client.frames.length = 0;
      client.say(wrong);
      expect(await client.frame("error")).toMatchObject({ error: { code: "invalid_request" } });
    }
    client.type("still here");
    await until("the echo", () => client.output().includes("still here"));
    client.leave();
  });

  test("who is refused a hundred times is sent away, and what it sent behind that does nothing", async () => {
    const { id, client } = await echoing();
    const other = await attached(daemon, id);
    for (let i = 0; i < 5_000; i++) client.say("{");
    client.type("too late");
    await until("it is sent away", () => client.closed);
    expect(client.frames.filter(({ type }) => type === "error")).toHaveLength(100);
    other.type("still here");
    await until("the echo", () => other.output().includes("still here"));
    expect(other.output()).not.toContain("too late");
    other.leave();
  });
});

describe("whose size counts", () => {
  test("the most recently used terminal's; when it leaves, the next most recent; 0 x 0 never", async () => {
    const { id, client: one } = await echoing("?cols=100&rows=30");
    expect(daemon.coven.size(id)).toEqual({ cols: 100, rows: 30 });
    const two = await attached(daemon, id, "?cols=60&rows=20");
    expect(two.frames[0]).toMatchObject({ cols: 60, rows: 20 });
    one.type("x");
    await until("one decides", () => daemon.coven.size(id)?.cols === 100);
    expect(await two.frame("resized")).toMatchObject({ cols: 100, rows: 30 });
    two.say({ type: "resize", cols: 61, rows: 21 });
    await until("two decides", () => daemon.coven.size(id)?.cols === 61);
    one.say({ type: "resize", cols: 0, rows: 0 });
    two.leave();
    await until("one decides again", () => daemon.coven.size(id)?.cols === 100);
    expect(sizesOf(id).map(({ cols }) => cols)).toEqual([80, 100, 60, 100, 61, 100]);
    one.leave();
  });

  // Regression: whoever joined at the size the session had made it a row smaller for 50 ms. `stty size` right after a launch said so, a
  // program that printed in that moment drew a row high, and agents redrew everything each time.
  test("joining at the size the session has changes nothing: no signal, no byte, no other size", async () => {
    const script = `trap 'echo told $(stty size)' WINCH; echo ready; stty size; while :; do s=$(stty size); [ "$s" = "24 80" ] || echo "was $s"; done`;
    const { id } = await daemon.launch(script, { cols: 80, rows: 24 });
    await until("the program is ready", () => daemon.coven.screen(id).lines[1] === "24 80");
    const before = daemon.ledger.lastSeq(id);
    for (let i = 0; i < 10; i++) {
      const client = await attached(daemon, id, "?cols=80&rows=24");
      await until("its screen", () => client.snapshot().includes("ready"));
      client.leave();
    }
    // A wish that is said is granted, and shows that the program would have told.
    const last = await attached(daemon, id, "?cols=80&rows=24");
    expect(daemon.ledger.lastSeq(id)).toBe(before);
    last.say({ type: "resize", cols: 80, rows: 24 });
    await until("it drew anew", () => last.output().includes("told 24 80"));
    expect(sizesOf(id)).toEqual([{ cols: 80, rows: 24 }]);
    last.leave();
  });

  test("the size it has already, by the resize route, makes it draw anew and is no event", async () => {
    const { id } = await daemon.launch("trap 'stty size' WINCH; echo ready; while :; do sleep 0.02; done", {
      cols: 80,
      rows: 24,
    });
    await until("the program is ready", () => daemon.coven.screen(id).lines[0] === "ready");
    expect(await daemon.client.resize(id, { cols: 80, rows: 24 })).toEqual({ ok: true, accepted: true });
    await until("it was told", () => daemon.coven.screen(id).lines.includes("24 80"));
    expect(sizesOf(id)).toEqual([{ cols: 80, rows: 24 }]);
  });
});

describe("who falls behind", () => {
  test("a client that keeps reading gets every byte of a flood and no gap, beside fifty others", async () => {
    const { id } = await daemon.launch("read -r go; seq 1 200000; exec cat");
    const clients = await Promise.all(Array.from({ length: 50 }, () => attached(daemon, id)));
    const last = "199999\r\n200000\r\n";
    await daemon.client.input(id, "\r");
    await until(
      "everybody has the end",
      () => clients.every((one) => one.chunks.length > 1 && one.output().endsWith(last)),
      60_000,
    );
    const [first] = clients;
    const whole = first?.output();
    expect(whole).toContain("\r\n1\r\n2\r\n3\r\n");
    for (const one of clients) {
      expect(one.frames.filter(({ type }) => type === "gap")).toEqual([]);
      expect(one.output() === whole).toBe(true);
      one.leave();
    }
    await daemon.client.kill(id);
  }, 90_000);

  test("one that stops reading costs the others nothing, and gets a gap and a fresh screen when it reads again", async () => {
    const { id } = await daemon.launch(
      "read -r go; seq 1 400000; echo end; read -r go; echo after; exec cat",
      { cols: 80, rows: 24 },
    );
    const stalled = await stalling(daemon.socket, id);
    const reader = await attached(daemon, id);
    await daemon.client.input(id, "\r");
    await until("the reader has the end", () => reader.output().endsWith("end\r\n"), 20_000);
    ahead += 10_000;
    stalled.read();
    await until("the gap", () => stalled.text().includes('{"type":"gap"'), 10_000);
    await daemon.client.input(id, "\r");
    await until("live again", () => stalled.text().includes("after\r\n"), 10_000);
    expect(stalled.text()).toContain("400000");
    stalled.leave();
    reader.leave();
    await daemon.client.kill(id);
  }, 60_000);
});

test("a client that goes while it is stalled has gone, and did not fall behind", async () => {
  const { id } = await daemon.launch("read -r go; seq 1 400000; exec cat", { cols: 80, rows: 24 });
  const followers = async () => (await daemon.client.status()).followers;
  const before = await followers();
  const stalled = await stalling(daemon.socket, id);
  const reader = await attached(daemon, id);
  expect((await followers()).count).toBe(before.count + 2);
  await daemon.client.input(id, "\r");
  await until("the reader has the end", () => reader.output().endsWith("\r\n400000\r\n"), 20_000);
  ahead += 10_000;
  stalled.leave();
  let now = await followers();
  while (now.count > before.count + 1) now = await followers();
  expect(now.gaps).toBe(before.gaps);
  reader.leave();
  await daemon.client.kill(id);
});

describe("what is refused before there is a socket", () => {
  const upgrade = {
    Connection: "Upgrade",
    Upgrade: "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==",
  };
  const cases: [
    name: string,
    path: (id: string) => string,
    headers: Record<string, string>,
    status: number,
    code: string,
  ][] = [
    ["no Upgrade header", (id) => `/sessions/${id}/attach`, {}, 400, "invalid_request"],
    ["an unknown session", () => "/sessions/nobody/attach", upgrade, 404, "session_not_found"],
    ["an Origin", (id) => `/sessions/${id}/attach`, { ...upgrade, Origin: "http://x" }, 403, "forbidden"],
    ["an unknown mode", (id) => `/sessions/${id}/attach?mode=drive`, upgrade, 400, "invalid_request"],
    [
      "a size past the limit",
      (id) => `/sessions/${id}/attach?cols=1001&rows=20`,
      upgrade,
      400,
      "invalid_request",
    ],
  ];
  for (const [name, path, headers, status, code] of cases) {
    test(name, async () => {
      const { id } = daemon.finished(["x"]);
      const answer = await ask(daemon.socket, `GET /api/v1${path(id)}`, undefined, headers);
      expect({ status: answer.status, code: JSON.parse(answer.body).error.code }).toEqual({ status, code });
    });
  }
});

/** A client on a bare socket that takes nothing until `read`: WebSocket objects always read. */
async function stalling(path: string, id: string) {
  const { connect } = await import("node:net");
  const socket = connect(path);
  const got: Buffer[] = [];
  socket.write(
    `GET /api/v1/sessions/${id}/attach?mode=observe HTTP/1.1\r\nHost: coven\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n`,
  );
  await new Promise((go) => socket.once("connect", go));
  socket.pause();
  socket.on("data", (chunk) => got.push(Buffer.from(chunk)));
  socket.pause();
  return {
    read: () => socket.resume(),
    text: () => Buffer.concat(got).toString("latin1"),
    leave: () => socket.destroy(),
  };
}
