-- The leaves of partitioned tables, with what tells that one was attached, emptied
-- or written anew. $1: oids of the tables at the top.
WITH RECURSIVE tree AS (
  SELECT c.oid AS root, c.oid, 'p'::"char" AS relkind
    FROM pg_catalog.pg_class c WHERE c.oid = ANY ($1::pg_catalog.oid[]) AND c.relkind = 'p'
  UNION ALL
  SELECT tree.root, c.oid, c.relkind
    FROM tree
    JOIN pg_catalog.pg_inherits i ON i.inhparent = tree.oid
    JOIN pg_catalog.pg_class c ON c.oid = i.inhrelid)
SELECT tree.root, c.oid, n.nspname, c.relname, c.relfilenode, pg_catalog.pg_get_partition_constraintdef(c.oid)
  FROM tree
  JOIN pg_catalog.pg_class c ON c.oid = tree.oid AND c.relkind = 'r'
  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
 ORDER BY tree.root, c.oid
