-- Sequences that give columns of the tables $1 (schemas), $2 (names) their values:
-- those of identity and serial columns, and any other that a default reads.
SELECT n.nspname,
       c.relname,
       a.attname,
       sn.nspname,
       s.relname,
       q.seqmax,
       pg_catalog.has_sequence_privilege(s.oid, 'UPDATE') AND pg_catalog.has_sequence_privilege(s.oid, 'SELECT')
         AND pg_catalog.has_schema_privilege(sn.oid, 'USAGE') AS may_set,
       pg_catalog.has_column_privilege(c.oid, a.attnum, 'SELECT') AS may_read
  FROM (SELECT unnest($1::name[]) AS nspname, unnest($2::name[]) AS relname) w
  JOIN pg_catalog.pg_namespace n ON n.nspname = w.nspname
  JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid AND c.relname = w.relname
  JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
  JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
  LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
  JOIN pg_catalog.pg_depend p ON p.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND p.deptype = 'n'
                                AND p.classid = 'pg_catalog.pg_attrdef'::pg_catalog.regclass AND p.objid = d.oid
                              OR p.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND p.deptype = 'i'
                                AND p.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND p.refobjid = c.oid AND p.refobjsubid = a.attnum
  JOIN pg_catalog.pg_class s ON s.oid = CASE p.deptype WHEN 'n' THEN p.refobjid ELSE p.objid END AND s.relkind = 'S'
  JOIN pg_catalog.pg_namespace sn ON sn.oid = s.relnamespace
  JOIN pg_catalog.pg_sequence q ON q.seqrelid = s.oid
 WHERE q.seqincrement > 0
   AND (t.typcategory = 'N' OR t.typname = 'numeric')
 ORDER BY 1, 2, a.attnum
