// Sorts the items of a source's schema: which ones a run needs, under which
// names, and when each one is made: before the rows, behind its table's rows, or
// when all tables are there.
//
// Pure. The relations must outlive the plan.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "config/options.h"
#include "copy/snapshot_source.h"
#include "pgsql2pgsql/schema/copy_plan.h"
#include "pgsql2pgsql/schema/pg_catalog.h"
#include "pgsql2pgsql/schema/schema_dump.h"
#include "pgsql2pgsql/schema/sql_rename.h"

namespace dbsync {

// An index, constraint, trigger, …, by catalog and names: "2606 public orders orders_pkey".
using PostObject = std::string;

// Names on both sides of what may follow rows (share/sql/post_objects.sql).
struct PostObjects {
  std::map<std::pair<std::uint32_t, std::uint32_t>, PostObject> by_oid;  // (class, oid)
  std::set<PostObject> names;
  std::map<std::pair<std::uint32_t, std::uint32_t>, std::string> own_names;

  // Without schema and table; "" = it is not among them.
  std::string own_name_of(const SchemaItem& item) const;
};
PostObjects read_post_objects(PgConnection& connection, const SchemaMap& map);
// Foreign keys whose rows nobody has looked at, or of which some break it.
std::set<PostObject> read_foreign_keys_not_valid(PgConnection& connection);

class SchemaPlan {
 public:
  // Keeps what the selected tables need; everything for a whole database. Tables
  // that my.cfg maps are left out with all that stands on them: their names and
  // columns are others on the target.
  SchemaPlan(std::vector<SchemaItem> items, const PgCatalog& catalog, const SelectedTables& selected,
             const SchemaMap& map, const ObjectNames& objects);

  const std::vector<SchemaItem>& items() const { return items_; }
  const std::vector<std::string>& notes() const { return notes_; }
  // What -d prints.
  std::string script(const std::string& title, DdlSection section, const std::string& encoding) const;

  // The table that an item makes, or nothing.
  const PgRelation* table_of(const SchemaItem& item) const;
  // Tables that an item stands on, directly or through another item.
  std::vector<const PgRelation*> tables_under(const SchemaItem& item) const;
  // True for what is part of a table and makes no sense without it: a default, a
  // comment, a partition's place.
  static bool belongs_to_table(const SchemaItem& item);
  // True for what makes a column of a table an identity, its sequence with it.
  static bool is_identity(const SchemaItem& item);

  // What a table gets behind its own rows: indexes and constraints on it alone.
  bool is_table_work(const SchemaItem& item) const;
  std::vector<const SchemaItem*> work_of(const PgRelation& table) const;
  // Foreign keys of and to the table.
  std::vector<const SchemaItem*> foreign_keys_of(const PgRelation& table) const;

 private:
  const SchemaItem* find(int id) const;
  void drop_mapped(const PgCatalog& catalog);
  void keep_needed(const PgCatalog& catalog, const SelectedTables& selected);
  void note_lost_foreign_keys(const std::set<std::uint32_t>& tables);
  bool wanted_by(const SchemaItem& item, const std::set<std::uint32_t>& tables) const;
  void rename(const SchemaMap& map, const ObjectNames& objects);
  void index_items();

  std::vector<SchemaItem> items_;
  std::vector<std::string> notes_;
  std::map<int, std::size_t> by_id_;
  std::map<std::uint32_t, const PgRelation*> relations_;        // by oid
  std::map<const PgRelation*, std::vector<std::size_t>> work_;  // places in items_
  std::map<const PgRelation*, std::vector<std::size_t>> foreign_keys_;
};

}  // namespace dbsync
