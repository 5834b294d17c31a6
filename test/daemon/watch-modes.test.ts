// Tests src/daemon/watch-modes.ts: what is opened while a daemon runs is closed again, and only what is ours.
import { afterEach, beforeEach, expect, test } from "bun:test";
import { chmodSync, chownSync, lstatSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { closeModes, watchModes } from "../../src/daemon/watch-modes.ts";
import { realWorld } from "../../src/daemon/world.ts";
import { covenPaths } from "../../src/paths.ts";
import { rootOnly } from "../support/refusal.ts";
import { until } from "../support/until.ts";

let home: string;
let lines: Record<string, unknown>[];
const line = (event: string, fields = {}) => void lines.push({ event, ...fields });
const log = { info: line, warn: line, error: line };
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "cv-wm-"));
  lines = [];
});
afterEach(() => rmSync(home, { recursive: true, force: true }));
const mode = (path: string) => (lstatSync(path).mode & 0o777).toString(8);

test("home and ledger are closed again while it runs, and the log says what was open", async () => {
  const paths = covenPaths({ COVEN_HOME: home });
  writeFileSync(paths.ledger, "", { mode: 0o600 });
  const stop = watchModes(paths, { world: realWorld, log }, 5);
  chmodSync(home, 0o755);
  chmodSync(paths.ledger, 0o666);
  await until("both are closed", () => mode(home) === "700" && mode(paths.ledger) === "600");
  stop();
  expect(lines).toEqual([
    { event: "mode_mended", path: home, mode: "755" },
    { event: "mode_mended", path: paths.ledger, mode: "666" },
  ]);
});

test("what a link leads to stays as it is", () => {
  const paths = covenPaths({ COVEN_HOME: home });
  const elsewhere = join(home, "elsewhere");
  writeFileSync(elsewhere, "");
  chmodSync(elsewhere, 0o644);
  symlinkSync(elsewhere, paths.ledger);
  closeModes(paths, log);
  expect({ mode: mode(elsewhere), lines }).toEqual({ mode: "644", lines: [] });
});

rootOnly("what belongs to somebody else stays as it is", () => {
  const paths = covenPaths({ COVEN_HOME: home });
  writeFileSync(paths.ledger, "");
  chmodSync(paths.ledger, 0o644);
  chownSync(paths.ledger, 12345, 12345);
  closeModes(paths, log);
  expect({ mode: mode(paths.ledger), lines }).toEqual({ mode: "644", lines: [] });
});
