-- The tables of one publication, whatever way they came into it, and whether all
-- of their rows and columns are published. $1: its name. row_to_json: row filters
-- and column lists (15) are newer than some sources.
WITH p AS (SELECT oid, pubname FROM pg_catalog.pg_publication WHERE pubname = $1)
SELECT n.nspname, c.relname, c.oid,
       coalesce(r.oid, p.oid),
       (row_to_json(r)->>'prqual') IS NOT NULL AS filtered,
       (row_to_json(r)->>'prattrs') IS NOT NULL AS column_list
  FROM p
  JOIN (SELECT prpubid AS pub, prrelid AS rel FROM pg_catalog.pg_publication_rel
        UNION
        SELECT p.oid, c.oid
          FROM p
          JOIN pg_catalog.pg_publication_tables v ON v.pubname = p.pubname
          JOIN pg_catalog.pg_namespace n ON n.nspname = v.schemaname
          JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid AND c.relname = v.tablename) AS t ON t.pub = p.oid
  JOIN pg_catalog.pg_class c ON c.oid = t.rel
  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  LEFT JOIN pg_catalog.pg_publication_rel r ON r.prpubid = p.oid AND r.prrelid = c.oid
 ORDER BY 1, 2
