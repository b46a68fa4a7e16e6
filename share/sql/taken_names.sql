-- What the schemas $1 hold that a new table, index, sequence, type or function without
-- arguments could run into, and the table that it belongs to; its own name for what
-- stands alone. Runs on Greenplum 6 as well.
SELECT n.nspname, c.relname,
       coalesce(i.relname, p.relname, s.relname, c.relname) AS owner,
       CASE WHEN c.relkind IN ('r', 'p', 'f') THEN 'table' ELSE 'relation' END AS kind
  FROM pg_catalog.pg_class c
  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  LEFT JOIN pg_catalog.pg_index x ON x.indexrelid = c.oid
  LEFT JOIN pg_catalog.pg_class i ON i.oid = x.indrelid
  LEFT JOIN pg_catalog.pg_inherits h ON h.inhrelid = c.oid AND h.inhseqno = 1 AND c.relkind IN ('r', 'p', 'f')
  LEFT JOIN pg_catalog.pg_class p ON p.oid = h.inhparent
  LEFT JOIN pg_catalog.pg_depend d ON c.relkind = 'S' AND d.classid = 'pg_catalog.pg_class'::regclass AND d.objid = c.oid
                                  AND d.refclassid = 'pg_catalog.pg_class'::regclass AND d.deptype IN ('a', 'i')
  LEFT JOIN pg_catalog.pg_class s ON s.oid = d.refobjid
 WHERE n.nspname = ANY ($1::text[])
UNION ALL
SELECT n.nspname, t.typname, coalesce(u.relname, t.typname), 'type'
  FROM pg_catalog.pg_type t
  JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
  LEFT JOIN (SELECT a.atttypid, min(k.relname::text) AS relname
               FROM pg_catalog.pg_attribute a
               JOIN pg_catalog.pg_class k ON k.oid = a.attrelid AND k.relkind IN ('r', 'p')
              WHERE a.attnum > 0 AND NOT a.attisdropped
              GROUP BY a.atttypid) u ON u.atttypid = t.oid
 WHERE n.nspname = ANY ($1::text[]) AND t.typrelid = 0 AND t.typcategory <> 'A'
UNION ALL
SELECT n.nspname, f.proname, coalesce(min(k.relname::text), f.proname), 'function'
  FROM pg_catalog.pg_proc f
  JOIN pg_catalog.pg_namespace n ON n.oid = f.pronamespace
  LEFT JOIN pg_catalog.pg_trigger g ON g.tgfoid = f.oid
  LEFT JOIN pg_catalog.pg_class k ON k.oid = g.tgrelid
 WHERE n.nspname = ANY ($1::text[]) AND f.pronargs = 0
 GROUP BY n.nspname, f.proname
