-- Where each task is. The row is changed in the transaction that applies the
-- changes, so that both are there or neither is.
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
  conflicts bigint NOT NULL DEFAULT 0
);
