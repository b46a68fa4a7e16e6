-- Foreign keys, checks and NOT NULLs of which nobody has looked at all rows, or of
-- which some rows break them. Those of partitions stand with their root's.
SELECT n.nspname, c.relname, k.conname, k.contype
  FROM pg_catalog.pg_constraint k
  JOIN pg_catalog.pg_class c ON c.oid = k.conrelid
  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
 WHERE NOT k.convalidated AND n.nspname <> 'information_schema' AND n.nspname NOT LIKE 'pg\_%'
   AND coalesce((pg_catalog.row_to_json(k)->>'conparentid')::bigint, 0) = 0
   AND coalesce((pg_catalog.row_to_json(k)->>'conenforced')::boolean, true)
 ORDER BY 1, 2, 3
