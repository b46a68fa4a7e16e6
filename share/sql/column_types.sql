-- Columns of the users' tables whose type is a domain or made by users or an extension.
-- Of a domain: its name, whether it takes NULL, its default and its checks. Then the type
-- itself, below all domains: oid, typtype, typname, in SQL, its modifier; whether it, or
-- what it is an array of, was made in the database; typtype and extension of that.
WITH RECURSIVE base AS (
  SELECT t.oid AS domain, t.typbasetype AS oid, t.typtypmod AS typmod FROM pg_catalog.pg_type t WHERE t.typtype = 'd'
  UNION ALL
  SELECT b.domain, t.typbasetype, CASE WHEN t.typtypmod >= 0 THEN t.typtypmod ELSE b.typmod END
    FROM base b JOIN pg_catalog.pg_type t ON t.oid = b.oid WHERE t.typtype = 'd')
SELECT a.attrelid,
       a.attname,
       CASE WHEN t.typtype = 'd' THEN pg_catalog.format_type(t.oid, NULL) END,
       t.typnotnull OR EXISTS (SELECT 1 FROM base o JOIN pg_catalog.pg_type d ON d.oid = o.oid AND d.typnotnull WHERE o.domain = t.oid),
       pg_catalog.pg_get_expr(t.typdefaultbin, 0),
       (SELECT json_agg(pg_catalog.pg_get_constraintdef(k.oid, true) ORDER BY k.conname)
          FROM pg_catalog.pg_constraint k
         WHERE k.contype = 'c' AND (k.contypid = t.oid OR k.contypid IN (SELECT o.oid FROM base o WHERE o.domain = t.oid))),
       f.oid,
       f.typtype,
       f.typname,
       pg_catalog.format_type(f.oid, coalesce(b.typmod, a.atttypmod)),
       coalesce(b.typmod, a.atttypmod),
       e.oid >= 16384,
       e.typtype,
       x.extname,
       e.oid <> f.oid
  FROM pg_catalog.pg_attribute a
  JOIN pg_catalog.pg_class c ON c.oid = a.attrelid AND c.relkind IN ('r', 'p')
  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
  LEFT JOIN base b ON b.domain = t.oid
   AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_type d WHERE d.oid = b.oid AND d.typtype = 'd')
  JOIN pg_catalog.pg_type f ON f.oid = coalesce(b.oid, t.oid)
  JOIN pg_catalog.pg_type e ON e.oid = CASE WHEN f.typcategory = 'A' AND f.typelem <> 0 THEN f.typelem ELSE f.oid END
  LEFT JOIN pg_catalog.pg_depend d
    ON d.classid = 'pg_catalog.pg_type'::pg_catalog.regclass AND d.objid = e.oid AND d.deptype = 'e'
   AND d.refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass
  LEFT JOIN pg_catalog.pg_extension x ON x.oid = d.refobjid
 WHERE a.attnum > 0 AND NOT a.attisdropped
   AND (t.typtype = 'd' OR e.oid >= 16384)
   AND n.nspname <> 'information_schema' AND n.nspname NOT LIKE 'pg\_%'
