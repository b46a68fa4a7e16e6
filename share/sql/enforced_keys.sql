-- Foreign keys on the tables $1 (oids) or pointing to them, those of partitions left
-- out that come from the partitioned table's own. How rows are compared is written as
-- the server's own check of the key does: with the operators and collations of the key.
-- to_jsonb: conparentid (11), conenforced and conperiod (18) are newer than some targets.
SELECT k.oid,
       k.conname,
       k.conrelid,
       n.nspname,
       c.relname,
       c.relkind = 'p' AS partitioned,
       k.confrelid,
       fn.nspname,
       fc.relname,
       fc.relkind = 'p' AS referenced_partitioned,
       pg_catalog.pg_get_constraintdef(k.oid) AS definition,
       k.convalidated,
       k.condeferrable,
       k.confmatchtype = 'f' AS match_full,
       coalesce((pg_catalog.to_jsonb(k)->>'conperiod')::boolean, false) AS period,
       pg_catalog.pg_has_role(c.relowner, 'USAGE') AND pg_catalog.has_table_privilege(fc.oid, 'REFERENCES')
         AND pg_catalog.has_table_privilege(c.oid, 'REFERENCES') AND pg_catalog.has_schema_privilege(n.oid, 'USAGE')
         AND pg_catalog.has_schema_privilege(fn.oid, 'USAGE') AS may_remake,
       coalesce(pg_catalog.obj_description(k.oid, 'pg_constraint'), '') AS comment,
       cols.matches,
       cols.given,
       cols.absent,
       cols.shown,
       cols.names,
       cols.referenced_names
  FROM pg_catalog.pg_constraint k
  JOIN pg_catalog.pg_class c ON c.oid = k.conrelid
  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  JOIN pg_catalog.pg_class fc ON fc.oid = k.confrelid
  JOIN pg_catalog.pg_namespace fn ON fn.oid = fc.relnamespace
 CROSS JOIN LATERAL (
    SELECT pg_catalog.string_agg(pg_catalog.format('p.%I OPERATOR(%I.%s) c.%I%s', pa.attname, opn.nspname, op.oprname, fa.attname,
             CASE WHEN pa.attcollation <> fa.attcollation AND col.oid IS NOT NULL
                  THEN pg_catalog.format(' COLLATE %I.%I', coln.nspname, col.collname) ELSE '' END), ' AND ' ORDER BY u.i) AS matches,
           pg_catalog.string_agg(pg_catalog.format('c.%I IS NOT NULL', fa.attname), ' AND ' ORDER BY u.i) AS given,
           pg_catalog.string_agg(pg_catalog.format('c.%I IS NULL', fa.attname), ' AND ' ORDER BY u.i) AS absent,
           pg_catalog.string_agg(pg_catalog.format('coalesce(c.%I::text, ''null'')', fa.attname), ' || '', '' || ' ORDER BY u.i) AS shown,
           pg_catalog.string_agg(fa.attname::text, ', ' ORDER BY u.i) AS names,
           pg_catalog.string_agg(pa.attname::text, ', ' ORDER BY u.i) AS referenced_names
      FROM (SELECT i, k.conkey[i] AS conkey, k.confkey[i] AS confkey, k.conpfeqop[i] AS op
              FROM pg_catalog.generate_subscripts(k.conkey, 1) AS i) AS u
      JOIN pg_catalog.pg_attribute fa ON fa.attrelid = k.conrelid AND fa.attnum = u.conkey
      JOIN pg_catalog.pg_attribute pa ON pa.attrelid = k.confrelid AND pa.attnum = u.confkey
      JOIN pg_catalog.pg_operator op ON op.oid = u.op
      JOIN pg_catalog.pg_namespace opn ON opn.oid = op.oprnamespace
      LEFT JOIN pg_catalog.pg_collation col ON col.oid = pa.attcollation
      LEFT JOIN pg_catalog.pg_namespace coln ON coln.oid = col.collnamespace) AS cols
 WHERE k.contype = 'f'
   AND (k.conrelid = ANY ($1::oid[]) OR k.confrelid = ANY ($1::oid[]))
   AND coalesce((pg_catalog.to_jsonb(k)->>'conparentid')::oid, 0) = 0
   AND coalesce((pg_catalog.to_jsonb(k)->>'conenforced')::boolean, true)
 ORDER BY n.nspname, c.relname, k.conname
