-- Settled sessions whose processes are not proved gone yet: each start of a daemon, and a sweep, takes them up again. The leader
-- is the harness as it was recorded; session_rows forgets it when the session settles.
CREATE TABLE leftover_rows (
  session        INTEGER PRIMARY KEY REFERENCES session_rows (n),
  pid            INTEGER,
  pid_started_at TEXT
);
