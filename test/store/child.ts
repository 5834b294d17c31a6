// The second process of the ledger's tests: one that appends until it is killed, one that migrates for ever, one that opens and closes, one that repairs, one that reads.
import { Database } from "bun:sqlite";
import { writeSync } from "node:fs";
import { openLedger } from "../../src/store/ledger.ts";
import { MIGRATIONS, migrate } from "../../src/store/migrate.ts";
import { repairLedger } from "../../src/store/repair.ts";

const [verb, path = "", id = ""] = process.argv.slice(2);

if (verb === "append") {
  const ledger = openLedger(path);
  for (let k = 0; ; k++) {
    const data = new TextEncoder().encode(`row ${k} ${"x".repeat((k * 37) % 3000)}`);
    const seq = ledger.append(id, [{ kind: "output", data }], new Date().toISOString());
    writeSync(1, `${seq}\n`);
  }
}

if (verb === "migrate") {
  const db = new Database(path);
  migrate(db, path, [
    ...MIGRATIONS,
    `CREATE TABLE later (x, y);
     INSERT INTO later WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT x, randomblob(1000) FROM c;`,
  ]);
}

if (verb === "open") {
  openLedger(path).close();
  writeSync(1, "closed\n");
  process.exit(0);
}

if (verb === "repair") {
  writeSync(1, JSON.stringify(repairLedger(path, `${path}.repaired`)));
  process.exit(0);
}

if (verb === "read") {
  const db = new Database(path, { readonly: true });
  const count = db.query<{ n: number }, [string]>("SELECT count(*) AS n FROM events WHERE session_id = ?");
  for (let seen = 0; seen < 200; ) {
    const now = count.get(id)?.n ?? 0;
    if (now > seen) writeSync(1, `${now}\n`);
    seen = now;
  }
  const events = db.query("SELECT * FROM events WHERE session_id = ? ORDER BY seq").all(id);
  const sessions = db.query("SELECT * FROM sessions").all();
  writeSync(1, `${JSON.stringify({ events, sessions })}\n`);
  db.close();
}
