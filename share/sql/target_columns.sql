-- The columns of one table on the target. $1: schema, $2: table.
-- row_to_json: attidentity (10) and attgenerated (12) are newer than some targets.
SELECT a.attname,
       coalesce(b.oid, t.oid) AS type_oid,
       CASE WHEN b.oid IS NULL THEN t.typtype ELSE b.typtype END AS typtype,
       coalesce(b.typname, t.typname) AS typname,
       format_type(a.atttypid, a.atttypmod) AS type_text,
       a.attnotnull,
       coalesce(row_to_json(a)->>'attgenerated', '') <> '' AS generated,
       c.relkind,
       CASE WHEN b.oid IS NULL THEN a.atttypmod ELSE t.typtypmod END AS typmod
  FROM pg_catalog.pg_class c
  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
  LEFT JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
  LEFT JOIN pg_catalog.pg_type b ON b.oid = t.typbasetype
 WHERE n.nspname = $1 AND c.relname = $2
 ORDER BY a.attnum
