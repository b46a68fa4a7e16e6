-- The columns of one table on the target, as applying changes needs them.
-- $1: schema, $2: table. row_to_json: attidentity (10), attgenerated and
-- collisdeterministic (12) are newer than some targets. Typmod -1, not NULL: NULL
-- would write bpchar as character, which is character(1).
SELECT c.oid,
       c.relkind,
       a.attname,
       coalesce(b.oid, t.oid) AS type_oid,
       CASE WHEN b.oid IS NULL THEN t.typarray ELSE b.typarray END AS array_oid,
       format_type(coalesce(b.oid, t.oid), -1) AS type_sql,
       CASE WHEN b.oid IS NULL THEN t.typtype ELSE b.typtype END = 'e' AS enumeration,
       CASE WHEN b.oid IS NULL THEN t.typcategory ELSE b.typcategory END = 'A' AS is_array,
       a.attnotnull,
       coalesce(row_to_json(a)->>'attgenerated', '') <> '' AS generated,
       coalesce(row_to_json(a)->>'attidentity', '') = 'a' AS identity_always,
       EXISTS (SELECT 1 FROM pg_catalog.pg_trigger g
                WHERE g.tgrelid = c.oid AND NOT g.tgisinternal AND g.tgenabled IN ('R', 'A')) AS live_triggers,
       format_type(a.atttypid, a.atttypmod) AS declared_sql,
       coalesce((row_to_json(l)->>'collisdeterministic')::boolean, true) = false AS loose_collation,
       -- The equality by which a key of that type is unique, where = alone would not find
       -- it: of an extension in another schema.
       (SELECT 'OPERATOR(' || quote_ident(en.nspname) || '.' || e.oprname || ')'
          FROM pg_catalog.pg_opclass k
          JOIN pg_catalog.pg_am m ON m.oid = k.opcmethod AND m.amname = 'btree'
          JOIN pg_catalog.pg_amop o ON o.amopfamily = k.opcfamily AND o.amopstrategy = 3
                                   AND o.amoplefttype = k.opcintype AND o.amoprighttype = k.opcintype
          JOIN pg_catalog.pg_operator e ON e.oid = o.amopopr
          JOIN pg_catalog.pg_namespace en ON en.oid = e.oprnamespace AND en.nspname <> 'pg_catalog'
         WHERE k.opcdefault AND k.opcintype = coalesce(b.oid, t.oid)) AS equality
  FROM pg_catalog.pg_class c
  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
  LEFT JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
  LEFT JOIN pg_catalog.pg_type b ON b.oid = t.typbasetype
  LEFT JOIN pg_catalog.pg_collation l ON l.oid = a.attcollation
 WHERE n.nspname = $1 AND c.relname = $2
 ORDER BY a.attnum
