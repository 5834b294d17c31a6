// A page in a browser: it can reach ports, not Unix sockets, and the daemon has no port. Should something in front of it ever
// pass requests on, what browsers cannot leave out (Origin on every POST, DELETE and WebSocket) is refused before anything else.

import { afterAll, beforeAll, expect, test } from "bun:test";
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { ROUTES } from "../../src/api/routes/table.ts";
import { daemonHome } from "../support/daemon-home.ts";
import { ask } from "../support/raw.ts";
import { startTestDaemon, type TestDaemon } from "../support/test-daemon.ts";
import { notLinux, testUnless } from "../support/unless.ts";

let daemon: TestDaemon;
beforeAll(async () => {
  daemon = await startTestDaemon();
});
afterAll(() => daemon.close());

test("every route refuses an Origin, its own kind and null included, and does nothing", async () => {
  const { id } = daemon.finished(["x"]);
  for (const { method, path } of Object.values(ROUTES)) {
    for (const origin of ["https://evil.example", "http://localhost", "null", "file://", "http://coven"]) {
      const body = method === "POST" ? JSON.stringify({ pid: daemon.identity.pid, force: true }) : undefined;
      const answer = await ask(daemon.socket, `${method} /api/v1${path.replace(":id", id)}`, body, {
        Origin: origin,
      });
      expect({ path, status: answer.status }).toEqual({ path, status: 403 });
    }
  }
  expect(daemon.shutdowns).toEqual([]);
  expect(daemon.coven.session(id).archived_at).toBeNull();
});

// A rebound name differs in nothing but Host, which a Unix socket gives no meaning; there is no port to be rebound to.
testUnless(notLinux)("a daemon listens on its socket and on no port", async () => {
  await using home = daemonHome();
  const pid = await home.start();
  const inodes = readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
    try {
      return /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${fd}`))?.[1] ?? [];
    } catch {
      return [];
    }
  });
  expect(inodes.length).toBeGreaterThan(0);
  for (const family of ["tcp", "tcp6", "udp", "udp6"]) {
    const owned = readFileSync(`/proc/net/${family}`, "utf8")
      .split("\n")
      .filter((row) => inodes.includes(row.trim().split(/\s+/)[9] ?? ""));
    expect({ family, owned }).toEqual({ family, owned: [] });
  }
});

test("no answer allows a foreign page to read it, and preflights are answered like any unknown request", async () => {
  for (const line of ["GET /api/v1/health", "OPTIONS /api/v1/sessions", "GET /nowhere"]) {
    const { headers } = await ask(daemon.socket, line, undefined, {
      "Access-Control-Request-Method": "POST",
    });
    expect(Object.keys(headers).filter((name) => name.startsWith("access-control"))).toEqual([]);
  }
});
