// Another user of the same machine: kept out by the home's mode, by each file's own where that fails, and by the kernel's
// word on who is connected where both fail. These run as root, who alone can be somebody else.
import { expect } from "bun:test";
import { chmodSync, existsSync, lstatSync, mkdirSync, readdirSync, renameSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { watchPeers } from "../../src/daemon/peers.ts";
import { checkHome } from "../../src/home.ts";
import { daemonHome, logLines, until } from "../support/daemon-home.ts";
import { askAsNeighbour, asNeighbour, fling, NEIGHBOUR } from "../support/neighbour.ts";
import { request } from "../support/raw.ts";
import { refusalOf, rootOnly } from "../support/refusal.ts";

const EACCES = 13;
const sessions = request("GET /api/v1/sessions", undefined, { Connection: "close" });
const health = request("GET /api/v1/health", undefined, { Connection: "close" });

rootOnly("the home lets nobody in: no socket, no ledger, no log, not even a list of names", async () => {
  await using home = daemonHome();
  chmodSync(home.base, 0o755);
  await home.start();
  const { paths } = home;
  expect((await askAsNeighbour(paths.socket, health)).errno).toBe(EACCES);
  for (const argv of [
    ["ls", paths.home],
    ["cat", paths.ledger],
    ["cat", paths.log],
    ["cat", paths.identity],
    ["sh", "-c", `echo x > ${join(paths.home, "new")}`],
  ]) {
    const { code, out, err } = await asNeighbour(argv);
    expect({ argv, code: code !== 0, out, denied: /denied/i.test(err) }).toEqual({
      argv,
      code: true,
      out: "",
      denied: true,
    });
  }
});

rootOnly("with the home open, each file keeps them out by itself", async () => {
  await using home = daemonHome();
  chmodSync(home.base, 0o755);
  await home.start();
  const { paths } = home;
  await home.client.launch({ projectRoot: home.project, harness: "demo", prompt: "secret words" });
  fling(paths.home);
  expect((await askAsNeighbour(paths.socket, sessions)).errno).toBe(EACCES);
  const files = readdirSync(paths.home).filter((name) => name !== "coven.sock");
  expect(files).toContain("coven.db-wal");
  for (const name of files) {
    const what = lstatSync(join(paths.home, name)).isDirectory() ? "ls" : "cat";
    const { code, out } = await asNeighbour([what, join(paths.home, name)]);
    expect({ name, code: code !== 0, out }).toEqual({ name, code: true, out: "" });
  }
});

// Published clients compare the peer's pid; we compare the peer's user, on every connection there is (decision 0015).
rootOnly(
  "with home and socket open, whoever is connected as another user gets nothing done and is hung up on",
  async () => {
    await using home = daemonHome();
    chmodSync(home.base, 0o755);
    await home.start();
    const { paths } = home;
    fling(paths.home);
    fling(paths.socket);
    const launch = JSON.stringify({ projectRoot: home.project, harness: "demo", prompt: "mine now" });
    for (const text of [
      sessions,
      request("POST /api/v1/sessions", launch, { Connection: "close" }),
      request("GET /metrics", undefined, { Connection: "close" }),
      request("POST /shutdown", '{"pid":1,"force":true}', { Connection: "close" }),
    ]) {
      const { errno, answer } = await askAsNeighbour(paths.socket, text);
      expect(errno).toBe(0);
      // Refused, or hung up on before the refusal was written.
      if (answer !== "") expect(answer).toContain('"code":"forbidden"');
    }
    expect(logLines(paths)).toContainEqual(
      expect.objectContaining({ event: "foreign_peer", uid: NEIGHBOUR }),
    );
    // We ourselves are served as before.
    expect(await home.client.sessions()).toEqual([]);
  },
);

rootOnly(
  "a pre-created home of somebody else's, or beneath what anybody may rewrite, is refused",
  async () => {
    await using home = daemonHome();
    chmodSync(home.base, 0o777);
    const made = await asNeighbour(["mkdir", "-m", "700", home.paths.home]);
    expect(made.code).toBe(0);
    // Both are wrong; the owner is said first.
    expect(refusalOf(() => checkHome(home.paths.home))).toMatchObject({
      code: "invalid_request",
      details: { reason: "foreign_owner" },
    });
    expect(refusalOf(() => checkHome(join(home.base, "other")))).toMatchObject({
      details: { reason: "unsafe_ancestor" },
    });
    expect(readdirSync(home.paths.home)).toEqual([]);
  },
);

rootOnly("links planted where files will be made are neither followed nor written through", async () => {
  await using home = daemonHome();
  const { paths } = home;
  const precious = join(home.base, "precious");
  mkdirSync(precious, { mode: 0o700 });
  mkdirSync(paths.home, { mode: 0o700 });
  for (const path of [`${paths.socket}.tmp`, `${paths.identity}.${process.pid}.tmp`])
    symlinkSync(join(precious, "made"), path);
  await home.start();
  expect(existsSync(join(precious, "made"))).toBe(false);
  expect(lstatSync(paths.socket).isSocket()).toBe(true);
  expect(lstatSync(paths.identity).isFile()).toBe(true);
});

rootOnly("a ledger that is a link is refused, whatever it leads to", async () => {
  await using home = daemonHome();
  const { paths } = home;
  mkdirSync(paths.home, { mode: 0o700 });
  symlinkSync("/etc/passwd", paths.ledger);
  await expect(home.start()).rejects.toThrow("plain file");
});

rootOnly("a home that is moved away and replaced while it runs takes nothing over", async () => {
  await using home = daemonHome();
  await home.start();
  const { paths } = home;
  renameSync(paths.home, `${paths.home}-moved`);
  mkdirSync(paths.home, { mode: 0o700 });
  // Whoever asks at the old place finds nobody, and the daemon's own files went with it.
  expect(readdirSync(paths.home)).toEqual([]);
  renameSync(paths.home, `${paths.home}-planted`);
  renameSync(`${paths.home}-moved`, paths.home);
  expect((await home.client.health()).ok).toBe(true);
});

rootOnly("the watch tells users apart by the kernel's word, and looks at our socket alone", async () => {
  const said: unknown[] = [];
  const log = {
    info() {},
    error() {},
    warn: (event: string, fields = {}) => void said.push({ event, ...fields }),
  };
  await using home = daemonHome();
  chmodSync(home.base, 0o777);
  const path = join(home.base, "s");
  const server = Bun.serve({ unix: path, fetch: () => new Response(String(watch.onlyOurs())) });
  const watch = watchPeers(path, log);
  const other = watchPeers(`${path}-other`, log);
  fling(path);
  try {
    expect(await (await fetch("http://x/", { unix: path })).text()).toBe("true");
    const foreign = askAsNeighbour(path, request("GET /", undefined));
    await until("it was noticed", () => said.length > 0);
    await foreign;
    expect(said[0]).toEqual({ event: "foreign_peer", uid: NEIGHBOUR, code: "forbidden" });
    expect(other.onlyOurs()).toBe(true);
  } finally {
    await server.stop(true);
  }
});
