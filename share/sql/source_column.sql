-- One column of the source: type, default, and the value that rows from before it
-- was added have, if the server keeps one (11 and later; row_to_json, since older
-- ones lack the column). $1: the table's oid, $2: column. The collation is "" when
-- it is the type's own.
SELECT a.atttypid,
       a.atttypmod,
       pg_catalog.format_type(a.atttypid, a.atttypmod),
       coalesce(pg_catalog.pg_get_expr(d.adbin, d.adrelid), ''),
       coalesce((row_to_json(a)->>'atthasmissing')::boolean, false),
       a.attrelid,
       coalesce(row_to_json(a)->>'attgenerated', '') <> '' OR coalesce(row_to_json(a)->>'attidentity', '') <> '',
       a.attnotnull,
       CASE WHEN a.attcollation <> t.typcollation
            THEN pg_catalog.quote_ident(ln.nspname) || '.' || pg_catalog.quote_ident(l.collname) ELSE '' END,
       coalesce(pg_catalog.col_description(a.attrelid, a.attnum), '')
  FROM pg_catalog.pg_attribute a
  JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
  LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
  LEFT JOIN pg_catalog.pg_collation l ON l.oid = a.attcollation
  LEFT JOIN pg_catalog.pg_namespace ln ON ln.oid = l.collnamespace
 WHERE a.attrelid = $1::pg_catalog.oid AND a.attname = $2 AND NOT a.attisdropped
