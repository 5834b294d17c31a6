-- Output that was removed from the middle of a session, because it had grown past what one may keep: the rows of output from `first` to `last`
-- are no more. The hashes are those of the chain before and behind it, so that what is left can still be compared.
CREATE TABLE gap_rows (
  session     INTEGER PRIMARY KEY REFERENCES session_rows (n),
  first       INTEGER NOT NULL,
  last        INTEGER NOT NULL,
  events      INTEGER NOT NULL,
  bytes       INTEGER NOT NULL,
  -- Sixteen hexadecimal digits each.
  hash_before TEXT NOT NULL,
  hash_after  TEXT NOT NULL
);
