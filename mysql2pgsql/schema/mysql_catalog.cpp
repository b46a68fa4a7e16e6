#include "mysql2pgsql/schema/mysql_catalog.h"

#include <algorithm>
#include <charconv>
#include <functional>
#include <map>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "base/text.h"
#include "mysql2pgsql/schema/definition_reader.h"
#include "mysql2pgsql/schema/mysql_default.h"
#include "mysql2pgsql/schema/show_create.h"
#include "mysql2pgsql/schema/shown_text.h"

namespace dbsync {

namespace {

std::uint64_t number(const std::optional<std::string>& text) {
  std::uint64_t out = 0;
  if (text) std::from_chars(text->data(), text->data() + text->size(), out);
  return out;
}

bool contains(const std::optional<std::string>& text, std::string_view part) {
  return to_lower(text.value_or("")).find(part) != std::string::npos;
}

// What the server itself says of a table that it cannot open stays: it knows best.
Error unreadable(Error error, const MysqlTable& table) {
  error.context(fmt::format("the definition of {} cannot be read", table.name));
  if (error.hint().empty() || error.native_code() == 1146)
    error.hint(
        "mend the table on the source (CHECK TABLE, REPAIR TABLE, its files, its engine), or leave it out with a table "
        "list (-l)");
  return error;
}

using Rows = std::vector<SourceQueries::Row>;

// Questions that go to the source together, each with what takes its answer.
class Questions {
 public:
  void add(std::string sql, std::function<void(Rows rows)> take) {
    add_fallible(std::move(sql), [take = std::move(take)](SourceQueries::Answer answer) {
      if (answer.error) throw Error(*answer.error);
      take(std::move(answer.rows));
    });
  }
  // One that may be refused without harm to the others.
  void add_fallible(std::string sql, std::function<void(SourceQueries::Answer answer)> take) {
    statements_.push_back(std::move(sql));
    takers_.push_back(std::move(take));
  }
  void ask(SourceQueries& source) const {
    source.query_each(statements_,
                      [this](std::size_t number, SourceQueries::Answer answer) { takers_[number](std::move(answer)); });
  }

 private:
  std::vector<std::string> statements_;
  std::vector<std::function<void(SourceQueries::Answer answer)>> takers_;
};

// Reads one database. What information_schema holds differs by version; which
// of its columns exist is asked once instead of guessed from version numbers. So there are
// two rounds of questions: those that do not depend on it, and the others.
class CatalogReader {
 public:
  CatalogReader(SourceQueries& connection, const std::string& db, const std::vector<TableListEntry>& list);
  MysqlCatalog read();

 private:
  bool has(const char* table, const char* column) const { return known_.contains({table, column}); }

  // The column where it exists, NULL elsewhere.
  std::string optional(const char* table, const char* column) const { return has(table, column) ? column : "NULL"; }

  MysqlTable* table(const std::optional<std::string>& name);
  std::function<void(const Rows& rows)> each(void (CatalogReader::*take)(const SourceQueries::Row& row)) {
    return [this, take](const Rows& rows) {
      for (const auto& row : rows) (this->*take)(row);
    };
  }
  void ask_what_is_known(Questions& questions);
  void ask_tables(Questions& questions);
  void take_tables(Rows rows);
  void ask_columns(Questions& questions);
  void take_column(const SourceQueries::Row& row);

  // MariaDB shows these as expressions, which they are not.
  static void settle_row_bound(MysqlColumn& column);

  // MariaDB appends the end of the row's time to each unique key, for the history
  // to have room beside the rows. Of these alone the keys are what was declared.
  void drop_row_ends_of_keys();
  void ask_indexes(Questions& questions);
  void take_index(const SourceQueries::Row& row);
  void ask_checks(Questions& questions);
  void take_check(const SourceQueries::Row& row);

  // MariaDB's JSON is LONGTEXT with the check json_valid(`column`).
  static bool is_mariadb_json(MysqlTable& table, const std::string& clause);
  void ask_foreign_keys(Questions& questions);
  void take_foreign_key(const SourceQueries::Row& row);

  // SHOW CREATE TABLE opens the table: one that is damaged, or whose engine is gone,
  // shows here. information_schema has no more than a warning for it.
  void ask_definitions(Questions& questions);
  void read_definitions();

  // information_schema shows foreign keys only to users with more than SELECT;
  // SHOW CREATE TABLE shows them to all, so what is missing can at least be named.
  void read_definition(const std::string& sql, MysqlTable& table);

  // information_schema leaves out columns that the user may not see. Without them the
  // copy would look whole.
  static void refuse_hidden_columns(const std::string& sql, const MysqlTable& table);

  // A period is shown by its check alone.
  static bool has_period(const MysqlTable& table);

  // STATISTICS shows WITHOUT OVERLAPS as the period's columns, end before start.
  static void find_keys_without_overlaps(const ShownTable& shown, MysqlTable& table);
  void ask_partitions(Questions& questions);
  void take_partition(const SourceQueries::Row& row);
  void ask_leftovers(Questions& questions);

  SourceQueries& connection_;
  DefinitionReader definitions_;
  std::string literal_;
  bool all_;                      // there is no list
  std::set<std::string> listed_;  // with it, whole tables
  std::set<std::pair<std::string, std::string>> known_;
  std::map<std::string, std::size_t, std::less<>> index_;
  std::vector<std::pair<MysqlTable*, SourceQueries::Answer>> shown_;  // by SHOW CREATE TABLE
  MysqlCatalog catalog_;
};

CatalogReader::CatalogReader(SourceQueries& connection, const std::string& db, const std::vector<TableListEntry>& list)
    : connection_(connection), definitions_(connection), literal_(MysqlConnection::literal(db)), all_(list.empty()) {
  for (const TableListEntry& entry : list)
    if (entry.query.empty()) listed_.insert(entry.table);
  catalog_.db = db;
}

MysqlCatalog CatalogReader::read() {
  Questions first;
  ask_what_is_known(first);
  ask_tables(first);
  ask_foreign_keys(first);
  ask_partitions(first);
  ask_leftovers(first);
  first.ask(connection_);
  Questions second;
  ask_columns(second);
  ask_indexes(second);
  ask_checks(second);
  ask_definitions(second);
  second.ask(connection_);
  drop_row_ends_of_keys();
  read_definitions();
  return std::move(catalog_);
}

void CatalogReader::ask_what_is_known(Questions& questions) {
  questions.add(
      "SELECT TABLE_NAME, COLUMN_NAME FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = 'information_schema'",
      [this](const Rows& rows) {
        for (const auto& row : rows) known_.emplace(row[0].value_or(""), row[1].value_or(""));
      });
}

MysqlTable* CatalogReader::table(const std::optional<std::string>& name) {
  const auto found = index_.find(name.value_or(""));
  return found == index_.end() ? nullptr : &catalog_.tables[found->second];
}

void CatalogReader::ask_tables(Questions& questions) {
  // Sizes and row counts are estimates; they order the work, nothing more.
  questions.add(
      fmt::format("SELECT TABLE_NAME, ENGINE, TABLE_ROWS, DATA_LENGTH, TABLE_COMMENT, AUTO_INCREMENT, TABLE_TYPE "
                  "FROM information_schema.TABLES "
                  "WHERE TABLE_SCHEMA = {} AND TABLE_TYPE IN ('BASE TABLE', 'SYSTEM VERSIONED')",
                  literal_),
      [this](Rows rows) { take_tables(std::move(rows)); });
}

void CatalogReader::take_tables(Rows rows) {
  // Servers order names by collations of their own; what the tables are called
  // here must not depend on that.
  std::sort(rows.begin(), rows.end(), [](const auto& a, const auto& b) { return a[0] < b[0]; });
  for (const auto& row : rows) {
    MysqlTable& table = catalog_.tables.emplace_back();
    table.name = row[0].value_or("");
    table.engine = row[1].value_or("");
    table.estimated_rows = number(row[2]);
    table.estimated_bytes = number(row[3]);
    table.comment = row[4].value_or("");
    table.auto_increment = number(row[5]);
    table.system_versioned = row[6] == "SYSTEM VERSIONED";
    table.in_run = all_ || listed_.contains(table.name);
    index_.emplace(table.name, catalog_.tables.size() - 1);
  }
}

void CatalogReader::ask_columns(Questions& questions) {
  questions.add(fmt::format("SELECT TABLE_NAME, COLUMN_NAME, DATA_TYPE, COLUMN_TYPE, IS_NULLABLE, COLLATION_NAME, "
                            "COLUMN_COMMENT, COLUMN_DEFAULT, EXTRA, {} FROM information_schema.COLUMNS "
                            "WHERE TABLE_SCHEMA = {} ORDER BY TABLE_NAME, ORDINAL_POSITION",
                            optional("COLUMNS", "GENERATION_EXPRESSION"), literal_),
                each(&CatalogReader::take_column));
}

void CatalogReader::take_column(const SourceQueries::Row& row) {
  MysqlTable* owner = table(row[0]);
  if (owner == nullptr) return;  // a view's column
  MysqlColumn& column = owner->columns.emplace_back();
  column.ordinal = owner->columns.size() - 1;
  column.name = row[1].value_or("");
  column.type = parse_mysql_type(row[2].value_or(""), row[3].value_or(""));
  column.nullable = row[4].value_or("") == "YES";
  column.type.collation = row[5].value_or("");
  for (const std::string& label : column.type.labels)
    column.type.labels_unclear |= may_have_lost(label, column.type.collation);
  column.comment = row[6].value_or("");
  column.auto_increment = contains(row[8], "auto_increment");
  column.on_update_timestamp = contains(row[8], "on update");
  column.generation_expression = row[9].value_or("");
  settle_row_bound(column);
  if (column.generation_expression.empty())
    settle_default(column, row[7], contains(row[8], "default_generated"), connection_.is_mariadb(),
                   connection_.version_number());
}

void CatalogReader::settle_row_bound(MysqlColumn& column) {
  using enum MysqlColumn::RowBound;
  column.row_bound = column.generation_expression == "ROW START" ? start
                     : column.generation_expression == "ROW END" ? end
                                                                 : none;
  if (column.row_bound != none) column.generation_expression.clear();
}

void CatalogReader::drop_row_ends_of_keys() {
  for (MysqlTable& table : catalog_.tables) {
    if (!table.system_versioned) continue;
    const auto is_end = [&](const std::string& name) {
      const MysqlColumn* column = table.find_column(name);
      return column != nullptr && column->row_bound == MysqlColumn::RowBound::end;
    };
    if (table.primary_key.size() > 1) std::erase_if(table.primary_key, is_end);
    for (MysqlIndex& index : table.indexes)
      if (index.unique && index.parts.size() > 1)
        std::erase_if(index.parts, [&](const MysqlIndexPart& part) { return is_end(part.column); });
  }
}

void CatalogReader::ask_indexes(Questions& questions) {
  questions.add(fmt::format("SELECT TABLE_NAME, INDEX_NAME, NON_UNIQUE, INDEX_TYPE, COLUMN_NAME, SUB_PART, COLLATION, "
                            "INDEX_COMMENT, {} FROM information_schema.STATISTICS WHERE TABLE_SCHEMA = {} "
                            "ORDER BY TABLE_NAME, INDEX_NAME, SEQ_IN_INDEX",
                            optional("STATISTICS", "EXPRESSION"), literal_),
                each(&CatalogReader::take_index));
}

void CatalogReader::take_index(const SourceQueries::Row& row) {
  MysqlTable* owner = table(row[0]);
  if (owner == nullptr) return;
  const std::string name = row[1].value_or("");
  if (name == "PRIMARY") {
    owner->primary_key.push_back(row[4].value_or(""));
    if (row[5]) owner->primary_key_of_prefix = true;
    return;
  }
  if (owner->indexes.empty() || owner->indexes.back().name != name) {
    MysqlIndex& index = owner->indexes.emplace_back();
    index.name = name;
    index.unique = row[2].value_or("") == "0";
    index.type = row[3].value_or("");
    index.comment = row[7].value_or("");
  }
  MysqlIndexPart& part = owner->indexes.back().parts.emplace_back();
  part.column = row[4].value_or("");
  if (row[5]) part.prefix = static_cast<std::int64_t>(number(row[5]));
  part.descending = row[6].value_or("") == "D";
  part.expression = row[8].value_or("");
}

void CatalogReader::ask_checks(Questions& questions) {
  if (!has("CHECK_CONSTRAINTS", "CHECK_CLAUSE")) return;
  const std::string sql =
      has("CHECK_CONSTRAINTS", "TABLE_NAME")
          ? fmt::format(
                "SELECT TABLE_NAME, CONSTRAINT_NAME, CHECK_CLAUSE, 'YES' FROM information_schema.CHECK_CONSTRAINTS "
                "WHERE CONSTRAINT_SCHEMA = {} ORDER BY 1, 2",
                literal_)
          : fmt::format(
                "SELECT t.TABLE_NAME, c.CONSTRAINT_NAME, c.CHECK_CLAUSE, t.ENFORCED "
                "FROM information_schema.CHECK_CONSTRAINTS c JOIN information_schema.TABLE_CONSTRAINTS t "
                "ON t.CONSTRAINT_SCHEMA = c.CONSTRAINT_SCHEMA AND t.CONSTRAINT_NAME = c.CONSTRAINT_NAME "
                "AND t.CONSTRAINT_TYPE = 'CHECK' WHERE c.CONSTRAINT_SCHEMA = {} ORDER BY 1, 2",
                literal_);
  questions.add(sql, each(&CatalogReader::take_check));
}

void CatalogReader::take_check(const SourceQueries::Row& row) {
  MysqlTable* owner = table(row[0]);
  if (owner == nullptr) return;
  const std::string clause = row[2].value_or("");
  if (!is_mariadb_json(*owner, clause)) owner->checks.push_back({row[1].value_or(""), clause, row[3] != "NO"});
}

bool CatalogReader::is_mariadb_json(MysqlTable& table, const std::string& clause) {
  for (MysqlColumn& column : table.columns) {
    if (column.type.kind != MysqlKind::text) continue;
    if (clause != fmt::format("json_valid({})", MysqlConnection::identifier(column.name))) continue;
    column.type.kind = MysqlKind::json;
    return true;
  }
  return false;
}

void CatalogReader::ask_foreign_keys(Questions& questions) {
  questions.add(
      fmt::format("SELECT k.TABLE_NAME, k.CONSTRAINT_NAME, k.COLUMN_NAME, k.REFERENCED_TABLE_SCHEMA, "
                  "k.REFERENCED_TABLE_NAME, k.REFERENCED_COLUMN_NAME, r.DELETE_RULE, r.UPDATE_RULE "
                  "FROM information_schema.KEY_COLUMN_USAGE k JOIN information_schema.REFERENTIAL_CONSTRAINTS r "
                  "ON r.CONSTRAINT_SCHEMA = k.CONSTRAINT_SCHEMA AND r.CONSTRAINT_NAME = k.CONSTRAINT_NAME "
                  "AND r.TABLE_NAME = k.TABLE_NAME "
                  "WHERE k.TABLE_SCHEMA = {} AND k.REFERENCED_TABLE_NAME IS NOT NULL "
                  "ORDER BY k.TABLE_NAME, k.CONSTRAINT_NAME, k.ORDINAL_POSITION",
                  literal_),
      each(&CatalogReader::take_foreign_key));
}

void CatalogReader::take_foreign_key(const SourceQueries::Row& row) {
  MysqlTable* owner = table(row[0]);
  if (owner == nullptr) return;
  const std::string name = row[1].value_or("");
  if (owner->foreign_keys.empty() || owner->foreign_keys.back().name != name)
    owner->foreign_keys.push_back({.name = name,
                                   .target_schema = row[3].value_or(""),
                                   .target_table = row[4].value_or(""),
                                   .on_delete = row[6].value_or(""),
                                   .on_update = row[7].value_or("")});
  owner->foreign_keys.back().columns.push_back(row[2].value_or(""));
  owner->foreign_keys.back().target_columns.push_back(row[5].value_or(""));
}

void CatalogReader::ask_definitions(Questions& questions) {
  for (MysqlTable& table : catalog_.tables)
    if (table.in_run)
      questions.add_fallible(
          "SHOW CREATE TABLE " + MysqlConnection::identifier(table.name),
          [this, &table](SourceQueries::Answer answer) { shown_.emplace_back(&table, std::move(answer)); });
}

void CatalogReader::read_definitions() {
  for (const auto& [table, answer] : shown_) {
    try {
      if (answer.error) throw Error(*answer.error);
      read_definition(answer.rows.at(0).at(1).value_or(""), *table);
    } catch (const Error& error) {
      if (error.connection_lost()) throw;
      table->problem = unreadable(error, *table);
    }
  }
}

void CatalogReader::read_definition(const std::string& sql, MysqlTable& table) {
  refuse_hidden_columns(sql, table);
  const ShownTable shown = parse_show_create(sql).value_or(ShownTable{});
  definitions_.settle(shown, table);
  if (has_period(table)) find_keys_without_overlaps(shown, table);
  table.hidden_foreign_keys = table.foreign_keys.empty() && shown.foreign_keys;
}

void CatalogReader::refuse_hidden_columns(const std::string& sql, const MysqlTable& table) {
  constexpr std::string_view kColumn = "\n  `";
  for (std::size_t at = sql.find(kColumn); at != std::string::npos; at = sql.find(kColumn, at + 1)) {
    std::size_t end = at + kColumn.size();
    std::string name;
    for (; end < sql.size() && (sql[end] != '`' || sql.substr(end, 2) == "``"); ++end) {
      if (sql[end] == '`') ++end;
      name += sql[end];
    }
    if (table.find_column(name) != nullptr) continue;
    throw Error(ErrorKind::source, fmt::format("the user of [src.mysql] may not see its column {}", name))
        .hint("grant SELECT on the whole table, or name the columns that it may read in a table-list query");
  }
}

bool CatalogReader::has_period(const MysqlTable& table) {
  return std::any_of(table.checks.begin(), table.checks.end(), [](const MysqlCheck& check) {
    return check.clause.starts_with('`') && check.clause.find("` < `") != std::string::npos;
  });
}

void CatalogReader::find_keys_without_overlaps(const ShownTable& shown, MysqlTable& table) {
  const auto without_overlaps = [&](const std::string& key) {
    const auto parts = shown.keys.find(key);
    return parts != shown.keys.end() && !parts->second.empty() && parts->second.back().ends_with("` WITHOUT OVERLAPS");
  };
  table.key_without_overlaps = without_overlaps("PRIMARY");
  for (MysqlIndex& index : table.indexes)
    if (index.unique && index.parts.size() > 1) index.without_overlaps = without_overlaps(index.name);
}

void CatalogReader::ask_partitions(Questions& questions) {
  questions.add(fmt::format("SELECT TABLE_NAME, PARTITION_NAME, PARTITION_METHOD, PARTITION_EXPRESSION, "
                            "PARTITION_DESCRIPTION, SUBPARTITION_METHOD FROM information_schema.PARTITIONS "
                            "WHERE TABLE_SCHEMA = {} AND PARTITION_NAME IS NOT NULL "
                            "ORDER BY TABLE_NAME, PARTITION_ORDINAL_POSITION, SUBPARTITION_ORDINAL_POSITION",
                            literal_),
                each(&CatalogReader::take_partition));
}

void CatalogReader::take_partition(const SourceQueries::Row& row) {
  MysqlTable* owner = table(row[0]);
  if (owner == nullptr || row[2] == "SYSTEM_TIME") return;
  if (!owner->partitioning) owner->partitioning = {row[2].value_or(""), row[3].value_or(""), row[5].has_value(), {}};
  auto& partitions = owner->partitioning->partitions;
  const std::string name = row[1].value_or("");
  // Subpartitions repeat their partition.
  if (partitions.empty() || partitions.back().name != name) partitions.push_back({name, row[4].value_or("")});
}

void CatalogReader::ask_leftovers(Questions& questions) {
  for (const auto& [kind, sql] : std::initializer_list<std::pair<const char*, const char*>>{
           {"view", "SELECT TABLE_NAME FROM information_schema.VIEWS WHERE TABLE_SCHEMA = "},
           {"sequence",
            "SELECT TABLE_NAME FROM information_schema.TABLES WHERE TABLE_TYPE = 'SEQUENCE' AND TABLE_SCHEMA = "},
           {"trigger", "SELECT TRIGGER_NAME FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = "},
           {"routine", "SELECT ROUTINE_NAME FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = "},
           {"event", "SELECT EVENT_NAME FROM information_schema.EVENTS WHERE EVENT_SCHEMA = "}})
    questions.add(sql + literal_ + " ORDER BY 1", [this, kind = kind](const Rows& rows) {
      for (const auto& row : rows) catalog_.leftovers.push_back({kind, row[0].value_or("")});
    });
}

}  // namespace

const MysqlColumn* MysqlTable::find_column(std::string_view column) const {
  for (const auto& candidate : columns)
    if (candidate.name == column) return &candidate;
  for (const auto& candidate : excluded)
    if (candidate.name == column) return &candidate;
  return nullptr;
}

const MysqlTable* MysqlCatalog::find_table(std::string_view name) const {
  const auto found =
      std::lower_bound(tables.begin(), tables.end(), name, [](const auto& table, auto n) { return table.name < n; });
  return found != tables.end() && found->name == name ? &*found : nullptr;
}

MysqlCatalog read_catalog(MysqlConnection& connection, const std::string& db, const TableRules& rules,
                          const std::vector<TableListEntry>& list) {
  MysqlCatalog out = read_catalog(static_cast<SourceQueries&>(connection), db, rules, list);
  connection.one_at_a_time();
  return out;
}

MysqlCatalog read_catalog(SourceQueries& source, const std::string& db, const TableRules& rules,
                          const std::vector<TableListEntry>& list) {
  MysqlCatalog catalog = CatalogReader(source, db, list).read();
  for (MysqlTable& table : catalog.tables) {
    const auto kept = std::stable_partition(table.columns.begin(), table.columns.end(), [&](const MysqlColumn& column) {
      return !rules.excludes({db, table.name}, column.name);
    });
    table.excluded.assign(kept, table.columns.end());
    table.columns.erase(kept, table.columns.end());
  }
  return catalog;
}

}  // namespace dbsync
