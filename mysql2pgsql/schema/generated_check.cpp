#include "mysql2pgsql/schema/generated_check.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string_view>

#include <fmt/format.h>

#include "base/log.h"
#include "base/text.h"
#include "mysql2pgsql/expression/expression_lexer.h"
#include "pg/catalog.h"

namespace dbsync {

namespace {

constexpr unsigned kMostSeconds = 60;

// One question: whether any row is as `predicate` says.
struct Question {
  std::size_t column = 0;  // of the table
  std::string predicate;   // "" = it cannot be asked
  std::string because;     // of a row
};

std::string utf8_bytes(const std::string& value) {
  return fmt::format("CAST(CONVERT({} USING utf8mb4) AS BINARY)", value);
}

// Rows whose value is not what the expression gives, before it is cut to the type.
std::string differs_sql(const MysqlColumn& column) {
  const std::string name = MysqlConnection::identifier(column.name);
  const std::string value = "(" + plain_expression(column.generation_expression) + ")";
  const MysqlType& type = column.type;
  if (is_integer_kind(type.kind) || type.kind == MysqlKind::decimal)
    return fmt::format("NOT ({} <=> ROUND({}, {}))", name, value, type.kind == MysqlKind::decimal ? type.scale : 0);
  if (type.kind == MysqlKind::character)
    return fmt::format("NOT ({} <=> {})", utf8_bytes(name), utf8_bytes("TRIM(TRAILING ' ' FROM " + value + ")"));
  if (is_character_kind(type.kind)) return fmt::format("NOT ({} <=> {})", utf8_bytes(name), utf8_bytes(value));
  const bool bytes = type.kind == MysqlKind::varbinary || type.kind == MysqlKind::blob;
  const bool date =
      type.kind == MysqlKind::date || type.kind == MysqlKind::datetime || type.kind == MysqlKind::timestamp;
  return bytes || date ? fmt::format("NOT ({} <=> {})", name, value) : std::string();
}

std::string is_no_usual_date_sql(const std::string& column) {
  const std::string name = MysqlConnection::identifier(column);
  return fmt::format(
      "{0} IS NOT NULL AND (YEAR({0}) = 0 OR MONTH({0}) = 0 OR DAY({0}) = 0 OR LAST_DAY({0}) IS NULL OR "
      "DAY({0}) > DAY(LAST_DAY({0})))",
      name);
}

std::string is_beyond_ascii_sql(const std::string& column) {
  const std::string name = MysqlConnection::identifier(column);
  return fmt::format("LENGTH(CONVERT({0} USING utf8mb4)) <> CHAR_LENGTH({0})", name);
}

std::vector<Question> questions(const MysqlTable& source, const std::vector<DoubtfulColumn>& doubts) {
  std::vector<Question> out;
  for (const auto& [column, doubt] : doubts) {
    if (doubt.leaves_type)
      out.push_back({column, differs_sql(source.columns[column]),
                     "rows hold other values than it gives, as when they do not fit the type"});
    for (const std::string& date : doubt.dates)
      out.push_back(
          {column, is_no_usual_date_sql(date), fmt::format("{} has zero dates, or such of the year 0", date)});
    for (const std::string& text : doubt.letters)
      out.push_back(
          {column, is_beyond_ascii_sql(text),
           fmt::format("{} has letters beyond ASCII, whose upper and lower case depend on the target's locale", text)});
  }
  return out;
}

class TableCheck {
 public:
  TableCheck(MysqlConnection& connection, const MysqlTable& source) : connection_(connection), source_(source) {}

  // By column, why it cannot be generated.
  std::map<std::size_t, std::string> run(const std::vector<DoubtfulColumn>& doubts) {
    std::vector<Question> open = questions(source_, doubts);
    std::map<std::size_t, std::string> out;
    std::erase_if(open, [&](const Question& question) {
      if (question.predicate.empty()) out.emplace(question.column, kUnknown);
      return question.predicate.empty();
    });
    if (open.empty()) return out;
    log::info("main", fmt::format("{}: asking the source whether its generated columns are what their expressions give",
                                  source_.name));
    auto answers = ask(open);
    for (std::size_t i = 0; i < open.size(); ++i) {
      // An expression that cannot be asked about must not hide the others.
      const auto answer = answers ? std::optional<bool>((*answers)[i]) : alone(open[i]);
      if (!answer) out.emplace(open[i].column, kUnknown);
      if (answer && *answer) out.emplace(open[i].column, open[i].because);
    }
    return out;
  }

 private:
  static constexpr char kUnknown[] = "the source did not tell whether its rows hold what PostgreSQL would compute";

  // Which of the questions are true for a row; nothing when the source did not answer.
  std::optional<std::vector<bool>> ask(const std::vector<Question>& questions) {
    std::vector<std::string> list;
    for (const Question& question : questions) list.push_back("MAX(" + question.predicate + ")");
    const std::string rows = fmt::format("{} FROM {}", join(list, ", "), MysqlConnection::identifier(source_.name));
    try {
      const auto result =
          connection_.query(connection_.is_mariadb()
                                ? fmt::format("SET STATEMENT max_statement_time = {} FOR SELECT {}", kMostSeconds, rows)
                                : fmt::format("SELECT /*+ MAX_EXECUTION_TIME({}000) */ {}", kMostSeconds, rows));
      std::vector<bool> out;
      for (const auto& value : result.at(0)) out.push_back(value == "1");
      return out;
    } catch (const Error& error) {
      if (error.connection_lost()) throw;
      timed_out_ = timed_out_ || error.native_code() == 1969 || error.native_code() == 3024;
      log::debug("main", fmt::format("{}: {}", source_.name, error.what()));
      return std::nullopt;
    }
  }

  std::optional<bool> alone(const Question& question) {
    if (timed_out_) return std::nullopt;
    const auto answer = ask({question});
    return answer ? std::optional<bool>(answer->front()) : std::nullopt;
  }

  MysqlConnection& connection_;
  const MysqlTable& source_;
  bool timed_out_ = false;
};

std::set<QualifiedName> wanted_targets(const MysqlCatalog& catalog, const std::vector<TableListEntry>& list,
                                       const MappedSchema& schema, PgConnection* target) {
  std::set<QualifiedName> out;
  std::set<QualifiedName> doubtful;
  std::set<std::string_view> listed;
  for (const TableListEntry& entry : list)
    if (entry.query.empty()) listed.insert(entry.table);
  for (std::size_t i = 0; i < schema.tables.size(); ++i) {
    if (list.empty() || listed.contains(catalog.tables[i].name)) out.insert(schema.tables[i].table.name);
    if (!schema.tables[i].doubts.empty()) doubtful.insert(schema.tables[i].table.name);
  }
  if (target != nullptr && !doubtful.empty())
    for (const auto& [name, table] : find_relations(*target, doubtful)) out.erase(name);
  return out;
}

}  // namespace

void check_generated_columns(MysqlConnection& connection, const MysqlCatalog& catalog,
                             const std::vector<TableListEntry>& list, MappedSchema& schema, PgConnection* target) {
  // By target: tables that share one share its definition, whichever of them are copied now.
  const std::set<QualifiedName> wanted = wanted_targets(catalog, list, schema, target);
  std::map<QualifiedName, std::map<std::string, std::string>> ordinary;
  for (std::size_t i = 0; i < schema.tables.size(); ++i) {
    const MappedTable& mapped = schema.tables[i];
    const MysqlTable& source = catalog.tables[i];
    if (mapped.problem || mapped.doubts.empty() || !wanted.contains(mapped.table.name)) continue;
    for (const auto& [column, reason] : TableCheck(connection, source).run(mapped.doubts))
      ordinary[mapped.table.name].emplace(mapped.table.columns[column].name, reason);
  }
  for (std::size_t i = 0; i < schema.tables.size(); ++i) {
    Table& table = schema.tables[i].table;
    const auto found = ordinary.find(table.name);
    if (found == ordinary.end()) continue;
    for (const auto& [name, reason] : found->second)
      for (std::size_t c = 0; c < catalog.tables[i].columns.size(); ++c)
        if (table.columns[c].name == name) make_ordinary(catalog.tables[i].columns[c], table.columns[c], table, reason);
  }
}

}  // namespace dbsync
