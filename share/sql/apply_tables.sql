-- What each task knows of its source: which server it is, the tables that are
-- followed, and their columns as the target was fitted to them. A later run finds
-- out by them what has changed while nobody looked. `choice`: how the
-- tables were chosen when the task began. `published`: the number of the
-- table's entry in the publication, 0 when it was found missing.
CREATE TABLE IF NOT EXISTS dbsync.apply_source (
  task text PRIMARY KEY,
  system_identifier text NOT NULL,
  timeline text NOT NULL
);
CREATE TABLE IF NOT EXISTS dbsync.apply_choice (
  task text PRIMARY KEY,
  choice text NOT NULL
);
CREATE TABLE IF NOT EXISTS dbsync.apply_tables (
  task text,
  schema_name text,
  table_name text,
  source_oid bigint NOT NULL,
  published bigint NOT NULL,
  PRIMARY KEY (task, schema_name, table_name)
);
-- Which table of the target holds a table's rows. `books`: the oid of apply_tables
-- then; in a database that was restored from a dump all oids are others.
CREATE TABLE IF NOT EXISTS dbsync.apply_targets (
  task text,
  source_oid bigint,
  target_oid bigint NOT NULL,
  books bigint NOT NULL,
  PRIMARY KEY (task, source_oid)
);
-- The files that hold the rows of the target's tables: another one after TRUNCATE, and after
-- what writes a table anew. By the followed table; a row for the table of the target itself
-- (part_oid = table_oid) and one for each leaf of its partition tree. `rows`: r = rows were
-- put into it, e = and it was found empty behind the task's own changes, n = none were yet;
-- of a leaf: r = it has pages. `books`: as above.
CREATE TABLE IF NOT EXISTS dbsync.apply_files (
  task text,
  schema_name text,
  table_name text,
  table_oid bigint NOT NULL,
  part_oid bigint,
  part_schema text NOT NULL,
  part_name text NOT NULL,
  file bigint NOT NULL,
  rows text NOT NULL,
  books bigint NOT NULL,
  PRIMARY KEY (task, schema_name, table_name, part_oid)
);
-- How many changes a task had applied when `rows` was looked at last.
CREATE TABLE IF NOT EXISTS dbsync.apply_looked (
  task text PRIMARY KEY,
  changes bigint NOT NULL
);
-- Triggers (kind t) and rules (r) that a task keeps from acting, and how they were
-- enabled: A(LWAYS), R(EPLICA). They stay noted when a task begins anew.
CREATE TABLE IF NOT EXISTS dbsync.apply_triggers (
  task text,
  kind text,
  table_oid bigint,
  name text,
  state text NOT NULL,
  PRIMARY KEY (task, kind, table_oid, name)
);
-- What a source has told of its definitions, for when it is gone.
CREATE TABLE IF NOT EXISTS dbsync.apply_memory (
  task text PRIMARY KEY,
  answers bytea NOT NULL
);
-- Tables that are copied and not followed, and why.
CREATE TABLE IF NOT EXISTS dbsync.apply_left (
  task text,
  schema_name text,
  table_name text,
  reason text NOT NULL,
  PRIMARY KEY (task, schema_name, table_name)
);
-- Tables of a task that are being copied again: they are not at its position.
CREATE TABLE IF NOT EXISTS dbsync.apply_resync (
  task text,
  schema_name text,
  table_name text,
  PRIMARY KEY (task, schema_name, table_name)
);
CREATE TABLE IF NOT EXISTS dbsync.apply_columns (
  task text,
  schema_name text,
  table_name text,
  column_name text,
  number int NOT NULL,
  type_oid bigint NOT NULL,
  typmod int NOT NULL,
  type_name text NOT NULL,
  PRIMARY KEY (task, schema_name, table_name, column_name)
);
CREATE TABLE IF NOT EXISTS dbsync.apply_partitions (
  task text,
  schema_name text,
  table_name text,
  leaf_oid bigint,
  leaf_schema text NOT NULL,
  leaf_name text NOT NULL,
  file bigint NOT NULL,
  bounds text NOT NULL,
  PRIMARY KEY (task, leaf_oid)
);
