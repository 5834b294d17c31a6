// Proof that other processes may read while the daemon writes, and that SIGKILL takes nothing acknowledged.
import { Database } from "bun:sqlite";
import { afterEach, describe, expect, test } from "bun:test";
import { statSync } from "node:fs";
import { join } from "node:path";
import { inspectLedger } from "../../src/store/inspect.ts";
import { MIGRATIONS, userVersion } from "../../src/store/migrate.ts";
import { AT, cleanUp, eventsOf, newLedger, newPath, newSession, output, record } from "./fixture.ts";

afterEach(cleanUp);

const CHILD = join(import.meta.dir, "child.ts");

function child(...args: string[]) {
  return Bun.spawn([process.execPath, CHILD, ...args], {
    stdout: "pipe",
    stderr: "inherit",
    stdin: "ignore",
  });
}

/** Lines of a child's output as they come, until it ends; a line cut by its death is left out. */
async function* lines(stream: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of stream) {
    const parts = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = parts.pop() ?? "";
    yield* parts;
  }
}

describe("SIGKILL", () => {
  test.each([300, 2000])("after %d acknowledged rows leaves every acknowledged row", async (enough) => {
    const path = newPath();
    const ledger = newLedger(path);
    const id = newSession(ledger);
    ledger.close();
    const writer = child("append", path, id);
    const acknowledged: number[] = [];
    for await (const line of lines(writer.stdout)) {
      acknowledged.push(Number(line));
      if (acknowledged.length === enough) writer.kill("SIGKILL");
    }
    expect(await writer.exited).not.toBe(0);
    expect(acknowledged.length).toBeGreaterThanOrEqual(enough);
    const after = newLedger(path);
    const kept = after.output(id, 0, 1 << 30);
    const texts = new Map(kept.map((row) => [row.seq, new TextDecoder().decode(row.data)]));
    // The child writes row k as "row k" and prints its seq only when append has returned.
    expect(acknowledged.filter((seq, k) => !texts.get(seq)?.startsWith(`row ${k} `))).toEqual([]);
    expect(kept.map((row) => row.seq)).toEqual(Array.from({ length: kept.length }, (_, k) => k + 1));
    after.close();
    expect(inspectLedger(path, { deep: true })).toMatchObject({ ok: true, events: kept.length });
  });

  test("in the middle of a migration leaves the version before it", async () => {
    const path = newPath();
    const ledger = newLedger(path);
    const id = newSession(ledger);
    ledger.append(id, [output("kept")], AT);
    ledger.close();
    const migrating = child("migrate", path);
    // The child's migration never ends and spills into the WAL as it goes: that it has begun shows there.
    const deadline = performance.now() + 10_000;
    while ((statSync(`${path}-wal`, { throwIfNoEntry: false })?.size ?? 0) < 1_000_000) {
      if (performance.now() > deadline) throw new Error("the migration did not begin");
      await Bun.sleep(5);
    }
    migrating.kill("SIGKILL");
    await migrating.exited;
    const db = new Database(path);
    expect(userVersion(db)).toBe(MIGRATIONS.length);
    expect(db.query("SELECT name FROM sqlite_schema WHERE name = 'later'").all()).toEqual([]);
    db.close();
    expect(eventsOf(newLedger(path), id).map((e) => e.payload_json)).toEqual(['{"data":"kept"}']);
  });
});

describe("another process", () => {
  test("reads the views with the words of the wire while the daemon writes", async () => {
    const path = newPath();
    const ledger = newLedger(path);
    const id = newSession(ledger, { created_at: "2026-02-28T23:59:59.999Z" });
    ledger.append(
      id,
      [
        output('\ufeff caf\u00e9 🦇 \u001b[31m\u0000"\\'),
        { kind: "resize", payload: { cols: 80, rows: 24 } },
        { kind: "metadata", payload: { a: "é" } },
        { kind: "input", payload: { data: "x" } },
        { kind: "kill", payload: { status: "killed" } },
        { kind: "exit", payload: { exitCode: 0, status: "killed" } },
      ],
      "2026-03-01T00:00:00.000Z",
    );
    const reader = child("read", path, id);
    const counts: number[] = [];
    let last = "";
    // The reader prints a count each time it sees more, and everything at the end, once it has seen 200.
    for await (const line of lines(reader.stdout)) {
      if (line.startsWith("{")) last = line;
      else counts.push(Number(line));
      while (ledger.lastSeq(id) < 250)
        ledger.append(id, [output(`row ${ledger.lastSeq(id)}`)], "2026-03-01T00:00:00.001Z");
    }
    expect(await reader.exited).toBe(0);
    expect(counts[0]).toBe(6);
    const seen: { events: unknown[]; sessions: unknown[] } = JSON.parse(last);
    // What a program is doing now is on the wire and never in the file.
    const { activity: _, attention: __, removed_bytes: ___, ...kept } = ledger.session(id) ?? record();
    const inTheFile = { external: 0, labels: "[]", add_dirs: "[]" };
    expect(seen.sessions).toEqual([{ ...kept, ...inTheFile }]);
    expect(seen.events).toEqual(eventsOf(ledger, id).slice(0, seen.events.length));
    expect(seen.events.length).toBeGreaterThanOrEqual(200);
  });

  test("that is a plain sqlite3 does as well", () => {
    const sqlite3 = Bun.which("sqlite3");
    if (!sqlite3) return; // Not every machine has one; the test above does not need it.
    const path = newPath();
    const ledger = newLedger(path);
    const id = newSession(ledger);
    ledger.append(id, [output("hi\u001b[0m"), { kind: "resize", payload: { cols: 1, rows: 2 } }], AT);
    const run = Bun.spawnSync([sqlite3, "-readonly", "-json", path, "SELECT * FROM events ORDER BY seq"]);
    expect(run.stderr.toString()).toBe("");
    expect(JSON.parse(run.stdout.toString())).toEqual(eventsOf(ledger, id));
    ledger.append(id, [output("after")], AT);
  });

  test("sees every millisecond as the daemon does", () => {
    const path = newPath();
    const ledger = newLedger(path);
    const id = newSession(ledger);
    for (let ms = 0; ms < 1000; ms++) {
      ledger.append(id, [output("x")], new Date(Date.parse(AT) - 500 + ms).toISOString());
    }
    const other = new Database(path, { readonly: true });
    const rows = other.query<{ created_at: string }, []>("SELECT created_at FROM events ORDER BY seq").all();
    other.close();
    expect(rows.map((r) => r.created_at)).toEqual(eventsOf(ledger, id).map((e) => e.created_at));
  });
});
