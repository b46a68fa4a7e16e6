-- The columns of the tables $1 (oids), as target_columns has them for one table.
SELECT a.attrelid,
       a.attname,
       coalesce(b.oid, t.oid) AS type_oid,
       CASE WHEN b.oid IS NULL THEN t.typtype ELSE b.typtype END AS typtype,
       coalesce(b.typname, t.typname) AS typname,
       pg_catalog.format_type(a.atttypid, a.atttypmod) AS type_text,
       CASE WHEN b.oid IS NULL THEN a.atttypmod ELSE t.typtypmod END AS typmod
  FROM pg_catalog.pg_attribute a
  JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
  LEFT JOIN pg_catalog.pg_type b ON b.oid = t.typbasetype
 WHERE a.attrelid = ANY ($1::oid[]) AND a.attnum > 0 AND NOT a.attisdropped
 ORDER BY a.attrelid, a.attnum
