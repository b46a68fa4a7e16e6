-- The columns of one table in their order, generated ones too. $1: its oid.
SELECT a.attname, a.attnum, a.atttypid, a.atttypmod,
       coalesce(row_to_json(a)->>'attgenerated', ''),
       coalesce(pg_catalog.pg_get_expr(d.adbin, d.adrelid), ''),
       pg_catalog.format_type(a.atttypid, a.atttypmod)
  FROM pg_catalog.pg_attribute a
  LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
 WHERE a.attrelid = $1::pg_catalog.oid AND a.attnum > 0 AND NOT a.attisdropped
 ORDER BY a.attnum
