-- The partitions of all levels of Greenplum before 7, each with the table at the top.
SELECT r.parchildrelid, p.parrelid
  FROM pg_catalog.pg_partition_rule r
  JOIN pg_catalog.pg_partition p ON p.oid = r.paroid
 WHERE r.parchildrelid <> 0
