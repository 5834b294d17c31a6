-- What a person calls a session; unique among those that live.
ALTER TABLE session_rows ADD COLUMN name TEXT;

DROP VIEW sessions;
CREATE VIEW sessions AS
SELECT id, project_root, harness, title, status, exit_code, archived_at, created_at, updated_at,
       cwd, launch_mode, pid, signal, labels, visibility, external, conversation_id, familiar_id,
       transcript_path, model, permission, add_dirs, base_commit, worktree, continues, agent_session_id, "group", name
FROM session_rows
WHERE id IS NOT NULL;
