// Tests src/daemon/socket.ts with real servers: what may lie at the path, what modes result, whose name is removed.
import { afterEach, beforeEach, expect, test } from "bun:test";
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bindSocket } from "../../src/daemon/socket.ts";
import { rejectionOf } from "../support/refusal.ts";

let base: string;
let path: string;
beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), "cv-sock-"));
  path = join(base, "coven.sock");
});
afterEach(() => rmSync(base, { recursive: true, force: true }));

const serve = (says: string) => (unix: string) => Bun.serve({ unix, fetch: () => new Response(says) });
const ask = async () => (await fetch("http://coven/", { unix: path })).text();

/** A socket file whose process is dead: what a SIGKILLed daemon leaves. */
async function staleSocket(): Promise<void> {
  const script = `Bun.serve({ unix: ${JSON.stringify(path)}, fetch: () => new Response("") }); console.log("up")`;
  const child = Bun.spawn([process.execPath, "-e", script], { stdout: "pipe" });
  await child.stdout.getReader().read();
  child.kill("SIGKILL");
  await child.exited;
  expect(lstatSync(path).isSocket()).toBe(true);
}

test.each<[string, () => unknown]>([
  ["nothing", () => {}],
  ["a stale socket", staleSocket],
  ["a plain file", () => writeFileSync(path, "x")],
  ["a link to nowhere", () => symlinkSync("/nowhere/at/all", path)],
  ["what a crash left aside", () => writeFileSync(`${path}.tmp`, "x")],
])("%s in its place is no obstacle", async (_, lay) => {
  await lay();
  const umask = process.umask(0);
  const { bound, name } = await bindSocket(path, serve("hello"));
  process.umask(umask);
  expect(await ask()).toBe("hello");
  expect(readdirSync(base)).toEqual(["coven.sock"]);
  expect(lstatSync(path).mode & 0o777).toBe(0o600);
  name.remove();
  name.remove();
  expect(existsSync(path)).toBe(false);
  await bound.stop(true);
});

test("a directory in its place is an error that names it, and stays", async () => {
  mkdirSync(path);
  const said = await rejectionOf(bindSocket(path, serve("never")));
  expect(said.message).toContain(`${path} is a directory`);
  expect(readdirSync(base)).toEqual(["coven.sock"]);
});

test("somebody who listens there is not pushed aside, silent or not", async () => {
  const silent = Bun.listen({ unix: path, socket: { data() {} } });
  expect((await rejectionOf(bindSocket(path, serve("never")))).message).toContain("Another program listens");
  silent.stop(true);
  rmSync(path, { force: true });
  const other = serve("other")(path);
  expect((await rejectionOf(bindSocket(path, serve("never")))).code).toBe("runtime_unavailable");
  expect(await ask()).toBe("other");
  await other.stop(true);
});

// `Bun.serve`'s stop() unlinks by path: a daemon that was slow to go removed its successor's socket.
test("a successor's socket survives the stop of the one before, in either order", async () => {
  const first = await bindSocket(path, serve("first"));
  first.name.remove();
  const second = await bindSocket(path, serve("second"));
  first.name.remove();
  await first.bound.stop(true);
  expect(await ask()).toBe("second");
  await second.bound.stop(true);
  second.name.remove();
  expect(readdirSync(base)).toEqual([]);
});

test("what cannot be bound leaves the umask and the path as they were", async () => {
  const umask = process.umask();
  const said = await rejectionOf(
    bindSocket(path, () => {
      throw Object.assign(new Error("no"), { code: "ENOSPC" });
    }),
  );
  expect(said).toMatchObject({ code: "runtime_unavailable", details: { cause: "ENOSPC" } });
  expect(process.umask()).toBe(umask);
  expect(readdirSync(base)).toEqual([]);
});
