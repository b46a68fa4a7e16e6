-- What constrains one column: checks first, then keys, exclusions and foreign keys.
-- $1: the table's oid, $2: the column.
SELECT k.contype = 'c', pg_catalog.quote_ident(k.conname), pg_catalog.pg_get_constraintdef(k.oid)
  FROM pg_catalog.pg_constraint k
  JOIN pg_catalog.pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = ANY (k.conkey)
 WHERE k.conrelid = $1::oid AND a.attname = $2 AND k.contype IN ('c', 'p', 'u', 'f', 'x')
 ORDER BY k.contype <> 'c', k.conname
