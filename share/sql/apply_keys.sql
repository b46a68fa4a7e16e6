-- The columns of every unique index of one table that tells rows apart: valid,
-- over plain columns, without a condition. $1: the table's oid. The primary key
-- comes first, then indexes with fewer columns.
SELECT i.indexrelid, k.attname
  FROM pg_catalog.pg_index i
  JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indexrelid
  JOIN pg_catalog.pg_attribute k ON k.attrelid = i.indrelid AND k.attnum = i.indkey[a.attnum - 1]
 WHERE i.indrelid = $1::pg_catalog.oid AND i.indisunique AND i.indisvalid
   AND i.indpred IS NULL AND i.indexprs IS NULL
   AND a.attnum <= coalesce((row_to_json(i)->>'indnkeyatts')::int, i.indnatts)
 ORDER BY NOT i.indisprimary, i.indnatts, i.indexrelid, a.attnum
