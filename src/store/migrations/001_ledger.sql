-- Owns the first shape of the ledger: two base tables that cost few bytes, and two views with the words of the
-- wire that any sqlite3 may read while the daemon writes. See docs/decisions/0003-ledger-shape.md.

CREATE TABLE meta (
  key   TEXT PRIMARY KEY,
  value TEXT NOT NULL
) WITHOUT ROWID;

-- Event ids are not stored. Each is this random start of a UUID v4 (74 random bits, drawn once for a ledger)
-- followed by the seq in twelve hexadecimal digits.
INSERT INTO meta (key, value) VALUES (
  'event_id_prefix',
  lower(hex(randomblob(4))) || '-' || lower(hex(randomblob(2))) || '-4' || substr(lower(hex(randomblob(2))), 2)
    || '-' || substr('89ab', 1 + (random() & 3), 1) || substr(lower(hex(randomblob(2))), 2) || '-'
);

-- n is the order of creation. A row without an id was sacrificed: it says nothing and stays only until the last
-- of its events is purged.
CREATE TABLE session_rows (
  n              INTEGER PRIMARY KEY AUTOINCREMENT,
  id             TEXT UNIQUE,
  project_root   TEXT NOT NULL,
  harness        TEXT NOT NULL,
  title          TEXT NOT NULL,
  status         TEXT NOT NULL CHECK (status IN ('created', 'running', 'completed', 'failed', 'killed', 'orphaned')),
  exit_code      INTEGER,
  archived_at    TEXT,
  created_at     TEXT NOT NULL,
  updated_at     TEXT NOT NULL,
  cwd            TEXT NOT NULL,
  launch_mode    TEXT NOT NULL,
  pid            INTEGER,
  pid_started_at TEXT,
  signal         TEXT,
  -- created_at in milliseconds since 1970; the times of its events count from here.
  born           INTEGER NOT NULL
);
CREATE INDEX session_rows_archived ON session_rows (archived_at);
CREATE INDEX session_rows_unsettled ON session_rows (status) WHERE status IN ('created', 'running');

-- seq is the rowid. It is never used twice although there is no AUTOINCREMENT (a third of what each append would
-- write to the WAL): SQLite takes the greatest seq plus one, and the row that has it is never deleted, only emptied.
CREATE TABLE event_rows (
  seq     INTEGER PRIMARY KEY,
  session INTEGER NOT NULL REFERENCES session_rows (n),
  -- 0 output, 1 input, 2 kill, 3 exit, 4 resize, 5 metadata.
  kind    INTEGER NOT NULL,
  -- Milliseconds after the session's born.
  at      INTEGER NOT NULL,
  -- BLOB, the exact bytes, for output; JSON text for the rest.
  data    NOT NULL
);
-- An index entry ends with the rowid, so this one is ordered by (session, seq).
CREATE INDEX event_rows_session ON event_rows (session);

-- The last screen of a finished session: its JSON, compressed with zstd.
CREATE TABLE screen_rows (
  session INTEGER PRIMARY KEY REFERENCES session_rows (n),
  image   BLOB NOT NULL
);

CREATE VIEW sessions AS
SELECT id, project_root, harness, title, status, exit_code, archived_at, created_at, updated_at,
       cwd, launch_mode, pid, signal
FROM session_rows
WHERE id IS NOT NULL;

CREATE VIEW events AS
SELECT e.seq AS seq,
       (SELECT value FROM meta WHERE key = 'event_id_prefix') || printf('%012x', e.seq) AS id,
       s.id AS session_id,
       CASE e.kind WHEN 0 THEN 'output' WHEN 1 THEN 'input' WHEN 2 THEN 'kill' WHEN 3 THEN 'exit'
                   WHEN 4 THEN 'resize' WHEN 5 THEN 'metadata' END AS kind,
       CASE e.kind WHEN 0 THEN json_object('data', CAST(e.data AS TEXT)) ELSE e.data END AS payload_json,
       strftime('%Y-%m-%dT%H:%M:%S', (s.born + e.at) / 1000, 'unixepoch')
         || printf('.%03dZ', (s.born + e.at) % 1000) AS created_at
FROM event_rows e JOIN session_rows s ON s.n = e.session
WHERE s.id IS NOT NULL;
