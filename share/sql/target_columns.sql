-- The columns of tables on the target. $1: schemas, $2: names, pair by pair; unnest
-- in the list, since Greenplum 5 has no other.
-- row_to_json: attidentity (10) and attgenerated (12) are newer than some targets.
SELECT n.nspname,
       c.relname,
       a.attname,
       coalesce(b.oid, t.oid) AS type_oid,
       CASE WHEN b.oid IS NULL THEN t.typtype ELSE b.typtype END AS typtype,
       coalesce(b.typname, t.typname) AS typname,
       format_type(a.atttypid, a.atttypmod) AS type_text,
       a.attnotnull,
       coalesce(row_to_json(a)->>'attgenerated', '') <> '' AS generated,
       c.relkind,
       CASE WHEN b.oid IS NULL THEN a.atttypmod ELSE t.typtypmod END AS typmod,
       (a.attnotnull OR t.typnotnull) AND NOT a.atthasdef AND t.typdefault IS NULL
         AND coalesce(row_to_json(a)->>'attidentity', '') = '' AS required
  FROM (SELECT unnest($1::name[]) AS nspname, unnest($2::name[]) AS relname) w
  JOIN pg_catalog.pg_namespace n ON n.nspname = w.nspname
  JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid AND c.relname = w.relname
  LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
  LEFT JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
  LEFT JOIN pg_catalog.pg_type b ON b.oid = t.typbasetype
 ORDER BY c.oid, a.attnum
