-- Of tables and their partitions, those on which the source refuses UPDATE and
-- DELETE once they are published: no replica identity that tells rows apart.
-- $1: oids of the tables. The third column: an index that can be their identity.
WITH RECURSIVE tree AS (
  SELECT pg_catalog.unnest($1::oid[]) AS oid
  UNION
  SELECT i.inhrelid
    FROM tree
    JOIN pg_catalog.pg_class r ON r.oid = tree.oid AND r.relkind = 'p'
    JOIN pg_catalog.pg_inherits i ON i.inhparent = tree.oid)
SELECT n.nspname, c.relname,
       (SELECT x.relname
          FROM pg_catalog.pg_index i
          JOIN pg_catalog.pg_class x ON x.oid = i.indexrelid
         WHERE i.indrelid = c.oid AND i.indisunique AND i.indisvalid AND i.indimmediate
           AND i.indpred IS NULL AND i.indexprs IS NULL
           AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_attribute a
                            WHERE a.attrelid = c.oid AND a.attnum = ANY (i.indkey) AND NOT a.attnotnull)
         ORDER BY i.indisprimary DESC, i.indnatts, x.relname LIMIT 1)
  FROM tree
  JOIN pg_catalog.pg_class c ON c.oid = tree.oid AND c.relkind = 'r'
  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
 WHERE NOT (c.relreplident = 'f'
            OR EXISTS (SELECT 1 FROM pg_catalog.pg_index i
                        WHERE i.indrelid = c.oid AND i.indisvalid
                          AND CASE c.relreplident WHEN 'd' THEN i.indisprimary WHEN 'i' THEN i.indisreplident
                              ELSE false END))
 ORDER BY 1, 2
