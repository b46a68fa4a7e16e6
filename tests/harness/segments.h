// A PostgreSQL database that the programs take for Greenplum 7: it has the catalog in
// which Greenplum keeps the distribution of tables. Rows lie where PostgreSQL has them,
// and its DDL is PostgreSQL's, so tables are made by the test. What only a cluster does
// is for make test-greenplum.
#pragma once

#include <string>

#include "tests/harness/target_db.h"

namespace dbsync::test {

// System tables can be made since PostgreSQL 13.
inline constexpr int kSegmentsSince = 130000;

inline void take_for_segments(TargetDb& target) {
  target.exec(
      "set allow_system_table_mods = on; create table pg_catalog.gp_distribution_policy (localoid oid, policytype "
      "\"char\", numsegments int, distkey int2vector, distclass oidvector); "
      "create table pg_catalog.pg_attribute_encoding (attrelid oid, attnum int2, filenum int2, attoptions text[]); "
      // A pg_node_tree on Greenplum, which nobody can write.
      "create table pg_catalog.gp_partition_template (relid oid, level int2, template text); "
      "create function pg_catalog.pg_get_expr(text, oid) returns text language sql immutable as 'select $1'; "
      "reset allow_system_table_mods");
}

// `columns`: their numbers, "1 3".
inline void distribute(TargetDb& target, const std::string& table, const std::string& columns) {
  target.exec("delete from pg_catalog.gp_distribution_policy where localoid = '" + table +
              "'::regclass; insert into pg_catalog.gp_distribution_policy values ('" + table +
              "'::regclass, 'p', 2, '" + columns + "', '')");
}

}  // namespace dbsync::test
