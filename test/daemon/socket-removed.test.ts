// A socket that somebody removes, or puts something else in its place: the daemon binds it anew, and its sessions go on.
import { afterEach, expect, test } from "bun:test";
import { lstatSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { readIdentity } from "../../src/daemon/identity.ts";
import { realWorld } from "../../src/daemon/world.ts";
import { attached } from "../support/attached.ts";
import { startTestDaemon, type TestDaemon } from "../support/test-daemon.ts";
import { until } from "../support/until.ts";

/** Minutes pass quickly; everything else takes its time. */
const world = {
  ...realWorld,
  after: (ms: number, run: () => void) => realWorld.after(ms === 60_000 ? 20 : ms, run),
};

let daemon: TestDaemon;
afterEach(() => daemon.close());

// Regression: nobody looked, and every session was out of reach until the daemon ended.
test.each<[string, (path: string) => void]>([
  ["removed", (path) => rmSync(path)],
  [
    "replaced by a file",
    (path) => {
      rmSync(path);
      writeFileSync(path, "not a socket");
    },
  ],
  ["moved away", (path) => renameSync(path, `${path}.elsewhere`)],
])("%s: within a minute the sessions are there again, and who was attached never left", async (_, harm) => {
  daemon = await startTestDaemon({ world });
  const { id } = await daemon.launch("printf ready; exec cat");
  const before = await attached(daemon, id);
  harm(daemon.socket);
  await until("it is bound again", () => daemon.log.some(({ event }) => event === "socket_bound_again"));
  expect(lstatSync(daemon.socket).isSocket()).toBe(true);
  expect(lstatSync(daemon.socket).mode & 0o777).toBe(0o600);
  const after = await attached(daemon, id);
  before.type("one");
  await until("both see it", () => [before, after].every((client) => client.output().includes("one")));
  after.type("two");
  await until("both see that too", () => [before, after].every((client) => client.output().includes("two")));
  expect((await daemon.client.sessions()).map((session) => session.id)).toEqual([id]);
  before.leave();
  after.leave();
});

test("the whole home removed: within a minute ledger, socket and daemon.json are there again, and the sessions with them", async () => {
  daemon = await startTestDaemon({ world });
  const { id } = await daemon.launch("printf ready; exec cat");
  // Its program lies in there, too.
  await until("the program runs", () => daemon.coven.screen(id).lines[0]?.includes("ready"));
  const home = dirname(daemon.socket);
  rmSync(home, { recursive: true });
  await until("the socket is bound again", () =>
    daemon.log.some(({ event }) => event === "socket_bound_again"),
  );
  const file = join(home, "daemon.json");
  await until("its note is there", () => readIdentity(file) !== undefined);
  expect(readIdentity(file)).toEqual(daemon.identity);
  expect(lstatSync(home).mode & 0o777).toBe(0o700);
  const client = await attached(daemon, id);
  client.type("one");
  await until("it is reachable", () => client.output().includes("one"));
  client.leave();
});

test.each(["{half", "", '{"pid":1,"startedAt":"x","socket":"y"}'])(
  "a daemon.json that somebody has damaged (%s) is written anew",
  async (damage) => {
    daemon = await startTestDaemon({ world });
    const file = join(dirname(daemon.socket), "daemon.json");
    writeFileSync(file, damage);
    await until("it is mended", () => readIdentity(file)?.pid === daemon.identity.pid);
    expect(readIdentity(file)).toEqual(daemon.identity);
    expect(daemon.log.some(({ event }) => event === "identity_mended")).toBe(true);
  },
);

test("where another program listens by then it is said, and left alone", async () => {
  daemon = await startTestDaemon({ world });
  rmSync(daemon.socket);
  const other = Bun.serve({ unix: daemon.socket, fetch: () => new Response("other") });
  await until("it is said", () => daemon.log.some(({ event }) => event === "socket_lost"));
  expect(await (await fetch("http://x/", { unix: daemon.socket })).text()).toBe("other");
  await other.stop(true);
  await until("it is bound again once that has gone", () =>
    daemon.log.some(({ event }) => event === "socket_bound_again"),
  );
  expect(await daemon.client.sessions()).toEqual([]);
});
