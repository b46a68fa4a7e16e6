-- The files that hold the rows of tables: of each table itself, and of the leaves of its
-- partition tree. $1: how many; $2, $3: their schemas and names, $4: their oids (0: found
-- by the name). Before PostgreSQL 10 target_files_flat.sql stands for it.
WITH RECURSIVE tree (number, root, oid, kind) AS (
  SELECT w.number, c.oid, c.oid, c.relkind
    FROM (SELECT pg_catalog.generate_series(1, $1::int) AS number, pg_catalog.unnest($2::pg_catalog.name[]) AS schema,
                 pg_catalog.unnest($3::pg_catalog.name[]) AS name, pg_catalog.unnest($4::pg_catalog.oid[]) AS oid) w
    JOIN pg_catalog.pg_class c ON c.oid = w.oid OR (w.oid = 0 AND c.relname = w.name)
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace AND (w.oid <> 0 OR n.nspname = w.schema)
   WHERE c.relkind IN ('r', 'p')
  UNION ALL
  SELECT t.number, t.root, c.oid, c.relkind
    FROM tree t
    JOIN pg_catalog.pg_inherits i ON i.inhparent = t.oid AND t.kind = 'p'
    JOIN pg_catalog.pg_class c ON c.oid = i.inhrelid
)
SELECT t.number, t.root, c.oid, n.nspname, c.relname, c.relfilenode,
       CASE WHEN c.oid <> t.root AND c.relkind = 'r' THEN coalesce(pg_catalog.pg_relation_size(c.oid), 0) > 0
            ELSE false END
  FROM tree t
  JOIN pg_catalog.pg_class c ON c.oid = t.oid
  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
 WHERE t.kind <> 'p' OR t.oid = t.root
 ORDER BY t.number, c.oid <> t.root, c.oid
