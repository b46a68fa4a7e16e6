-- The same as target_files.sql, of servers without partitions that are tables of a kind
-- of their own.
SELECT w.number, c.oid, c.oid, n.nspname, c.relname, c.relfilenode, false
  FROM (SELECT pg_catalog.generate_series(1, $1::int) AS number, unnest($2::pg_catalog.name[]) AS schema,
               unnest($3::pg_catalog.name[]) AS name, unnest($4::pg_catalog.oid[]) AS oid) w
  JOIN pg_catalog.pg_class c ON c.oid = w.oid OR (w.oid = 0 AND c.relname = w.name)
  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace AND (w.oid <> 0 OR n.nspname = w.schema)
 WHERE c.relkind = 'r'
 ORDER BY 1
