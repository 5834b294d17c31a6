-- For each session what its output hashes to, up to and with the row `seq`: written now and then while it runs, and when it settles
-- (`sealed`). A session without a row is from before there were hashes, or has printed nothing.
CREATE TABLE hash_rows (
  session INTEGER PRIMARY KEY REFERENCES session_rows (n),
  seq     INTEGER NOT NULL,
  -- Sixteen hexadecimal digits.
  hash    TEXT NOT NULL,
  sealed  INTEGER NOT NULL
);
