#include "pgsql2pgsql/schema/schema_plan.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "base/text.h"
#include "embedded_sql.h"
#include "schema/quote.h"

namespace dbsync {

namespace {

constexpr std::uint32_t kPgClass = 1259;
constexpr std::uint32_t kPgConstraint = 2606;

bool is_one_of(const std::string& type, std::initializer_list<std::string_view> types) {
  return std::find(types.begin(), types.end(), type) != types.end();
}

PostObject object_name(std::uint32_t class_oid, const std::string& schema, const std::string& table,
                       const std::string& name) {
  return fmt::format("{} {} {} {}", class_oid, quote_identifier(schema), quote_identifier(table),
                     quote_identifier(name));
}

}  // namespace

PostObjects read_post_objects(PgConnection& connection, const SchemaMap& map) {
  PostObjects out;
  const PgResult result = connection.exec(sql::post_objects, {});
  for (int row = 0; row < result.rows(); ++row) {
    const auto class_oid = static_cast<std::uint32_t>(result.integer(row, 0));
    const auto oid = static_cast<std::uint32_t>(result.integer(row, 1));
    const PostObject name =
        object_name(class_oid, map.of(result.text(row, 2)), result.text(row, 3), result.text(row, 4));
    out.by_oid.emplace(std::pair{class_oid, oid}, name);
    out.own_names.emplace(std::pair{class_oid, oid}, result.text(row, 4));
    out.names.insert(name);
  }
  return out;
}

std::string PostObjects::own_name_of(const SchemaItem& item) const {
  const auto found = own_names.find({item.class_oid, item.oid});
  return found == own_names.end() ? "" : found->second;
}

std::set<PostObject> read_foreign_keys_not_valid(PgConnection& connection) {
  std::set<PostObject> out;
  const PgResult result = connection.exec(
      "SELECT n.nspname, c.relname, k.conname FROM pg_catalog.pg_constraint k JOIN pg_catalog.pg_class c ON c.oid = "
      "k.conrelid "
      "JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE k.contype = 'f' AND NOT k.convalidated");
  for (int row = 0; row < result.rows(); ++row)
    out.insert(object_name(kPgConstraint, result.text(row, 0), result.text(row, 1), result.text(row, 2)));
  return out;
}

SchemaPlan::SchemaPlan(std::vector<SchemaItem> items, const PgCatalog& catalog, const SelectedTables& selected,
                       const SchemaMap& map, const ObjectNames& objects)
    : items_(std::move(items)) {
  for (const PgRelation& relation : catalog.relations) relations_[relation.oid] = &relation;
  index_items();
  if (!selected.whole_database) keep_needed(catalog, selected);
  drop_mapped(catalog);
  rename(map, objects);
  for (std::size_t i = 0; i < items_.size(); ++i)
    if (is_table_work(items_[i]))
      work_[tables_under(items_[i]).front()].push_back(i);
    else if (items_[i].type == "FK CONSTRAINT")
      for (const PgRelation* table : tables_under(items_[i])) foreign_keys_[table].push_back(i);
}

std::vector<const SchemaItem*> SchemaPlan::work_of(const PgRelation& table) const {
  std::vector<const SchemaItem*> out;
  if (const auto found = work_.find(&table); found != work_.end())
    for (const std::size_t i : found->second) out.push_back(&items_[i]);
  return out;
}

std::vector<const SchemaItem*> SchemaPlan::foreign_keys_of(const PgRelation& table) const {
  std::vector<const SchemaItem*> out;
  if (const auto found = foreign_keys_.find(&table); found != foreign_keys_.end())
    for (const std::size_t i : found->second) out.push_back(&items_[i]);
  return out;
}

void SchemaPlan::index_items() {
  by_id_.clear();
  for (std::size_t i = 0; i < items_.size(); ++i) by_id_[items_[i].id] = i;
}

const SchemaItem* SchemaPlan::find(int id) const {
  const auto found = by_id_.find(id);
  return found == by_id_.end() ? nullptr : &items_[found->second];
}

const PgRelation* SchemaPlan::table_of(const SchemaItem& item) const {
  if (item.class_oid != kPgClass || !is_one_of(item.type, {"TABLE", "MATERIALIZED VIEW", "FOREIGN TABLE"}))
    return nullptr;
  const auto found = relations_.find(item.oid);
  return found == relations_.end() ? nullptr : found->second;
}

std::vector<const PgRelation*> SchemaPlan::tables_under(const SchemaItem& item) const {
  std::vector<const PgRelation*> out;
  for (const int id : item.depends_on) {
    const SchemaItem* under = find(id);
    if (under == nullptr) continue;
    std::vector<const PgRelation*> tables;
    if (const PgRelation* table = table_of(*under))
      tables = {table};
    else if (under->post_data && item.type == "COMMENT")
      tables = tables_under(*under);
    for (const PgRelation* table : tables)
      if (std::find(out.begin(), out.end(), table) == out.end()) out.push_back(table);
  }
  return out;
}

bool SchemaPlan::belongs_to_table(const SchemaItem& item) {
  return is_one_of(item.type, {"DEFAULT", "TABLE ATTACH", "COMMENT", "SEQUENCE OWNED BY", "SECURITY LABEL",
                               "CONSTRAINT", "CHECK CONSTRAINT", "FK CONSTRAINT", "INDEX", "INDEX ATTACH", "STATISTICS",
                               "RULE", "TRIGGER", "POLICY", "ROW SECURITY"});
}

bool SchemaPlan::is_identity(const SchemaItem& item) {
  return item.type == "SEQUENCE" && item.sql.starts_with("ALTER TABLE ");
}

bool SchemaPlan::is_table_work(const SchemaItem& item) const {
  if (!item.post_data) return false;
  // A comment is made where what it is on is made: triggers, rules, policies and
  // foreign keys come after all tables.
  if (item.type == "COMMENT")
    return std::any_of(item.depends_on.begin(), item.depends_on.end(), [&](int id) {
      const SchemaItem* under = find(id);
      return under != nullptr && under->type != "COMMENT" && is_table_work(*under);
    });
  if (!is_one_of(item.type, {"INDEX", "CONSTRAINT", "CHECK CONSTRAINT", "STATISTICS"})) return false;
  const auto tables = tables_under(item);
  return tables.size() == 1 && tables[0]->kind == 'r';
}

bool SchemaPlan::wanted_by(const SchemaItem& item, const std::set<std::uint32_t>& tables) const {
  if (const PgRelation* table = table_of(item)) return tables.contains(table->oid);
  // A sequence that a column owns stands behind the table in the archive.
  if (!belongs_to_table(item) && item.type != "SEQUENCE") return false;
  const auto under = tables_under(item);
  return !under.empty() &&
         std::all_of(under.begin(), under.end(), [&](const PgRelation* table) { return tables.contains(table->oid); });
}

void SchemaPlan::note_lost_foreign_keys(const std::set<std::uint32_t>& tables) {
  for (const SchemaItem& item : items_) {
    if (item.type != "FK CONSTRAINT") continue;
    const auto under = tables_under(item);
    const auto selected =
        std::count_if(under.begin(), under.end(), [&](const PgRelation* table) { return tables.contains(table->oid); });
    if (selected > 0 && selected < std::ssize(under))
      notes_.push_back(one_line(item.describe()) + ": left out, since one of its tables is not part of this run");
  }
}

// The selected tables with the tops of their partition trees, what belongs to
// them, and what any of these stands on.
void SchemaPlan::keep_needed(const PgCatalog& catalog, const SelectedTables& selected) {
  std::set<std::uint32_t> tables;
  for (const PgRelation* table : selected.tables)
    for (const PgRelation* at = table; at != nullptr; at = at->partition ? catalog.find(at->parent) : nullptr)
      tables.insert(at->oid);
  std::set<int> needed;
  std::vector<int> open;
  for (const SchemaItem& item : items_)
    if (wanted_by(item, tables)) open.push_back(item.id);
  note_lost_foreign_keys(tables);
  while (!open.empty()) {
    const int id = open.back();
    open.pop_back();
    const SchemaItem* item = find(id);
    if (item == nullptr || !needed.insert(id).second) continue;
    open.insert(open.end(), item->depends_on.begin(), item->depends_on.end());
  }
  // Comments on types, functions and schemas that came along.
  for (const SchemaItem& item : items_)
    if (item.type == "COMMENT" &&
        std::any_of(item.depends_on.begin(), item.depends_on.end(), [&](int id) { return needed.contains(id); }))
      needed.insert(item.id);
  std::erase_if(items_, [&](const SchemaItem& item) { return !needed.contains(item.id); });
  index_items();
}

// Our own definitions bring what is part of a table; other things are named.
void SchemaPlan::drop_mapped(const PgCatalog& catalog) {
  std::set<std::uint32_t> sequences;
  for (const PgSequence& sequence : catalog.sequences)
    if (const PgRelation* table = catalog.find(sequence.table); table != nullptr && table->mapped)
      sequences.insert(sequence.oid);
  std::set<int> dropped;
  for (const SchemaItem& item : items_) {
    const PgRelation* table = table_of(item);
    const bool mapped = table != nullptr && table->mapped;
    const bool sequence = item.class_oid == kPgClass && item.type == "SEQUENCE" && sequences.contains(item.oid);
    const auto lost = [&](int id) { return dropped.contains(id); };
    if (!mapped && !sequence && std::none_of(item.depends_on.begin(), item.depends_on.end(), lost)) continue;
    dropped.insert(item.id);
    const bool ours = mapped || sequence ||
                      is_one_of(item.type, {"DEFAULT", "TABLE ATTACH", "COMMENT", "SEQUENCE", "SEQUENCE OWNED BY",
                                            "CONSTRAINT", "CHECK CONSTRAINT", "INDEX", "INDEX ATTACH"});
    // A foreign key's tag begins with the table that has it.
    const auto under = tables_under(item);
    const bool foreign_key =
        item.type == "FK CONSTRAINT" && std::any_of(under.begin(), under.end(), [&](const PgRelation* owner) {
          return owner->mapped && item.tag.starts_with(one_line(owner->name.name) + " ") &&
                 item.schema == one_line(owner->name.schema);
        });
    if (!ours && !foreign_key)
      notes_.push_back(one_line(item.describe()) + ": left out, since it stands on a table that my.cfg maps");
  }
  if (dropped.empty()) return;
  std::erase_if(items_, [&](const SchemaItem& item) { return dropped.contains(item.id); });
  index_items();
}

void SchemaPlan::rename(const SchemaMap& map, const ObjectNames& objects) {
  if (map.identity()) return;
  std::erase_if(items_, [&](const SchemaItem& item) {
    const bool of_schema = item.type == "COMMENT" && item.tag.starts_with("SCHEMA ");
    return of_schema && map.of(item.tag.substr(7)) != item.tag.substr(7);
  });
  for (SchemaItem& item : items_) {
    if (item.type == "SCHEMA" && map.of(item.tag) != item.tag)
      item.sql = fmt::format("CREATE SCHEMA IF NOT EXISTS {};", quote_identifier(map.of(item.tag)));
    else
      item.sql = rename_schemas(item.sql, map, objects);
  }
  index_items();
}

std::string SchemaPlan::script(const std::string& title, DdlSection section, const std::string& encoding) const {
  std::string out =
      "-- " + one_line(title) + "\n\nSET client_encoding = " + quote_literal(encoding) +
      ";\nSET standard_conforming_strings = on;\n"
      "SET lc_monetary = 'C';\nSET array_nulls = on;\nSET xmloption = content;\nSET transform_null_equals = off;\n"
      "SET check_function_bodies = false;\nSELECT pg_catalog.set_config('search_path', '', false);\n";
  for (const SchemaItem& item : items_) {
    if (section == DdlSection::pre_data && item.post_data) continue;
    if (section == DdlSection::post_data && !item.post_data) continue;
    out += fmt::format("\n-- {}\n{}\n", one_line(item.describe()), item.sql);
  }
  return out;
}

}  // namespace dbsync
