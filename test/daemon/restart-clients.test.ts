// Whoever follows with the typed client goes on when the daemon is replaced, without a loop of their own: output, events, feed, attach.
import { expect } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { covenClient } from "../../src/api/client.ts";
import { posixPtyHost } from "../../src/pty/posix.ts";
import { daemonHome, until } from "../support/daemon-home.ts";
import { restartInPlace } from "../support/in-place.ts";
import { signalOwn } from "../support/signal.ts";
import { testUnless } from "../support/unless.ts";

const test = testUnless(posixPtyHost() ? undefined : "not Linux, or its C library is too old");

/** `codex` runs its prompt with sh. */
async function home() {
  const made = daemonHome();
  made.script("codex", 'for prompt; do :; done\nexec sh -c "$prompt"');
  const pid = await made.start();
  const launch = (prompt: string) =>
    made.client.launch({ projectRoot: made.project, harness: "codex", prompt });
  return { ...made, pid, launch, [Symbol.asyncDispose]: made[Symbol.asyncDispose] };
}

test("output, events and feed across three restarts in a flood: each once, in order, to the end", async () => {
  await using at = await home();
  const stop = join(at.base, "stop");
  const hangUp = new AbortController();
  const fed: string[] = [];
  const feeding = (async () => {
    for await (const { type } of at.client.feed({ signal: hangUp.signal })) fed.push(type);
  })().catch(() => {});
  await until("the feed is open", () => fed.length > 0);
  const { id } = await at.launch(`until [ -e ${stop} ]; do seq 1 2000; done; echo over; exit 4`);
  const parts: Uint8Array[] = [];
  const following = (async () => {
    for await (const part of at.client.output(id, { follow: true })) parts.push(part);
  })();
  const seqs: number[] = [];
  let text = "";
  const hearing = (async () => {
    for await (const { seq, kind, payload_json } of at.client.eventStream(id)) {
      seqs.push(seq);
      if (kind === "output") text += JSON.parse(payload_json).data;
    }
  })();
  for (let i = 0; i < 3; i++) {
    const had = parts.length;
    await until("it flows", () => parts.length > had);
    expect(await restartInPlace(at)).toMatchObject({ refused: null });
  }
  writeFileSync(stop, "");
  await Promise.all([following, hearing]);
  const kept = Buffer.concat(await Array.fromAsync(at.client.output(id))).toString();
  expect(kept.endsWith("2000\r\nover\r\n")).toBe(true);
  expect(Buffer.concat(parts).toString() === kept).toBe(true);
  expect(text === kept).toBe(true);
  expect(seqs).toEqual([...new Set(seqs)].sort((a, b) => a - b));
  await until("the feed has all", () => fed.includes("session.settled"));
  expect(fed.filter((type) => type === "daemon.restarted")).toHaveLength(3);
  expect(fed).not.toContain("gap");
  hangUp.abort();
  await feeding;
}, 60_000);

// Regression: a session that was settled before the follower came again had its last output left out.
test("what a session prints and how it ends around a restart is in every stream, whole", async () => {
  await using at = await home();
  for (let round = 0; round < 5; round++) {
    const go = join(at.base, `go-${round}`);
    const { id } = await at.launch(
      `echo first; until [ -e ${go} ]; do sleep 0.005; done; seq 1 3000; echo last words; exit 3`,
    );
    const following = Array.fromAsync(at.client.output(id, { follow: true }));
    const hearing = Array.fromAsync(at.client.eventStream(id));
    await until("it has begun", async () => (await at.client.screen(id)).lines[0] === "first");
    const restarted = restartInPlace(at);
    await Bun.sleep(round * 15);
    writeFileSync(go, "");
    expect(await restarted).toMatchObject({ refused: null });
    const want = `first\r\n${Array.from({ length: 3_000 }, (_, i) => `${i + 1}\r\n`).join("")}last words\r\n`;
    expect(Buffer.concat(await following).toString()).toBe(want);
    expect((await hearing).at(-1)?.kind).toBe("exit");
  }
}, 60_000);

/** Bytes that may be on their way. */
const MOST_UNHEARD = 512 * 1024;

test("keys typed all the while into an attached session arrive once and in order, a paste among them", async () => {
  await using at = await home();
  const { id } = await at.launch("stty raw -echo; printf ready; exec cat");
  await until("it is ready", async () => (await at.client.screen(id)).lines[0] === "ready");
  let heard = "";
  let attached = 0;
  const refused: number[] = [];
  const client = at.client.attach(id, {
    size: { cols: 100, rows: 30 },
    frame: ({ type }) => {
      if (type === "attached") attached += 1;
    },
    bytes: () => {},
    refused: (bytes) => void refused.push(bytes),
    closed: () => {},
  });
  const following = (async () => {
    for await (const part of at.client.output(id, { follow: true })) heard += Buffer.from(part).toString();
  })();
  let typed = "";
  let over = false;
  const typing = (async () => {
    for (let i = 0; !over; i++) {
      const word = i % 100 === 50 ? `[${"paste ".repeat(20_000)}]` : `<w${i}>`;
      typed += word;
      client.type(Buffer.from(word));
      // On a busy machine a restart takes seconds, and what waits past 1 MiB would be refused.
      do await Bun.sleep(1);
      while (!over && typed.length - heard.length > MOST_UNHEARD);
    }
  })();
  for (let i = 0; i < 5; i++) expect(await restartInPlace(at)).toMatchObject({ refused: null });
  over = true;
  await typing;
  await until("all of it came back", () => heard.length >= "ready".length + typed.length, 20_000);
  expect(heard === `ready${typed}`).toBe(true);
  expect([refused, attached]).toEqual([[], 6]);
  client.close();
  await at.client.kill(id);
  await following;
}, 60_000);

test("calls made all the while through five restarts are answered, every one", async () => {
  await using at = await home();
  const { id } = await at.launch("exec cat");
  const client = covenClient(at.paths.socket, { patient: true });
  let answered = 0;
  let isOver = false;
  const calling = (async () => {
    for (; !isOver; answered += 1) {
      const [{ daemon }, , one] = await Promise.all([client.health(), client.sessions(), client.session(id)]);
      expect([daemon?.pid, one.status]).toEqual([at.pid, "running"]);
    }
  })();
  for (let i = 0; i < 5; i++) {
    const had = answered;
    await until("some are answered", () => answered > had + 5);
    expect(await restartInPlace(at)).toMatchObject({ refused: null });
  }
  isOver = true;
  await calling;
});

test("a daemon that is killed, and another started: followers end with what its record says", async () => {
  await using at = await home();
  const { id } = await at.launch("echo up; sleep 600");
  await until("it is up", async () => (await at.client.screen(id)).lines[0] === "up");
  const said: string[] = [];
  const over = Promise.withResolvers<void>();
  at.client.attach(id, {
    frame: (frame) => void said.push(frame.type === "exit" ? frame.status : frame.type),
    bytes: () => {},
    away: () => void said.push("away"),
    closed: over.resolve,
  });
  const following = Array.fromAsync(at.client.output(id, { follow: true }));
  await until("it is attached", () => said.includes("attached"));
  // One that has heard nothing yet, for there is no news.
  const afterSeq = (await at.client.events(id)).events.at(-1)?.seq ?? 0;
  const hearing = Array.fromAsync(at.client.eventStream(id, { afterSeq }));
  await until("it follows", async () => (await at.client.status()).followers.byKind["events"] === 1);
  signalOwn(at.pid, "SIGKILL");
  await until("it looks for its daemon", () => said.includes("away"));
  await at.start();
  await over.promise;
  expect(said).toEqual(["attached", "away", "attached", "orphaned"]);
  expect(Buffer.concat(await following).toString()).toBe("up\r\n");
  expect((await hearing).map(({ payload_json }) => JSON.parse(payload_json).event)).toContain("orphaned");
}, 30_000);
