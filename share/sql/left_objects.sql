-- What the users of a database have made beside tables, indexes, constraints and owned
-- sequences: its kind and its name. Without what belongs to extensions
-- and to types. $1: the oids of
-- the tables whose triggers and rules are asked for; $2: whether the rest is, too.
SELECT o.kind, o.name
  FROM (SELECT CASE c.relkind WHEN 'v' THEN 'view' ELSE 'materialized view' END AS kind,
               c.oid::pg_catalog.regclass::text AS name,
               c.relnamespace AS schema, 'pg_catalog.pg_class'::pg_catalog.regclass AS catalog, c.oid, $2::boolean AS wanted
          FROM pg_catalog.pg_class c WHERE c.relkind IN ('v', 'm')
        UNION ALL
        SELECT CASE WHEN a.aggfnoid IS NULL THEN 'function' ELSE 'aggregate' END,
               p.oid::pg_catalog.regprocedure::text, p.pronamespace, 'pg_catalog.pg_proc'::pg_catalog.regclass, p.oid, $2::boolean
          FROM pg_catalog.pg_proc p LEFT JOIN pg_catalog.pg_aggregate a ON a.aggfnoid = p.oid
        UNION ALL
        SELECT CASE t.typtype WHEN 'e' THEN 'enum type' WHEN 'd' THEN 'domain' WHEN 'r' THEN 'range type' ELSE 'composite type' END,
               pg_catalog.format_type(t.oid, NULL), t.typnamespace, 'pg_catalog.pg_type'::pg_catalog.regclass, t.oid, $2::boolean
          FROM pg_catalog.pg_type t LEFT JOIN pg_catalog.pg_class r ON r.oid = t.typrelid
         WHERE t.typtype IN ('e', 'd', 'r') OR (t.typtype = 'c' AND r.relkind = 'c')
        UNION ALL
        SELECT 'trigger', pg_catalog.quote_ident(g.tgname) || ' of ' || g.tgrelid::pg_catalog.regclass::text,
               c.relnamespace, 'pg_catalog.pg_trigger'::pg_catalog.regclass, g.oid, g.tgrelid = ANY ($1::pg_catalog.oid[])
          FROM pg_catalog.pg_trigger g JOIN pg_catalog.pg_class c ON c.oid = g.tgrelid WHERE NOT g.tgisinternal
        UNION ALL
        SELECT 'rule', pg_catalog.quote_ident(r.rulename) || ' of ' || r.ev_class::pg_catalog.regclass::text,
               c.relnamespace, 'pg_catalog.pg_rewrite'::pg_catalog.regclass, r.oid, r.ev_class = ANY ($1::pg_catalog.oid[])
          FROM pg_catalog.pg_rewrite r JOIN pg_catalog.pg_class c ON c.oid = r.ev_class WHERE r.rulename <> '_RETURN') o
  JOIN pg_catalog.pg_namespace n ON n.oid = o.schema
 WHERE o.wanted
   AND n.nspname <> 'information_schema' AND n.nspname NOT LIKE 'pg\_%' AND n.nspname NOT IN ('dbsync', 'gp_toolkit')
   AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_depend d
                    WHERE d.classid = o.catalog AND d.objid = o.oid AND d.deptype IN ('e', 'i'))
 ORDER BY o.kind, o.name
