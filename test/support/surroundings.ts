// Read before every test file (bunfig.toml): a directory for temporary files whose name is short and plain.
import { tmpdir } from "node:os";

/** A socket's path may have 103 bytes on macOS and 107 on Linux, and what tests make beneath takes about 40 of them. */
const MOST_BYTES = 60;

// Tests name paths in shell scripts and URLs. What the product makes of a home or a TMPDIR with spaces is tested by name
// (test/cli/attach.test.ts); here it would only be an accident.
if (Buffer.byteLength(tmpdir()) > MOST_BYTES || !/^[\w./+:\\-]+$/.test(tmpdir())) {
  process.env["TMPDIR"] = "/tmp";
}
