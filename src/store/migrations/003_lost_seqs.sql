-- Seqs that may have been given to events before a power cut took these: those after `kept`, up to `until`. No event has them, none
-- gets them, and a cursor among them comes from a client that saw what is no more.
CREATE TABLE lost_rows (
  kept  INTEGER PRIMARY KEY,
  until INTEGER NOT NULL
);
