-- The columns of a table's unique keys, in the keys' order, the primary key
-- first. $1: schema, $2: table. row_to_json: indnkeyatts is newer than some
-- targets.
SELECT i.indexrelid, a.attname, a.attnotnull
  FROM pg_catalog.pg_class c
  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  JOIN pg_catalog.pg_index i ON i.indrelid = c.oid
  JOIN pg_catalog.pg_class x ON x.oid = i.indexrelid
  CROSS JOIN LATERAL pg_catalog.generate_series(
    0, coalesce((row_to_json(i)->>'indnkeyatts')::int, i.indnatts) - 1) AS k(n)
  JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum = i.indkey[k.n]
 WHERE n.nspname = $1 AND c.relname = $2
   AND i.indisunique AND i.indisvalid AND i.indpred IS NULL AND i.indexprs IS NULL
 ORDER BY i.indisprimary DESC, i.indnatts, x.relname, i.indexrelid, k.n
