-- The same in Greenplum before 7: ALTER TABLE statements of all levels in one text.
SELECT p.parrelid, 0, pg_catalog.pg_get_partition_template_def(p.parrelid, true, false)
  FROM pg_catalog.pg_partition p
 WHERE p.paristemplate
 GROUP BY p.parrelid
