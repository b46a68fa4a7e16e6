-- The partitions below a table, parents first: name, parent's name, bounds, and how
-- it is partitioned itself. $1: schema, $2: table.
WITH RECURSIVE tree AS (
  SELECT c.oid, c.relnamespace, c.relname, 0 AS depth, 0::pg_catalog.oid AS parent
    FROM pg_catalog.pg_class c
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
   WHERE n.nspname = $1 AND c.relname = $2
  UNION ALL
  SELECT c.oid, c.relnamespace, c.relname, tree.depth + 1, tree.oid
    FROM tree
    JOIN pg_catalog.pg_inherits i ON i.inhparent = tree.oid
    JOIN pg_catalog.pg_class c ON c.oid = i.inhrelid AND c.relispartition)
SELECT n.nspname, tree.relname, pn.nspname, pc.relname,
       pg_catalog.pg_get_expr(c.relpartbound, c.oid),
       CASE WHEN c.relkind = 'p' THEN ' PARTITION BY ' || pg_catalog.pg_get_partkeydef(c.oid) ELSE '' END
  FROM tree
  JOIN pg_catalog.pg_class c ON c.oid = tree.oid
  JOIN pg_catalog.pg_namespace n ON n.oid = tree.relnamespace
  JOIN pg_catalog.pg_class pc ON pc.oid = tree.parent
  JOIN pg_catalog.pg_namespace pn ON pn.oid = pc.relnamespace
 ORDER BY tree.depth, 1, 2
