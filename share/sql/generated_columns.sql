-- The generated columns of tables, by the tables' oids ($1): table, column, s(tored) or
-- v(irtual), the expression, the type, and whether the replica identity holds it.
-- row_to_json: attgenerated is of 12.
SELECT n.nspname, c.relname, a.attname, row_to_json(a)->>'attgenerated',
       coalesce(pg_catalog.pg_get_expr(d.adbin, d.adrelid), ''),
       pg_catalog.format_type(a.atttypid, a.atttypmod),
       EXISTS (SELECT 1 FROM pg_catalog.pg_index i
                WHERE i.indrelid = c.oid AND a.attnum = ANY (i.indkey)
                  AND CASE c.relreplident WHEN 'd' THEN i.indisprimary WHEN 'i' THEN i.indisreplident ELSE false END)
  FROM pg_catalog.pg_class c
  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
  LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
 WHERE c.oid = ANY ($1::pg_catalog.oid[]) AND row_to_json(a)->>'attgenerated' IN ('s', 'v')
 ORDER BY 1, 2, a.attnum
