-- What parts a partition gets that is added later, in Greenplum 7; the lowest level first.
SELECT t.relid, t.level, pg_catalog.pg_get_expr(t.template, t.relid)
  FROM pg_catalog.gp_partition_template t
 ORDER BY t.relid, t.level DESC
