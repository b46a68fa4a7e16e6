// Which tables of a selection are followed, and under which names their changes
// come: a partition's under that of its root where the server publishes by root
// and the whole tree is meant, else under its own.
//
// Pure; refers to catalog and selection. Threads: any.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "config/config.h"
#include "pg/connection.h"
#include "pg/left_tables.h"
#include "pgsql2pgsql/schema/copy_plan.h"

namespace dbsync {

// Of which some changes would not say which row they are of.
struct UnfitTable {
  std::uint32_t oid = 0;
  QualifiedName name;
  std::string fact;
  std::string statement;  // gives it a replica identity
  std::string place;      // where to run that: "the source", "the source's primary"
};

class PublishedTables {
 public:
  PublishedTables(const PgCatalog& catalog, const SelectedTables& selected, bool by_root);

  const std::vector<QualifiedName>& names() const { return names_; }  // each once, sorted
  const std::vector<std::uint32_t>& oids() const { return oids_; }    // of the same
  // Nothing: its changes are not followed.
  std::optional<QualifiedName> name_of(const PgRelation& table) const;
  // Takes a table out, which is copied and not followed; by its oid.
  void leave(UnfitTable table);
  const std::vector<UnfitTable>& unfit() const { return unfit_; }  // those
  // What is copied and not followed, and why.
  const std::vector<LeftTable>& left() const { return left_; }

 private:
  std::map<const PgRelation*, QualifiedName> by_table_;
  std::vector<QualifiedName> names_;
  std::vector<std::uint32_t> oids_;
  std::vector<LeftTable> left_;
  std::vector<UnfitTable> unfit_;
};

// Those of a selection on a source as it is, and as [follow] tables_without_key says.
PublishedTables followed_tables(PgConnection& source, const PgCatalog& catalog, const SelectedTables& selected,
                                FollowConfig::WithoutKey without_key);
// As it asks, for PgPrefetch.
std::vector<PgQuery> questions_of_followed(const PgConnection& source, const PgCatalog& catalog,
                                           const SelectedTables& selected, FollowConfig::WithoutKey without_key);

}  // namespace dbsync
