-- Published tables, their partitions included, on which the source refuses UPDATE
-- and DELETE: no replica identity that tells rows apart. $1: publication.
WITH RECURSIVE tree AS (
  SELECT c.oid
    FROM pg_catalog.pg_publication_tables p
    JOIN pg_catalog.pg_namespace n ON n.nspname = p.schemaname
    JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid AND c.relname = p.tablename
   WHERE p.pubname = $1
  UNION
  SELECT i.inhrelid
    FROM tree
    JOIN pg_catalog.pg_class r ON r.oid = tree.oid AND r.relkind = 'p'
    JOIN pg_catalog.pg_inherits i ON i.inhparent = tree.oid)
SELECT n.nspname, c.relname
  FROM tree
  JOIN pg_catalog.pg_class c ON c.oid = tree.oid AND c.relkind = 'r'
  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
 WHERE NOT (c.relreplident = 'f'
            OR EXISTS (SELECT 1 FROM pg_catalog.pg_index i
                        WHERE i.indrelid = c.oid AND i.indisvalid
                          AND CASE c.relreplident WHEN 'd' THEN i.indisprimary WHEN 'i' THEN i.indisreplident
                              ELSE false END))
 ORDER BY 1, 2
