-- Tables of users whose changes can be decoded: permanent ones, outside of the
-- system's schemas and of extensions. $1: partitioned tables are published by
-- their root (else by their leaves).
SELECT n.nspname, c.relname
  FROM pg_catalog.pg_class c
  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
 WHERE c.relpersistence = 'p'
   AND CASE WHEN $1::boolean THEN c.relkind IN ('r', 'p') AND NOT c.relispartition ELSE c.relkind = 'r' END
   AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'dbsync')
   AND n.nspname !~ '^pg_(toast|temp)'
   AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_depend d
                    WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid = c.oid AND d.deptype = 'e')
 ORDER BY 1, 2
