-- The journal of copies on their target. A chunk's row is marked done in the
-- transaction that brings its rows, so that it is the truth about them.
CREATE TABLE dbsync.copy_run (
  run bigint PRIMARY KEY, program text NOT NULL, source text NOT NULL, target_schema text NOT NULL,
  started timestamptz NOT NULL, finished timestamptz, snapshot text NOT NULL);
CREATE TABLE dbsync.copy_table (
  run bigint, task integer, name text NOT NULL, query text NOT NULL, target_schema text NOT NULL,
  target_table text NOT NULL, created boolean NOT NULL, owned boolean NOT NULL, planned boolean NOT NULL,
  relation bigint, books bigint,
  PRIMARY KEY (run, task));
CREATE TABLE dbsync.copy_chunk (
  run bigint, task integer, chunk integer, source_from text NOT NULL, predicate text NOT NULL,
  estimated_bytes bigint NOT NULL, done timestamptz, row_count bigint, byte_count bigint, rejected bigint,
  zero_dates text, file bigint, PRIMARY KEY (run, task, chunk));
CREATE TABLE dbsync.copy_step (
  run bigint, task integer, step text, done timestamptz NOT NULL, PRIMARY KEY (run, task, step))
