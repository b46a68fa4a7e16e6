#include "pgsql2pgsql/schema/definition_segments.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"
#include "pgsql2pgsql/schema/definition_set.h"
#include "schema/quote.h"

namespace dbsync {

namespace {

// ------------------------------------------------------------------ distribution

// Why the target cannot hash a column by this class; "" = it can.
std::string class_obstacle(const QualifiedName& name, const Column& column, const PgColumn& from,
                           const Dialect& dialect) {
  if (name.schema != "pg_catalog") return "it is not made there";
  if (dialect.family == ServerFamily::greenplum && dialect.major < 6) return dialect_name(dialect) + " has none there";
  return type_sql(column.type) == type_sql(from.type) ? std::string() : "it is of another type";
}

std::vector<std::string> operator_classes(const SegmentTable& place, const PgRelation& relation, const Dialect& dialect,
                                          Table& table) {
  const std::vector<std::string>& keys = place.distribution->columns;
  std::vector<std::string> out(keys.size());
  for (std::size_t i = 0; i < keys.size() && i < place.operator_classes.size(); ++i) {
    const QualifiedName& name = place.operator_classes[i];
    if (name.name.empty()) continue;
    const PgColumn& from = *relation.find_column(keys[i]);
    const std::string obstacle = class_obstacle(name, *table.find_column(from.target_name()), from, dialect);
    if (obstacle.empty())
      out[i] = quote_identifier(name.name);
    else
      table.notes.push_back(fmt::format("it is distributed by {} without the operator class {}: {}", from.target_name(),
                                        name.display(), obstacle));
  }
  const bool none = std::all_of(out.begin(), out.end(), [](const std::string& name) { return name.empty(); });
  return none ? std::vector<std::string>() : out;
}

void define_distribution(const SegmentTable& place, const PgRelation& relation, const Dialect& dialect, Table& table) {
  const auto columns = target_names(relation, place.distribution->columns);
  if (columns)
    table.distribution =
        Distribution{place.distribution->kind, *columns, operator_classes(place, relation, dialect, table)};
  else
    table.notes.emplace_back("it is distributed in another way: a column of the key is not copied");
}

// ----------------------------------------------------------------------- storage

// 7 has no quicklz; every server has zlib.
bool replace_quicklz(std::string& options) {
  constexpr std::string_view kOld = "compresstype=quicklz";
  const std::size_t at = to_lower(options).find(kOld);
  if (at == std::string::npos) return false;
  options.replace(at, kOld.size(), "compresstype=zlib");
  return true;
}

bool fit_compression(Storage& storage, const Dialect& dialect) {
  if (!dialect.declarative_partitions) return false;
  bool changed = replace_quicklz(storage.options_sql);
  for (ColumnEncoding& encoding : storage.encodings) changed = replace_quicklz(encoding.options_sql) || changed;
  return changed;
}

bool fit_partitions(std::vector<Partition>& partitions, const Dialect& dialect) {
  bool changed = false;
  for (Partition& partition : partitions) {
    changed = fit_compression(partition.storage, dialect) || changed;
    changed = fit_partitions(partition.parts, dialect) || changed;
  }
  return changed;
}

// Partitions are as their table, so far as we can tell a server of columns.
void note_own_encodings(std::vector<Partition>& partitions, const std::vector<ColumnEncoding>& of_table, Table& table) {
  for (Partition& partition : partitions) {
    note_own_encodings(partition.parts, of_table, table);
    if (partition.parts.empty() && partition.storage.encodings != of_table)
      table.notes.push_back(
          fmt::format("the ENCODING of the columns of its partition {} was left out", partition.name));
    partition.storage.encodings.clear();
  }
}

void define_storage(const SegmentTable& place, const PgRelation& relation, const Dialect& dialect, Table& table) {
  table.storage = place.storage;
  table.storage.encodings.clear();
  for (const ColumnEncoding& encoding : place.storage.encodings)
    if (const PgColumn* column = relation.find_column(encoding.column))
      table.storage.encodings.push_back({column->target_name(), encoding.options_sql});
  bool changed = fit_compression(table.storage, dialect);
  if (table.partitioning) {
    note_own_encodings(table.partitioning->partitions, place.storage.encodings, table);
    changed = fit_partitions(table.partitioning->partitions, dialect) || changed;
  }
  if (changed) table.notes.push_back(fmt::format("quicklz, which {} has not, became zlib", dialect_name(dialect)));
}

// -------------------------------------------------------------------- partitions

// The server's clauses name columns as the source has them.
bool names_other_columns(const std::string& clause, const PgRelation& relation) {
  const bool renamed = std::any_of(relation.columns.begin(), relation.columns.end(),
                                   [](const PgColumn& column) { return !column.new_name.empty(); });
  return (renamed || !relation.excluded.empty()) && clause.find(" ENCODING ") != std::string::npos;
}

void define_classic_partitions(const SegmentTable& place, const PgRelation& relation, const Dialect& dialect,
                               Table& table) {
  if (place.partition_clause.empty()) return;
  const auto columns = target_names(relation, place.partition_columns);
  const bool as_they_are =
      columns && *columns == place.partition_columns && !names_other_columns(place.partition_clause, relation);
  std::string clause(trim(place.partition_clause));
  if (!dialect.distributed || !as_they_are) {
    table.notes.emplace_back(kPartitionsLeftOut);
    return;
  }
  table.partitioning =
      Partitioning{.method = {}, .columns = *columns, .partitions = {}, .classic_clause_sql = std::move(clause)};
}

// --------------------------------------------------------------------- templates

// Behind a name, quoted or not, with its schema or without.
std::string_view behind_name(std::string_view text) {
  std::size_t at = 0;
  bool quoted = false;
  for (; at < text.size() && (quoted || (text[at] != ' ' && text[at] != '\n')); ++at)
    if (text[at] == '"') quoted = !quoted;
  return text.substr(at);
}

// The table whose template decides over the partitions of `level`: the first one above them.
// Nothing where not all of that level have parts, which the server wants.
std::optional<QualifiedName> owner_of_level(const Table& table, int level) {
  QualifiedName owner = table.name;
  const std::vector<Partition>* partitions = &table.partitioning->partitions;
  for (int above = 1; above < level; ++above) {
    if (partitions->empty()) return std::nullopt;
    owner = {table.name.schema, partitions->front().name};
    partitions = &partitions->front().parts;
  }
  const bool parted = !partitions->empty() && std::all_of(partitions->begin(), partitions->end(),
                                                          [](const Partition& p) { return !p.parts.empty(); });
  return parted ? std::optional(owner) : std::nullopt;
}

// Empty, with the reason, when they cannot be said to the target.
std::vector<std::string> statements_for(const std::vector<PartitionTemplate>& templates, const Dialect& dialect,
                                        const Table& table, std::string& reason) {
  std::vector<std::string> out;
  for (const PartitionTemplate& one : templates) {
    const auto owner = one.level == 0 ? std::optional(table.name) : owner_of_level(table, one.level);
    if (one.text.empty())
      reason = "the source cannot show it";
    else if (one.level == 0)
      out = template_statements(one.text, table.name);
    else if (one.level > 1 && !dialect.declarative_partitions)
      reason = dialect_name(dialect) + " tells those of deeper levels in another way";
    else if (!owner)
      reason = "its partitions are not alike";
    else
      out.push_back(fmt::format("ALTER TABLE {} SET {}", quote_name(*owner), one.text));
  }
  for (const std::string& statement : out)
    if (dialect.declarative_partitions && statement.find("(RANK(") != std::string::npos)
      reason = dialect_name(dialect) + " does not find partitions by rank";
  // A level's template needs those of the levels below.
  return reason.empty() ? out : std::vector<std::string>();
}

void define_templates(const SegmentTable& place, const PgRelation& relation, const Dialect& dialect, Table& table) {
  if (place.templates.empty() || !table.partitioning || !dialect.distributed) return;
  std::string reason;
  for (const PartitionTemplate& one : place.templates)
    if (names_other_columns(one.text, relation)) reason = "it names columns that are not as on the source";
  std::vector<std::string> statements = statements_for(place.templates, dialect, table, reason);
  if (!reason.empty()) table.notes.push_back(fmt::format("its SUBPARTITION TEMPLATE was left out: {}", reason));
  table.partitioning->template_statements = std::move(statements);
}

}  // namespace

void define_place(const SegmentTable& place, const PgRelation& relation, const Dialect& dialect, Table& table) {
  if (dialect.distributed) {
    define_storage(place, relation, dialect, table);
    define_distribution(place, relation, dialect, table);
  }
  define_classic_partitions(place, relation, dialect, table);
  define_templates(place, relation, dialect, table);
}

std::vector<std::string> template_statements(const std::string& text, const QualifiedName& target) {
  constexpr std::string_view kBegin = "ALTER TABLE ";
  std::vector<std::string> out;
  for (std::size_t at = text.find(kBegin); at != std::string::npos;) {
    const std::size_t begin = at + kBegin.size();
    // One ends where a line begins with the next, or with the text.
    const std::size_t next = text.find("\n" + std::string(kBegin), begin);
    std::string_view rest = trim(behind_name(std::string_view(text).substr(begin, next - begin)));
    if (rest.ends_with(';')) rest = trim(rest.substr(0, rest.size() - 1));
    out.push_back(fmt::format("{}{} {}", kBegin, quote_name(target), rest));
    at = next == std::string::npos ? next : next + 1;
  }
  return out;
}

}  // namespace dbsync
