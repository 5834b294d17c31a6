-- What happened to sessions, in order, for clients that follow all of them: the newest ten thousand entries. `data` is JSON or NULL.
CREATE TABLE feed_rows (
  n       INTEGER PRIMARY KEY AUTOINCREMENT,
  session INTEGER,
  type    TEXT NOT NULL,
  -- Milliseconds since 1970.
  at      INTEGER NOT NULL,
  data    TEXT
);
CREATE INDEX feed_rows_session ON feed_rows (session, type);
