// Makes coven-0.4.6.sqlite3.zst with the published 0.4.6: `COVEN_0_4=… bun test/upgrade/make-fixture.ts`. Its ledger as it is after an orderly end.
import { Database } from "bun:sqlite";
import { join } from "node:path";
import { commandLine } from "../support/command-line.ts";
import { oldLedger, recordWith046 } from "./earlier.ts";

await using line = commandLine();
await recordWith046(line);
await line.coven(["daemon", "stop", "--force"]);
const db = new Database(oldLedger(line));
db.run("PRAGMA wal_checkpoint(TRUNCATE)");
db.close();
const bytes = await Bun.file(oldLedger(line)).bytes();
await Bun.write(join(import.meta.dir, "coven-0.4.6.sqlite3.zst"), Bun.zstdCompressSync(bytes, { level: 19 }));
