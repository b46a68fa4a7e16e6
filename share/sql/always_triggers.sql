-- Triggers and rules of tables and their partitions that fire for replicated changes
-- too: t or r, schema, table, name, A or R, the table's oid. $1: oids of tables.
WITH RECURSIVE tree AS (
  SELECT pg_catalog.unnest($1::pg_catalog.oid[]) AS oid
  UNION
  SELECT i.inhrelid FROM tree JOIN pg_catalog.pg_inherits i ON i.inhparent = tree.oid),
acting AS (
  SELECT 't' AS kind, t.tgrelid AS oid, t.tgname AS name, t.tgenabled::text AS state
    FROM pg_catalog.pg_trigger t WHERE NOT t.tgisinternal
  UNION ALL
  SELECT 'r', r.ev_class, r.rulename, r.ev_enabled::text FROM pg_catalog.pg_rewrite r WHERE r.ev_type <> '1')
SELECT a.kind, n.nspname, c.relname, a.name, a.state, c.oid
  FROM tree
  JOIN pg_catalog.pg_class c ON c.oid = tree.oid AND c.relkind IN ('r', 'p')
  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  JOIN acting a ON a.oid = c.oid AND a.state IN ('A', 'R')
 ORDER BY 2, 3, 1, 4
