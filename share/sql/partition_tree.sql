-- Each partition and partitioned table with its bound and key (PostgreSQL 10 and
-- later): two trees whose bounds and keys read alike take the same rows.
SELECT n.nspname,
       c.relname,
       pn.nspname,
       pc.relname,
       CASE WHEN c.relispartition THEN pg_catalog.pg_get_expr(c.relpartbound, c.oid) END,
       CASE WHEN c.relkind = 'p' THEN pg_catalog.pg_get_partkeydef(c.oid) END
  FROM pg_catalog.pg_class c
  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  LEFT JOIN pg_catalog.pg_inherits i ON i.inhrelid = c.oid AND c.relispartition
  LEFT JOIN pg_catalog.pg_class pc ON pc.oid = i.inhparent
  LEFT JOIN pg_catalog.pg_namespace pn ON pn.oid = pc.relnamespace
 WHERE (c.relispartition OR c.relkind = 'p') AND c.relkind IN ('r', 'p', 'f')
