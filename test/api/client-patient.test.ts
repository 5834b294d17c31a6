// A call of the typed client that meets a daemon which is being replaced: it waits for the next one, and does nothing twice.
import { afterAll, afterEach, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { covenClient } from "../../src/api/client.ts";
import { CovenError } from "../../src/errors.ts";

const dir = mkdtempSync(join(tmpdir(), "cv-cp-"));
const path = join(dir, "s.sock");
afterAll(() => rmSync(dir, { recursive: true, force: true }));

let asked: string[] = [];
let server: Server | undefined;
afterEach(() => {
  server?.close();
  asked = [];
});

/** Drops the first connections once something was asked on them, or at once; the others are answered. */
async function drops(first: number, when: "connected" | "asked"): Promise<void> {
  let count = 0;
  rmSync(path, { force: true });
  server = createServer((socket) => {
    const isDropped = ++count <= first;
    socket.on("error", () => {});
    if (isDropped && when === "connected") socket.destroy();
    socket.on("data", (bytes) => {
      asked.push(bytes.toString().split(" HTTP", 1)[0] ?? "");
      if (isDropped) socket.destroy();
      else socket.end("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}");
    });
  });
  await new Promise<void>((up) => server?.listen(path, up));
}

/** A socket that nobody listens on any more, as a daemon leaves it for the moment in which it is replaced. */
async function leftBehind(): Promise<void> {
  rmSync(path, { force: true });
  const listener = Bun.spawn([
    process.execPath,
    "-e",
    `require("net").createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, 9))`,
  ]);
  await listener.exited;
}

const cause = (error: unknown) => (error instanceof CovenError ? error.details?.["cause"] : error);
const patient = (verify?: () => Promise<void>) =>
  covenClient(path, { patient: true, fresh: true, ...(verify ? { verify } : {}) });

test("what only reads is asked again where the connection was dropped", async () => {
  for (const when of ["connected", "asked"] as const) {
    await drops(2, when);
    await patient().health();
    expect(asked.at(-1)).toBe("GET /api/v1/health");
    server?.close();
  }
});

test("what may have been done is not asked again", async () => {
  await drops(1, "asked");
  expect(
    cause(
      await patient()
        .kill("x")
        .catch((error: unknown) => error),
    ),
  ).toBe("ECONNRESET");
  expect(asked).toEqual(["POST /api/v1/sessions/x/kill"]);
});

test("what was never taken is asked of the next daemon, whatever it is, once that one is known to be right", async () => {
  await leftBehind();
  const order: string[] = [];
  let tries = 0;
  const verify = async () => {
    order.push("verified");
    if (++tries === 3) await drops(0, "asked");
  };
  const killed = patient(verify)
    .kill("x")
    .then(() => order.push("killed"));
  await killed;
  expect(order).toEqual(["verified", "verified", "verified", "killed"]);
  expect(asked).toEqual(["POST /api/v1/sessions/x/kill"]);
});

test("who verifies has the last word, and a signal ends the waiting", async () => {
  await leftBehind();
  const other = new CovenError("internal_error", "another daemon");
  expect(
    await patient(() => Promise.reject(other))
      .health()
      .catch((error: unknown) => error),
  ).toBe(other);
  const reason = new Error("enough");
  const end = new AbortController();
  const verify = async () => end.abort(reason);
  expect(
    await patient(verify)
      .health({ signal: end.signal })
      .catch((error: unknown) => error),
  ).toBe(reason);
});

test("where no daemon is, nothing is waited for", async () => {
  rmSync(path, { force: true });
  const never = () => Promise.reject(new Error("asked again"));
  expect(
    cause(
      await patient(never)
        .health()
        .catch((error: unknown) => error),
    ),
  ).toBe("ENOENT");
});
