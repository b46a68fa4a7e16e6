#include "mysql2pgsql/schema/schema_map.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "base/text.h"
#include "mysql2pgsql/schema/collation.h"
#include "mysql2pgsql/schema/default_map.h"
#include "mysql2pgsql/schema/expression_map.h"
#include "mysql2pgsql/schema/key_map.h"
#include "mysql2pgsql/schema/partition_map.h"
#include "mysql2pgsql/schema/shown_text.h"
#include "schema/names.h"
#include "schema/quote.h"
#include "schema/shared_target.h"
#include "schema/table_limits.h"

namespace dbsync {

namespace {

Error unsupported(const std::string& table, const std::string& column, const MysqlType& type) {
  return Error(ErrorKind::source,
               fmt::format("table {}, column {}: the type {} is not supported", table, column, type.text))
      .hint("leave the column out with a table-list line: table : select the, other, columns from table");
}

bool is_date_kind(PgKind kind) {
  return kind == PgKind::date || kind == PgKind::timestamp || kind == PgKind::timestamptz;
}

bool is_label_kind(MysqlKind kind) { return kind == MysqlKind::enumeration || kind == MysqlKind::set; }

// 'a', 'b'
std::string literal_list(const std::vector<std::string>& labels) {
  std::string out;
  for (const auto& label : labels) out += (out.empty() ? "" : ", ") + quote_literal(label);
  return out;
}

// Of an extension: sessions of ours find no type by search_path.
PgType with_schema(PgType type, const TargetFacts& target) {
  const std::string name = type.kind == PgKind::geometry ? "geometry" : type.name;
  const auto schema = target.type_schemas.find(name.substr(0, name.find('(')));
  if (schema != target.type_schemas.end() && schema->second != "pg_catalog")
    type.name = quote_identifier(schema->second) + "." + name;
  return type;
}

// What is known to fail when the table is made.
void refuse_unmakeable(const Table& table, const std::string& name, const MapOptions& options) {
  if (auto problem = beyond_limits(table, name, options.dialect)) throw Error(*problem);
  if (options.target.missing_types.empty() || options.target.has_table(table.name)) return;
  for (const Column& column : table.columns) {
    const std::string type =
        column.type.kind == PgKind::geometry ? "geometry" : column.type.name.substr(0, column.type.name.find('('));
    if (options.target.missing_types.contains(type))
      throw Error(ErrorKind::target,
                  fmt::format("table {}, column {}: the target has no type {}", name, column.name, type))
          .hint(fmt::format("CREATE EXTENSION {} on the target, or choose another type in [types]",
                            type == "geometry" ? "postgis" : type));
  }
}

// Columns that must have one type because foreign keys connect them: a small
// union-find over (table, column).
class ColumnGroups {
 public:
  explicit ColumnGroups(const MysqlCatalog& catalog) {
    for (const MysqlTable& table : catalog.tables)
      for (const MysqlForeignKey& key : table.foreign_keys)
        for (std::size_t i = 0; i < key.columns.size() && key.target_schema == catalog.db; ++i)
          join({table.name, key.columns[i]}, {key.target_table, key.target_columns[i]});
    for (const MysqlTable& table : catalog.tables)
      for (const MysqlColumn& column : table.columns)
        if (column.auto_increment) counted_.insert(find({table.name, column.name}));
  }

  // True when the column, or one that it is connected with, is AUTO_INCREMENT.
  bool has_auto_increment(const std::string& table, const std::string& column) {
    return counted_.contains(find({table, column}));
  }

 private:
  using Name = std::pair<std::string, std::string>;

  Name find(const Name& name) {
    const auto found = parent_.find(name);
    if (found == parent_.end() || found->second == name) return name;
    Name root = find(found->second);
    parent_[name] = root;
    return root;
  }

  void join(const Name& a, const Name& b) { parent_[find(a)] = find(b); }

  std::map<Name, Name> parent_;
  std::set<Name> counted_;
};

class Mapper {
 public:
  Mapper(const MysqlCatalog& catalog, const MapOptions& options)
      : catalog_(catalog), options_(options), groups_(catalog) {}

  MappedSchema map();

 private:
  // What goes wrong with one table is that table's problem.
  template <class Body>
  void each_table(const Body& body);
  QualifiedName source_name(const MysqlTable& table) const { return {catalog_.db, table.name}; }
  NameSet& names(const Table& table) { return names_[table.name.schema]; }

  // Tables have the first right to their names, and of these the ones that my.cfg
  // gives. A table that has such a name by itself is meant to be the same one.
  void name_tables();

  // Tables go where they are meant to go; everything else gives way to what is there.
  void reserve_taken_names();

  // Names that are not unique in their schema as the source has them.
  void find_shared_index_names();
  IndexNaming index_naming(const Table& table);

  // One definition for the tables that share a target: the first one's.
  void unite(bool with_foreign_keys);
  void unite(const std::vector<std::size_t>& members, std::size_t which, bool with_foreign_keys);
  std::string folded(std::string_view name) const;
  static void note_new_name(Table& table, const std::string& from, const std::string& to, std::string_view what);
  void refuse_place(const Table& table) const;
  void map_table(const MysqlTable& source, MappedTable& out);

  // The sequence behind an identity column, which the server would name by itself, and
  // the function of the trigger.
  void name_helpers(Table& table);
  void complete_table(const MysqlTable& source, MappedTable& out);
  void add_origin(const MysqlTable& source, MappedTable& out);
  static std::string target_of(const MysqlTable& source, const Table& table, const std::string& column);
  std::string wanted_name(const MysqlTable& source, const MysqlColumn& column) const;

  // A column that my.cfg renames may not take another's name; a number behind it,
  // as for names that collide by themselves, is not what its writer wants.
  void refuse_equal_names(const MysqlTable& source) const;
  PgType column_type(const MysqlTable& source, const MysqlColumn& column);
  void map_column(const MysqlTable& source, const MysqlColumn& column, NameSet& column_names, Table& table);

  // An ENUM as text keeps its list of labels as a check. '' is what the source
  // stores for a value outside of the list when it is not strict: it may be there.
  void map_enum_checks(const MysqlTable& source, Table& table);

  // The constraints of one table share a set of names.
  static void name_checks(Table& table);

  // Keys over text that the source compares in another way than the target.
  static void note_equality(const std::string& key, const std::vector<std::string>& columns, Table& table);
  static void note_equality(const MysqlTable& source, Table& table);

  // The catalog shows characters of four bytes as '?', and nothing else shows comments.
  void note_comments();

  const MysqlCatalog& catalog_;
  const MapOptions& options_;
  ColumnGroups groups_;
  std::map<std::string, NameSet> names_;      // of each schema: tables, indexes, sequences, types
  std::map<std::string, NameSet> functions_;  // and functions without arguments
  std::set<QualifiedName> shared_index_names_;
  std::map<QualifiedName, std::vector<std::size_t>> members_;  // places in catalog_.tables, by target
  MappedSchema schema_;
};

MappedSchema Mapper::map() {
  name_tables();
  reserve_taken_names();
  each_table([this](const MysqlTable& source, MappedTable& out) { map_table(source, out); });
  // Names of the source's own come after those that tables need.
  find_shared_index_names();
  each_table([this](const MysqlTable& source, MappedTable& out) { complete_table(source, out); });
  unite(false);
  for (std::size_t i = 0; i < catalog_.tables.size(); ++i)
    if (!schema_.tables[i].problem) map_foreign_keys(catalog_.tables[i], schema_, i, catalog_);
  unite(true);
  for (const MysqlLeftover& leftover : catalog_.leftovers)
    schema_.notes.push_back(fmt::format("{} {} is not migrated", leftover.kind, leftover.name));
  note_comments();
  return std::move(schema_);
}

template <class Body>
void Mapper::each_table(const Body& body) {
  for (std::size_t i = 0; i < catalog_.tables.size(); ++i) {
    MappedTable& out = schema_.tables[i];
    if (out.problem) continue;
    try {
      body(catalog_.tables[i], out);
    } catch (const Error& error) {
      out.problem = error;
    }
  }
}

void Mapper::name_tables() {
  schema_.tables.resize(catalog_.tables.size());
  std::set<QualifiedName> given;
  for (std::size_t i = 0; i < catalog_.tables.size(); ++i) {
    const auto target = options_.rules.target(source_name(catalog_.tables[i]));
    if (!target) continue;
    QualifiedName& name = schema_.tables[i].table.name;
    name = {target->schema.empty() ? options_.schema : target->schema, target->name};
    if (given.insert(name).second) names_[name.schema].claim(name.name);
  }
  for (std::size_t i = 0; i < catalog_.tables.size(); ++i) {
    const MysqlTable& source = catalog_.tables[i];
    Table& table = schema_.tables[i].table;
    if (table.name.name.empty()) {
      table.name = {options_.schema, shorten_name(folded(source.name))};
      if (!given.contains(table.name)) table.name.name = names(table).claim(folded(source.name));
      note_new_name(table, source.name, table.name.name, "table");
    }
    members_[table.name].push_back(i);
  }
}

void Mapper::reserve_taken_names() {
  for (const TakenName& taken : options_.target.taken)
    (taken.kind == TakenName::Kind::function ? functions_ : names_)[taken.name.schema].reserve(taken.name.name,
                                                                                               taken.owner);
}

void Mapper::find_shared_index_names() {
  std::map<QualifiedName, std::string> owners;
  for (std::size_t i = 0; i < catalog_.tables.size(); ++i) {
    const QualifiedName& table = schema_.tables[i].table.name;
    for (const MysqlIndex& index : catalog_.tables[i].indexes) {
      const auto [entry, added] = owners.try_emplace({table.schema, index.name}, table.name);
      if (!added && entry->second != table.name) shared_index_names_.insert(entry->first);
    }
  }
}

IndexNaming Mapper::index_naming(const Table& table) {
  return {names(table), options_.keep_index_names, [this, &table](const std::string& index) {
            return shared_index_names_.contains({table.name.schema, index});
          }};
}

void Mapper::unite(bool with_foreign_keys) {
  for (const auto& [target, members] : members_) {
    for (std::size_t i = 1; i < members.size(); ++i) unite(members, i, with_foreign_keys);
    const auto broken = std::find_if(members.begin(), members.end(), [&](std::size_t m) {
      return schema_.tables[m].problem && catalog_.tables[m].in_run;
    });
    if (members.size() < 2 || broken == members.end()) continue;
    // A target with the rows of some of them only would look complete.
    for (const std::size_t member : members)
      if (!schema_.tables[member].problem) schema_.tables[member].problem = schema_.tables[*broken].problem;
  }
}

void Mapper::unite(const std::vector<std::size_t>& members, std::size_t which, bool with_foreign_keys) {
  MappedTable& first = schema_.tables[members[0]];
  MappedTable& other = schema_.tables[members[which]];
  if (first.problem || other.problem) return;
  const std::string difference = definition_difference(first.table, other.table);
  if (!difference.empty()) {
    other.problem = disagreeing_tables(catalog_.tables[members[0]].name, catalog_.tables[members[which]].name,
                                       first.table.name.display(), difference);
    return;
  }
  other.table = as_sibling(first.table, other.table);
  if (with_foreign_keys) first.table.next_identity = std::max(first.table.next_identity, other.table.next_identity);
}

std::string Mapper::folded(std::string_view name) const {
  return options_.lower_case_names ? to_lower(name) : std::string(name);
}

void Mapper::note_new_name(Table& table, const std::string& from, const std::string& to, std::string_view what) {
  if (from.size() > kMaxNameBytes) table.notes.push_back(fmt::format("the {} {} is called {} here", what, from, to));
}

void Mapper::refuse_place(const Table& table) const {
  if (const TakenName* taken = options_.target.in_place_of(table.name); taken != nullptr)
    throw Error(
        ErrorKind::target,
        fmt::format("{} is on the target, but is {}", table.name.display(),
                    taken->kind == TakenName::Kind::type ? "a type, and a table has one of its name" : "not a table"))
        .hint("rename or drop it, or send the rows elsewhere with -s SCHEMA, [table_map] or a table-list line");
}

void Mapper::map_table(const MysqlTable& source, MappedTable& out) {
  if (source.problem) throw Error(*source.problem);
  Table& table = out.table;
  refuse_place(table);
  table.comment = source.comment;
  table.next_identity = source.auto_increment;
  if (source.hidden_foreign_keys)
    table.notes.push_back("its foreign keys are left out: the user of [src.mysql] may not see them; grant REFERENCES");
  if (source.system_versioned)
    table.notes.push_back("the rows are copied, their history (WITH SYSTEM VERSIONING) is not");
  refuse_equal_names(source);
  NameSet column_names;
  for (const MysqlColumn& column : source.columns) map_column(source, column, column_names, table);
  for (const auto& column : source.primary_key) table.primary_key.columns.push_back(target_of(source, table, column));
  if (!table.primary_key.columns.empty())
    table.primary_key.name = names(table).claim(table.name.name + "_pkey", table.name.name);
  name_helpers(table);
}

void Mapper::name_helpers(Table& table) {
  for (Column& column : table.columns) {
    if (column.touch && table.touch_function.empty())
      table.touch_function = functions_[table.name.schema].claim(table.name.name + "_touch", table.name.name);
    if (!column.identity) continue;
    const std::string usual = usual_name(table.name.name, column.name, "seq");
    const std::string name = names(table).claim(usual, table.name.name);
    if (name != usual) column.sequence_name = name;
  }
}

void Mapper::complete_table(const MysqlTable& source, MappedTable& out) {
  Table& table = out.table;
  map_expressions(source, table, options_.dialect, options_.generated_columns, out.doubts);
  map_indexes(source, table, options_.dialect, index_naming(table));
  note_equality(source, table);
  map_enum_checks(source, table);
  name_checks(table);
  if (source.partitioning && options_.partitions) {
    auto partitioning = map_partitioning(source, table, options_.dialect, names(table));
    table.partitioning = std::move(partitioning.value);
    for (auto& note : partitioning.notes) table.notes.push_back(std::move(note));
  }
  add_origin(source, out);
  refuse_unmakeable(table, source.name, options_);
  const std::string width = row_width_warning(table);
  if (!width.empty()) table.notes.push_back(width);
}

void Mapper::add_origin(const MysqlTable& source, MappedTable& out) {
  Table& table = out.table;
  out.origin = options_.rules.origin(source_name(source));
  if (!out.origin) return;
  if (table.find_column(out.origin->name) != nullptr) throw origin_column_taken(source.name, out.origin->name);
  add_origin_column(table, out.origin->name, members_[table.name].size() > 1);
}

std::string Mapper::target_of(const MysqlTable& source, const Table& table, const std::string& column) {
  for (std::size_t i = 0; i < source.columns.size(); ++i)
    if (source.columns[i].name == column) return table.columns[i].name;
  throw excluded_from_key(source.name, column);
}

std::string Mapper::wanted_name(const MysqlTable& source, const MysqlColumn& column) const {
  const auto given = options_.rules.column_name(source_name(source), column.name);
  return given ? *given : folded(column.name);
}

void Mapper::refuse_equal_names(const MysqlTable& source) const {
  for (const MysqlColumn& column : source.columns) {
    if (!options_.rules.column_name(source_name(source), column.name)) continue;
    for (const MysqlColumn& other : source.columns)
      if (&other != &column && wanted_name(source, other) == wanted_name(source, column))
        throw same_new_name(source.name, column.name, other.name, wanted_name(source, column));
  }
}

PgType Mapper::column_type(const MysqlTable& source, const MysqlColumn& column) {
  auto type = map_column_type(column.type, source.name, column.name, options_.dialect, options_.type_rules);
  if (!type) throw unsupported(source.name, column.name, column.type);
  // An identity column is a bigint at most; what refers to it must be the same.
  if (column.type.kind == MysqlKind::bigint && column.type.is_unsigned && type->kind == PgKind::numeric &&
      groups_.has_auto_increment(source.name, column.name))
    return {PgKind::int8};
  return *type;
}

void Mapper::map_column(const MysqlTable& source, const MysqlColumn& column, NameSet& column_names, Table& table) {
  Column out;
  out.name = column_names.claim(wanted_name(source, column));
  if (out.name != wanted_name(source, column)) note_new_name(table, column.name, out.name, "column");
  out.type = with_schema(column_type(source, column), options_.target);
  if (out.type.kind == PgKind::enumeration && column.type.labels_unclear) out.type = {PgKind::text};
  if (column.type.kind == MysqlKind::enumeration && column.type.labels_unclear)
    table.notes.push_back(
        fmt::format("column {}: the list of its labels is left out: the server does not tell all of their "
                    "characters, and it shows {}",
                    out.name, column.type.text));
  if (out.type.kind == PgKind::enumeration) {
    out.type.name = quote_name(
        {table.name.schema, names(table).claim(table.name.name + "_" + out.name + "_enum", table.name.name)});
    out.type.labels = column.type.labels;
  }
  out.nullable = column.nullable;
  out.comment = column.comment;
  out.source_equality = equality_of(column.type);
  const auto& labels = column.type.labels;
  out.two_empty_values = is_label_kind(column.type.kind) && std::find(labels.begin(), labels.end(), "") != labels.end();
  const bool integer = out.type.kind == PgKind::int2 || out.type.kind == PgKind::int4 || out.type.kind == PgKind::int8;
  out.identity = column.auto_increment && integer;
  if (column.auto_increment && !integer)
    table.notes.push_back(
        fmt::format("column {}: AUTO_INCREMENT was left out, since only integers can be identity columns", out.name));
  const MappedDefault mapped = map_default(column, out.type, options_.zero_date);
  out.default_sql = mapped.sql;
  out.note = mapped.note;
  if (is_date_kind(out.type.kind) && options_.zero_date == ZeroDatePolicy::null_value && !out.nullable) {
    // A zero date will be NULL here, so NOT NULL has to wait until it is
    // known that there is none, and goes when the default is one.
    out.not_null_after_load = !mapped.zero_date;
    out.nullable = true;
    if (mapped.zero_date) out.note += "; NOT NULL was left out with it";
  }
  if (column.row_bound != MysqlColumn::RowBound::none) {
    // Here nothing fills it.
    out.nullable = true;
    out.not_null_after_load = false;
    out.note = fmt::format("the source's ROW {} of system versioning; NOT NULL was left out with it",
                           column.row_bound == MysqlColumn::RowBound::start ? "START" : "END");
  }
  if (column.on_update_timestamp) {
    out.touch = options_.touch_triggers;
    if (!out.touch)
      table.notes.push_back(fmt::format(
          "column {}: ON UPDATE CURRENT_TIMESTAMP was left out (on_update_timestamp = trigger keeps it)", out.name));
  }
  table.columns.push_back(std::move(out));
}

void Mapper::map_enum_checks(const MysqlTable& source, Table& table) {
  for (std::size_t i = 0; i < source.columns.size(); ++i) {
    const MysqlType& type = source.columns[i].type;
    const Column& column = table.columns[i];
    const bool text = column.type.kind == PgKind::text || column.type.kind == PgKind::varchar;
    if (type.kind != MysqlKind::enumeration || !text || type.labels.empty() || type.labels_unclear) continue;
    auto labels = type.labels;
    if (std::find(labels.begin(), labels.end(), "") == labels.end()) labels.emplace_back();
    table.checks.push_back({table.name.name + "_" + column.name + "_check",
                            fmt::format("{} IN ({})", quote_identifier(column.name), literal_list(labels))});
  }
}

void Mapper::name_checks(Table& table) {
  NameSet names = constraint_names(table, false);
  for (CheckConstraint& check : table.checks) check.name = names.claim(check.name);
}

void Mapper::note_equality(const std::string& key, const std::vector<std::string>& columns, Table& table) {
  SourceEquality equality;
  for (const Column& column : table.columns) {
    if (std::find(columns.begin(), columns.end(), column.name) == columns.end() || is_citext(column.type)) continue;
    equality.without_case = equality.without_case || column.source_equality.without_case;
  }
  if (equality.without_case)
    table.notes.push_back(
        fmt::format("{} ({}): compares without case on the source and with case here", key, join(columns, ", ")));
}

void Mapper::note_equality(const MysqlTable& source, Table& table) {
  note_equality("primary key", table.primary_key.columns, table);
  for (const MysqlIndex& index : source.indexes) {
    if (!index.unique) continue;
    std::vector<std::string> columns;
    for (const MysqlIndexPart& part : index.parts)
      for (std::size_t i = 0; i < source.columns.size(); ++i)
        if (source.columns[i].name == part.column) columns.push_back(table.columns[i].name);
    note_equality("key " + index.name, columns, table);
  }
}

void Mapper::note_comments() {
  constexpr std::size_t kMostNames = 10;
  std::vector<std::string> names;
  for (const MysqlTable& table : catalog_.tables) {
    if (may_have_lost(table.comment)) names.push_back(table.name);
    for (const MysqlColumn& column : table.columns)
      if (may_have_lost(column.comment)) names.push_back(table.name + "." + column.name);
  }
  if (names.empty()) return;
  const std::size_t more = names.size() - std::min(names.size(), kMostNames);
  names.resize(names.size() - more);
  schema_.notes.push_back(fmt::format(
      "a ? in a comment may be an emoji, or another character of four bytes, that the source does not tell: {}{}",
      join(names, ", "), more > 0 ? fmt::format(" and {} more", more) : ""));
}

}  // namespace

std::span<const TakenName> TargetFacts::named(const QualifiedName& name) const {
  const auto first =
      std::lower_bound(taken.begin(), taken.end(), name,
                       [](const TakenName& one, const QualifiedName& wanted) { return one.name < wanted; });
  auto last = first;
  while (last != taken.end() && last->name == name) ++last;
  return {first, last};
}

bool TargetFacts::has_table(const QualifiedName& name) const {
  const auto found = named(name);
  return std::any_of(found.begin(), found.end(),
                     [](const TakenName& one) { return one.kind == TakenName::Kind::table; });
}

const TakenName* TargetFacts::in_place_of(const QualifiedName& name) const {
  for (const TakenName& one : named(name))
    if (one.kind == TakenName::Kind::relation || one.kind == TakenName::Kind::type) return &one;
  return nullptr;
}

const MappedTable* MappedSchema::find(const MysqlCatalog& catalog, std::string_view source_table) const {
  const MysqlTable* table = catalog.find_table(source_table);
  return table == nullptr ? nullptr : &tables.at(static_cast<std::size_t>(table - catalog.tables.data()));
}

MappedSchema map_schema(const MysqlCatalog& catalog, const MapOptions& options) {
  return Mapper(catalog, options).map();
}

std::string target_name(std::string_view name, const MapOptions& options) {
  return shorten_name(options.lower_case_names ? to_lower(name) : std::string(name));
}

Table map_result(const QualifiedName& target, const std::vector<ResultColumn>& columns, const MysqlCatalog& catalog,
                 const MapOptions& options) {
  Table out;
  out.name = target;
  std::set<std::string> names;
  const auto types = result_types(columns, catalog);
  for (std::size_t i = 0; i < columns.size(); ++i) {
    const ResultColumn& column = columns[i];
    const MysqlColumn* origin = origin_of(column, catalog);
    const auto type =
        map_column_type(types[i], origin != nullptr ? column.table : std::string(),
                        origin != nullptr ? origin->name : column.name, options.dialect, options.type_rules);
    if (!type) throw unsupported(target.display(), column.name, types[i]);
    Column& mapped = out.columns.emplace_back();
    mapped.name = target_name(column.name, options);
    if (!names.insert(mapped.name).second)
      throw Error(ErrorKind::source,
                  fmt::format("table {}: the query's result has two columns named {}", target.display(), column.name))
          .hint("give one of them another name: select a.x, b.x as x2 from …");
    mapped.type = with_schema(*type, options.target);
    if (mapped.type.kind == PgKind::enumeration) mapped.type = {PgKind::text};
    // An outer join can make a NOT NULL column NULL; the result's flag knows.
    mapped.nullable = !column.not_null || (origin != nullptr && origin->nullable);
    if (is_date_kind(mapped.type.kind) && options.zero_date == ZeroDatePolicy::null_value && !mapped.nullable) {
      mapped.nullable = true;
      mapped.not_null_after_load = true;
    }
    if (origin != nullptr) mapped.comment = origin->comment;
  }
  refuse_unmakeable(out, target.name, options);
  return out;
}

}  // namespace dbsync
