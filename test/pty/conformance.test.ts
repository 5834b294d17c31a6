// Owns what both drivers of the PtyHost port must do alike, on real terminals.
import { afterAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bindingPath } from "../../src/pty/binding.ts";
import { ptyHost } from "../../src/pty/drivers.ts";
import type { PtyHost } from "../../src/session/ports.ts";
import { bytes } from "./bytes.ts";
import { exits } from "./exits.ts";
import { broken } from "./play.ts";
import { surroundings } from "./surroundings.ts";

const dir = mkdtempSync(join(tmpdir(), "cv-pty-"));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

for (const driver of ["bun", "node-pty"] as const) {
  const absent = driver === "node-pty" && bindingPath() === undefined;
  const name = absent ? `${driver} (skipped: its binding is not built; bun run build:node-pty)` : driver;
  describe.skipIf(absent)(name, () => {
    const host: PtyHost = absent ? { driver, spawn: notBuilt } : ptyHost({ COVEN_PTY: driver });
    afterAll(() => expect(broken).toEqual([]));
    test("says which driver it is", () => expect(host.driver).toBe(driver));
    exits(host, dir);
    bytes(host, dir);
    surroundings(host, dir);
  });
}

/** Stands where a skipped driver would, so that its tests are named. */
function notBuilt(): never {
  throw new Error("not built");
}

test("an unknown driver is refused by name", () => {
  expect(() => ptyHost({ COVEN_PTY: "tmux" })).toThrow(
    expect.objectContaining({ code: "invalid_request", details: { known: ["bun", "node-pty"] } }),
  );
  expect(ptyHost({ COVEN_PTY: "" }).driver).toBe("bun");
});
