// Read before every test file (bunfig.toml): a directory for temporary files whose name is short and plain, and a deadline that a
// slow machine keeps.
import { setDefaultTimeout } from "bun:test";
import { tmpdir } from "node:os";

/** A socket's path may have 103 bytes on macOS and 107 on Linux, and what tests make beneath takes about 40 of them. */
const MOST_BYTES = 60;

/**
 * Against hanging for ever, and no statement about speed: Bun's 5 s ended tests on a busy machine that only had to compute, and
 * before `until` (10 s) could say which fact it had waited for.
 */
const TEST_MS = 30_000;

setDefaultTimeout(TEST_MS);

// Tests name paths in shell scripts and URLs. What the product makes of a home or a TMPDIR with spaces is tested by name
// (test/cli/attach.test.ts); here it would only be an accident.
if (Buffer.byteLength(tmpdir()) > MOST_BYTES || !/^[\w./+:\\-]+$/.test(tmpdir())) {
  process.env["TMPDIR"] = "/tmp";
}
