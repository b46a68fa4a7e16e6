// Makes a schema on the target: what comes before the rows (schema_create.h), and
// what comes when all rows are there.
//
// Threads: the object belongs to one; finish() runs several of its own. Errors:
// those of single items are collected, not thrown.
#pragma once

#include <functional>
#include <memory>
#include <set>
#include <stop_token>
#include <string>
#include <vector>

#include "base/error.h"
#include "pgsql2pgsql/schema_create.h"
#include "pgsql2pgsql/schema_plan.h"

namespace dbsync {

struct RestoreTarget {
  std::string conninfo;
  std::string application_name;
  unsigned workers = 1;
  std::stop_token drain;
  std::stop_token cancel;
};

class SchemaRestore {
 public:
  // `source`: names of what the source has behind rows, as the target shall call it.
  SchemaRestore(const SchemaPlan& plan, PostObjects source, RestoreTarget target)
      : plan_(plan), source_(std::move(source)), target_(std::move(target)) {}

  void create(const SchemaMap& map, const SelectedTables& selected);
  bool created(const PgRelation& table) const { return state_.created.contains(&table); }

  // Indexes and constraints of one table that the target lacks; ANALYZE at the end.
  PostLoad work_of(const PgRelation& table, const QualifiedName& target) const;

  // The rest: partitioned indexes, materialized views, foreign keys, triggers and
  // rules. `failed`: tables without all their rows; what stands on them is left out.
  // `incomplete`: tables that lack an index or a key, which has its own error.
  void finish(const std::set<const PgRelation*>& failed, std::set<const PgRelation*> incomplete,
              const std::set<std::uint32_t>& populated_views, const SchemaMap& map);

  const std::vector<Error>& problems() const { return state_.problems; }
  const std::vector<std::string>& notes() const { return state_.notes; }

 private:
  struct ForeignKeyStep {
    std::string what;
    std::string add;
    std::string validate;  // "" = added as valid
  };

  std::unique_ptr<PgConnection> connect() const;
  bool missing(const SchemaItem& item) const;
  bool usable(const SchemaItem& item, const std::set<const PgRelation*>& failed);
  void run_item(PgConnection& connection, const SchemaItem& item);
  void run_where(PgConnection& connection, const std::set<const PgRelation*>& failed,
                 const std::function<bool(const SchemaItem&)>& condition);
  void refresh_views(PgConnection& connection, const std::set<const PgRelation*>& failed,
                     const std::set<std::uint32_t>& populated, const SchemaMap& map);
  void add_foreign_keys(PgConnection& connection, const std::set<const PgRelation*>& failed);
  bool left_unchecked(const SchemaItem& item, const std::set<PostObject>& not_valid) const;
  bool lacks_its_key(const SchemaItem& item, const Error& error);
  void validate_in_parallel(const std::vector<ForeignKeyStep>& steps);
  ForeignKeyStep foreign_key_step(const SchemaItem& item) const;

  const SchemaPlan& plan_;
  PostObjects source_;
  RestoreTarget target_;
  std::set<PostObject> on_target_;
  SchemaState state_;
  std::set<const PgRelation*> incomplete_;
};

}  // namespace dbsync
