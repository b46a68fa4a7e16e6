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
#include "pgsql2pgsql/schema/schema_create.h"
#include "pgsql2pgsql/schema/schema_plan.h"

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

  void create(const SchemaMap& map, const SelectedTables& selected, SchemaCreation::Note note);
  bool created(const PgRelation& table) const { return state_.created.contains(&table); }

  // Indexes and constraints of one table that the target lacks, ANALYZE at the end, and
  // its foreign keys. Once for each table.
  PostLoad work_of(const PgRelation& table, const QualifiedName& target);

  // The rest: partitioned indexes, materialized views, foreign keys of and to partitioned
  // tables, triggers and rules. `failed`: tables without all their rows; what stands on them is left out.
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
    bool plain = false;    // between tables that are not partitioned
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
  std::vector<DdlUnit> foreign_keys_of(const PgRelation& table);
  const PgRelation* owner_of(const SchemaItem& foreign_key) const;
  bool left_unchecked(const SchemaItem& item) const;
  bool lacks_its_key(const SchemaItem& item, const Error& error);
  void validate_in_parallel(const std::vector<ForeignKeyStep>& steps);
  ForeignKeyStep foreign_key_step(const SchemaItem& item) const;

  const SchemaPlan& plan_;
  PostObjects source_;
  RestoreTarget target_;
  const SchemaMap* map_ = nullptr;
  std::set<PostObject> on_target_;
  std::set<PostObject> not_valid_;  // foreign keys of the target whose rows nobody has looked at
  std::set<int> in_tables_work_;    // foreign keys that work_of() has given out
  SchemaState state_;
  std::set<const PgRelation*> incomplete_;
};

}  // namespace dbsync
