-- The leaves of partitioned tables that are published by their root, with what tells
-- that one was attached, emptied or written anew ('l'). $1: oids of the tables that
-- are published. Before 13 the leaves themselves are published: then those of the same
-- trees that are not ('u'). Before 11 also every table ('t'), since such a source does
-- not send TRUNCATE.
WITH RECURSIVE published AS (
  SELECT c.oid, c.relkind FROM pg_catalog.pg_class c WHERE c.oid = ANY ($1::pg_catalog.oid[])
), up AS (
  SELECT oid FROM published WHERE relkind = 'r'
  UNION
  SELECT i.inhparent
    FROM up
    JOIN pg_catalog.pg_class c ON c.oid = up.oid AND c.relispartition
    JOIN pg_catalog.pg_inherits i ON i.inhrelid = c.oid
), tree AS (
  SELECT oid AS root, oid, relkind, true AS published FROM published WHERE relkind = 'p'
  UNION ALL
  SELECT c.oid, c.oid, c.relkind, false
    FROM up
    JOIN pg_catalog.pg_class c ON c.oid = up.oid AND c.relkind = 'p' AND NOT c.relispartition
   WHERE NOT c.oid = ANY ($1::pg_catalog.oid[])
  UNION ALL
  SELECT tree.root, c.oid, c.relkind, tree.published OR c.oid = ANY ($1::pg_catalog.oid[])
    FROM tree
    JOIN pg_catalog.pg_inherits i ON i.inhparent = tree.oid
    JOIN pg_catalog.pg_class c ON c.oid = i.inhrelid
), watched AS (
  SELECT root, oid, CASE WHEN root = ANY ($1::pg_catalog.oid[]) THEN 'l' ELSE 'u' END AS watch
    FROM tree
   WHERE relkind = 'r' AND (root = ANY ($1::pg_catalog.oid[]) OR NOT published)
  UNION ALL
  SELECT oid, oid, 't' FROM published WHERE relkind = 'r' AND current_setting('server_version_num')::int < 110000)
SELECT rn.nspname, r.relname, c.oid, n.nspname, c.relname, c.relfilenode, pg_catalog.pg_get_partition_constraintdef(c.oid), watch
  FROM watched
  JOIN pg_catalog.pg_class r ON r.oid = watched.root
  JOIN pg_catalog.pg_namespace rn ON rn.oid = r.relnamespace
  JOIN pg_catalog.pg_class c ON c.oid = watched.oid
  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
 ORDER BY watched.root, c.oid
