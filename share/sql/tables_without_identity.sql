-- Of tables and their partitions, those on which the source refuses UPDATE and
-- DELETE once they are published: no replica identity that tells rows apart.
-- $1: oids of the tables, $2: the source sends stored generated columns.
-- The third column: an index that can be their identity; the fourth: what is wrong with
-- the identity that they have; the fifth: which of $1 they are of; the sixth: whether a part
-- of the key is not sent; the seventh: whether it is a partition. A key that is deferrable is none for the server; one of
-- generated columns, which are not sent, is none for whoever reads the changes.
-- row_to_json: attgenerated is of 12.
WITH RECURSIVE tree AS (
  SELECT o.oid AS root, o.oid
    FROM pg_catalog.unnest($1::oid[]) AS o(oid)
  UNION
  SELECT tree.root, i.inhrelid
    FROM tree
    JOIN pg_catalog.pg_class r ON r.oid = tree.oid AND r.relkind = 'p'
    JOIN pg_catalog.pg_inherits i ON i.inhparent = tree.oid),
unsent AS (
  SELECT a.attrelid, a.attnum, a.attname, pg_catalog.row_to_json(a)->>'attgenerated' = 'v' AS virtual
    FROM tree
    JOIN pg_catalog.pg_attribute a ON a.attrelid = tree.oid AND a.attnum > 0 AND NOT a.attisdropped
   WHERE CASE pg_catalog.row_to_json(a)->>'attgenerated' WHEN 's' THEN NOT $2::boolean WHEN 'v' THEN true ELSE false END),
identity AS (
  SELECT i.indrelid, i.indimmediate,
         (SELECT u.attname FROM unsent u WHERE u.attrelid = i.indrelid AND u.attnum = ANY (i.indkey) LIMIT 1) AS unsent
    FROM tree
    JOIN pg_catalog.pg_class c ON c.oid = tree.oid
    JOIN pg_catalog.pg_index i ON i.indrelid = c.oid AND i.indisvalid
     AND CASE c.relreplident WHEN 'd' THEN i.indisprimary WHEN 'i' THEN i.indisreplident ELSE false END)
SELECT n.nspname, c.relname,
       (SELECT x.relname
          FROM pg_catalog.pg_index i
          JOIN pg_catalog.pg_class x ON x.oid = i.indexrelid
         WHERE i.indrelid = c.oid AND i.indisunique AND i.indisvalid AND i.indimmediate
           AND i.indpred IS NULL AND i.indexprs IS NULL
           AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_attribute a
                            WHERE a.attrelid = c.oid AND a.attnum = ANY (i.indkey) AND NOT a.attnotnull)
           AND NOT EXISTS (SELECT 1 FROM unsent u WHERE u.attrelid = c.oid AND u.attnum = ANY (i.indkey))
         ORDER BY i.indisprimary DESC, i.indnatts, x.relname LIMIT 1),
       CASE WHEN c.relreplident = 'f'
            THEN (SELECT pg_catalog.format('it holds the generated column %I, which the source does not send', u.attname)
                    FROM unsent u WHERE u.attrelid = c.oid AND u.virtual LIMIT 1)
            ELSE (SELECT CASE WHEN NOT d.indimmediate THEN 'its key is deferrable'
                              ELSE pg_catalog.format('its key holds the generated column %I, which the source does not send', d.unsent) END
                    FROM identity d WHERE d.indrelid = c.oid LIMIT 1) END,
       tree.root,
       EXISTS (SELECT 1 FROM identity d WHERE d.indrelid = c.oid AND d.unsent IS NOT NULL),
       c.relispartition
  FROM tree
  JOIN pg_catalog.pg_class c ON c.oid = tree.oid AND c.relkind = 'r'
  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
 WHERE CASE WHEN c.relreplident = 'f' THEN EXISTS (SELECT 1 FROM unsent u WHERE u.attrelid = c.oid AND u.virtual)
            ELSE NOT EXISTS (SELECT 1 FROM identity d WHERE d.indrelid = c.oid AND d.indimmediate AND d.unsent IS NULL) END
 ORDER BY 1, 2
