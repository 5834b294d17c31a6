-- Where a session began in git, the worktree that was made for it (JSON), and how sessions belong together.
ALTER TABLE session_rows ADD COLUMN base_commit TEXT;
ALTER TABLE session_rows ADD COLUMN worktree TEXT;
ALTER TABLE session_rows ADD COLUMN continues TEXT;
-- The id by which the harness's program finds the conversation again.
ALTER TABLE session_rows ADD COLUMN agent_session_id TEXT;
ALTER TABLE session_rows ADD COLUMN "group" TEXT;

DROP VIEW sessions;
CREATE VIEW sessions AS
SELECT id, project_root, harness, title, status, exit_code, archived_at, created_at, updated_at,
       cwd, launch_mode, pid, signal, labels, visibility, external, conversation_id, familiar_id,
       transcript_path, model, permission, add_dirs, base_commit, worktree, continues, agent_session_id, "group"
FROM session_rows
WHERE id IS NOT NULL;
