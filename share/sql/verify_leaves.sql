-- The tables that hold the rows of one table: itself, or the leaves of its
-- partition tree. $1: schema, $2: table.
WITH RECURSIVE tree (oid, relkind) AS (
  SELECT c.oid, c.relkind FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
   WHERE n.nspname = $1 AND c.relname = $2
  UNION ALL
  SELECT c.oid, c.relkind FROM tree t
    JOIN pg_catalog.pg_inherits i ON i.inhparent = t.oid AND t.relkind = 'p'
    JOIN pg_catalog.pg_class c ON c.oid = i.inhrelid
)
SELECT c.oid, n.nspname, c.relname, t.relkind = 'r' AS ordinary,
       CASE WHEN t.relkind = 'r' THEN pg_catalog.pg_relation_size(c.oid) ELSE 0 END AS bytes
  FROM tree t JOIN pg_catalog.pg_class c ON c.oid = t.oid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
 WHERE t.relkind <> 'p'
