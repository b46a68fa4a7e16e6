-- The columns that the changes of tables bring, by the tables' oids ($1). $2: from
-- 18 on a publication can send stored generated columns. Names of types that are
-- not built in are quoted and with their schema. row_to_json: attgenerated (12) is
-- newer than some sources.
SELECT a.attrelid, a.attname, a.attnum, a.atttypid, a.atttypmod,
       CASE WHEN a.atttypid >= 16384 THEN pg_catalog.quote_ident(tn.nspname) || '.' || pg_catalog.quote_ident(t.typname)
            ELSE '' END
  FROM pg_catalog.pg_attribute a
  JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
  JOIN pg_catalog.pg_namespace tn ON tn.oid = t.typnamespace
 WHERE a.attrelid = ANY ($1::oid[]) AND a.attnum > 0 AND NOT a.attisdropped
   AND coalesce(row_to_json(a)->>'attgenerated', '') IN ('', CASE WHEN $2::boolean THEN 's' ELSE '' END)
 ORDER BY a.attrelid, a.attnum
