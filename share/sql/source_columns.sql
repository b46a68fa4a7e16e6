-- The columns of every table, dropped ones left out. A domain shows its base
-- type's oid. row_to_json: attidentity (10) and attgenerated (12) are newer than
-- some sources.
SELECT a.attrelid,
       a.attname,
       coalesce(b.oid, t.oid) AS type_oid,
       CASE WHEN b.oid IS NULL THEN t.typtype ELSE b.typtype END AS typtype,
       coalesce(b.typname, t.typname) AS typname,
       pg_catalog.format_type(a.atttypid, a.atttypmod) AS type_text,
       CASE WHEN b.oid IS NULL THEN a.atttypmod ELSE t.typtypmod END AS typmod,
       a.attnotnull,
       coalesce(row_to_json(a)->>'attidentity', '') <> '' AS identity,
       coalesce(row_to_json(a)->>'attgenerated', '') <> '' AS generated,
       a.attnum
  FROM pg_catalog.pg_attribute a
  JOIN pg_catalog.pg_class c ON c.oid = a.attrelid
  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
  LEFT JOIN pg_catalog.pg_type b ON b.oid = t.typbasetype
 WHERE c.relkind IN ('r', 'p') AND c.relpersistence <> 't'
   AND a.attnum > 0 AND NOT a.attisdropped
   AND n.nspname <> 'information_schema' AND n.nspname NOT LIKE 'pg\_%' AND n.nspname <> 'dbsync'
 ORDER BY a.attrelid, a.attnum
