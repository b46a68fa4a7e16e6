-- The tables that a partition belongs to, nearest first. $1: schema, $2: table.
WITH RECURSIVE up AS (
  SELECT i.inhparent AS oid, 1 AS depth
    FROM pg_catalog.pg_class c
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_catalog.pg_inherits i ON i.inhrelid = c.oid
   WHERE n.nspname = $1 AND c.relname = $2 AND c.relispartition
  UNION ALL
  SELECT i.inhparent, up.depth + 1
    FROM up
    JOIN pg_catalog.pg_class c ON c.oid = up.oid AND c.relispartition
    JOIN pg_catalog.pg_inherits i ON i.inhrelid = c.oid)
SELECT n.nspname, c.relname
  FROM up
  JOIN pg_catalog.pg_class c ON c.oid = up.oid
  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
 ORDER BY up.depth
