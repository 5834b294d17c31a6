-- Wishes for an action that a person has to agree to, or that take their time; args and result are JSON. Their ids begin with `apr-` and not as a
-- UUID does: who reads a damaged ledger page by page takes ids in an index for those of sessions.
CREATE TABLE approval_rows (
  n            INTEGER PRIMARY KEY AUTOINCREMENT,
  id           TEXT NOT NULL UNIQUE,
  action       TEXT NOT NULL,
  origin       TEXT,
  intent_id    TEXT,
  args         TEXT NOT NULL,
  status       TEXT NOT NULL,
  requested_at TEXT NOT NULL,
  expires_at   TEXT NOT NULL,
  decided_at   TEXT,
  decided_by   TEXT,
  reason       TEXT,
  result       TEXT
);
CREATE INDEX approval_rows_status ON approval_rows (status, n);

-- Every step of each.
CREATE TABLE approval_step_rows (
  seq      INTEGER PRIMARY KEY AUTOINCREMENT,
  approval TEXT NOT NULL,
  at       TEXT NOT NULL,
  kind     TEXT NOT NULL,
  decider  TEXT,
  reason   TEXT
);
CREATE INDEX approval_step_rows_approval ON approval_step_rows (approval);
