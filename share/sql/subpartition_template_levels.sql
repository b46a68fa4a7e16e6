-- The same in Cloudberry, whose pg_get_expr stops at them: "unrecognized node type".
SELECT t.relid, t.level, NULL
  FROM pg_catalog.gp_partition_template t
 ORDER BY t.relid, t.level DESC
