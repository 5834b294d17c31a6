-- What a launch asked for, and what clients note beside a session. Lists are JSON.
ALTER TABLE session_rows ADD COLUMN labels TEXT NOT NULL DEFAULT '[]';
ALTER TABLE session_rows ADD COLUMN visibility TEXT NOT NULL DEFAULT 'private';
-- 1 for a run that somebody else started: the daemon has no process and no terminal of it.
ALTER TABLE session_rows ADD COLUMN external INTEGER NOT NULL DEFAULT 0;
ALTER TABLE session_rows ADD COLUMN conversation_id TEXT;
ALTER TABLE session_rows ADD COLUMN familiar_id TEXT;
ALTER TABLE session_rows ADD COLUMN transcript_path TEXT;
ALTER TABLE session_rows ADD COLUMN model TEXT;
ALTER TABLE session_rows ADD COLUMN permission TEXT;
ALTER TABLE session_rows ADD COLUMN add_dirs TEXT NOT NULL DEFAULT '[]';

DROP VIEW sessions;
CREATE VIEW sessions AS
SELECT id, project_root, harness, title, status, exit_code, archived_at, created_at, updated_at,
       cwd, launch_mode, pid, signal, labels, visibility, external, conversation_id, familiar_id,
       transcript_path, model, permission, add_dirs
FROM session_rows
WHERE id IS NOT NULL;
