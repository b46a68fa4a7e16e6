-- Where each task is. The row is changed in the transaction that applies the
-- changes, so that both are there or neither is. `gtids`: what is applied there, of a
-- source that has GTIDs. `tolerant_until`: up to there changes may be in the rows already.
CREATE SCHEMA IF NOT EXISTS dbsync;
CREATE TABLE IF NOT EXISTS dbsync.apply_progress (
  task text PRIMARY KEY,
  position text NOT NULL,
  state text NOT NULL,
  started_at timestamptz NOT NULL DEFAULT now(),
  applied_at timestamptz,
  source_time timestamptz,
  transactions bigint NOT NULL DEFAULT 0,
  changes bigint NOT NULL DEFAULT 0,
  conflicts bigint NOT NULL DEFAULT 0,
  gtids text NOT NULL DEFAULT '',
  tolerant_until text NOT NULL DEFAULT ''
);
