// Foreign keys whose actions the binlog does not tell: what they do, from row images.
//
// Rows that a CASCADE or SET NULL changes are not in the binlog (before MySQL 9.6). They
// follow from the rows of the table that is referred to, which are: their keys become
// changes of a relation with a cascade (cdc/cascade.h). That holds where the target
// compares the values as the source does, and has the rows that lie between; other keys
// have a reason why they must stop.
//
// Owns what it describes; the stream points at it. Errors: those of find_relations.
// Threads: one.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "copy/copy_task.h"
#include "mysql2pgsql/binlog/followed_table.h"
#include "mysql2pgsql/client/source_queries.h"

namespace dbsync {

class BinlogTables;

// A foreign key, as rows of the table that it refers to need it.
struct CascadePlan {
  std::string child;                          // the referring table, for messages
  QualifiedName child_name;                   // by which changes of its own come
  bool on_delete = false, on_update = false;  // it acts
  std::string obstacle;                       // why it cannot be done on the target; "" = it can
  bool ends_at_child = true;                  // no other key acts on what it does
  std::vector<std::size_t> places;            // of the columns that are referred to, among the other table's
  // The other table; without an obstacle it takes the columns that are referred to. Null
  // when its rows cannot be read.
  std::unique_ptr<FollowedTable> keys;
};

struct CascadeRequest {
  const MysqlCatalog& catalog;
  const std::vector<CopyTask>& tasks;
  const std::map<QualifiedName, TargetTable>& relations;  // on the target
  const ValuePolicies& policies;
  std::uint32_t first_id = 0;  // of relations; none behind it is taken
};

// Takes out of `loaded`, the tables that a copy has brought whole, those whose rows change
// through a table that it has not: what acts there is not to be had from the target.
void leave_out_behind_cascades(const MysqlCatalog& catalog, std::set<std::string>& loaded);

// Takes out of `others`, which are followed by themselves, those that stand between a table
// that is not among them and what acts there.
void leave_out_before_cascades(const MysqlCatalog& catalog, std::set<std::string>& others);

// Whether it changes rows by itself.
bool acts(const MysqlForeignKey& key);

// Whether the server writes what foreign keys do into its binlog.
bool cascades_are_logged(SourceQueries& source);

// "of shop.p in c (SET DEFAULT)": a foreign key of `child` to `parent` that must stop.
std::string cascade_to_stop_at(const std::string& parent, const CascadePlan& plan);
// Of a run whose tables the target need not have yet, all of these; `acting`: how many act at all.
std::vector<std::string> cascades_to_stop_at(const MysqlCatalog& catalog, const std::vector<CopyTask>& tasks,
                                             const TableRules& rules, std::size_t& acting);

// Adds the plans to `tables`, which has the followed ones.
void add_cascades(const CascadeRequest& request, BinlogTables& tables);

}  // namespace dbsync
