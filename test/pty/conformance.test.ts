// What every driver of the PtyHost port must do alike, on real terminals, started or taken over.

import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bindingPath } from "../../src/pty/binding.ts";
import { ptyHost } from "../../src/pty/drivers.ts";
import { posixPtyHost } from "../../src/pty/posix.ts";
import type { PtyHost } from "../../src/session/ports/pty.ts";
import { describeUnless } from "../support/unless.ts";
import { adopting } from "./adopting.ts";
import { bytes } from "./bytes.ts";
import { exits } from "./exits.ts";
import { broken } from "./play.ts";
import { surroundings } from "./surroundings.ts";

const dir = mkdtempSync(join(tmpdir(), "cv-pty-"));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

/** Every way to start a program in a terminal, and a terminal taken over from another holder. */
const WAYS: readonly { readonly name: string; readonly absent?: string; host(): PtyHost }[] = [
  {
    name: "posix",
    ...(posixPtyHost() ? {} : { absent: "not Linux, or its C library is too old" }),
    host: () => ptyHost({ COVEN_PTY: "posix" }),
  },
  { name: "bun", host: () => ptyHost({ COVEN_PTY: "bun" }) },
  {
    name: "node-pty",
    ...(bindingPath() ? {} : { absent: "its binding is not built; bun run build:node-pty" }),
    host: () => ptyHost({ COVEN_PTY: "node-pty" }),
  },
  {
    name: "adopt",
    ...(posixPtyHost() ? {} : { absent: "not Linux, or its C library is too old" }),
    host: () => adopting(ptyHost({ COVEN_PTY: "posix" })),
  },
];

/** Stands where a skipped driver would, so that its tests are named. */
const NOTHING: PtyHost = { driver: "none", pauses: false, spawn: notBuilt, adopt: notBuilt };

function notBuilt(): never {
  throw new Error("not built");
}

for (const { name, absent, host } of WAYS) {
  describeUnless(absent)(name, () => {
    const it = absent ? NOTHING : host();
    afterAll(() => expect(broken).toEqual([]));
    exits(it, dir);
    bytes(it, dir);
    surroundings(it, dir);
  });
}

test("the driver is the one that was named, and without a name the best that can be had", () => {
  for (const { name, absent } of WAYS) {
    if (name !== "adopt" && !absent) expect(ptyHost({ COVEN_PTY: name }).driver).toBe(name);
  }
  expect(ptyHost({}).driver).toBe(posixPtyHost() ? "posix" : "bun");
  expect(ptyHost({ COVEN_PTY: "" }).driver).toBe(ptyHost({}).driver);
});

test("an unknown driver is refused by name", () => {
  expect(() => ptyHost({ COVEN_PTY: "tmux" })).toThrow(
    expect.objectContaining({
      code: "invalid_request",
      details: { known: ["posix", "bun", "node-pty"] },
    }),
  );
});
