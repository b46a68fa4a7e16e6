-- The columns of one table in their order, generated ones too. $1: schema, $2: table.
SELECT a.attname, a.attnum, a.atttypid, a.atttypmod,
       coalesce(row_to_json(a)->>'attgenerated', ''),
       coalesce(pg_catalog.pg_get_expr(d.adbin, d.adrelid), ''),
       pg_catalog.format_type(a.atttypid, a.atttypmod)
  FROM pg_catalog.pg_attribute a
  JOIN pg_catalog.pg_class c ON c.oid = a.attrelid
  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
 WHERE n.nspname = $1 AND c.relname = $2 AND a.attnum > 0 AND NOT a.attisdropped
 ORDER BY a.attnum
