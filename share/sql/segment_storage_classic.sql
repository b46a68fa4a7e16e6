-- How the tables of Greenplum before 7 are stored; of a table with partitions, the clause of
-- all levels and the columns of their keys.
SELECT c.oid,
       c.relstorage,
       array_to_json(c.reloptions),
       CASE WHEN EXISTS (SELECT 1 FROM pg_catalog.pg_partition p WHERE p.parrelid = c.oid)
            THEN pg_catalog.pg_get_partition_def(c.oid, true) END,
       (SELECT json_agg(DISTINCT a.attname)
          FROM pg_catalog.pg_partition p
          JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum = ANY (p.paratts)
         WHERE p.parrelid = c.oid AND NOT p.paristemplate)
  FROM pg_catalog.pg_class c
