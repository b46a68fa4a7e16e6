#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include <fmt/format.h>

#include "base/text.h"
#include "check/column_fit.h"
#include "check/load_rights.h"
#include "check/target_check.h"
#include "embedded_sql.h"
#include "pg/catalog.h"
#include "pg/prefetch.h"
#include "pg/relation_questions.h"
#include "pg/table_errors.h"
#include "pg/together.h"
#include "schema/quote.h"
#include "schema/table_limits.h"

namespace dbsync {

namespace {

constexpr std::size_t kTablesPerQuery = 100;  // of those that are looked into
constexpr std::size_t kMostAhead = 1000;      // of more, the answers are not to be held
constexpr auto kTable = CheckFinding::Reach::table;
// Those of the tables, by number, where policies are at work: COPY FROM is refused there.
// Greenplum 6 has none.
constexpr char kRowSecurity[] =
    "SELECT w.n FROM (SELECT pg_catalog.generate_subscripts($1::text[], 1) AS n, pg_catalog.unnest($1::text[]) AS "
    "schema, pg_catalog.unnest($2::text[]) AS name) w JOIN pg_catalog.pg_namespace n ON n.nspname = w.schema JOIN "
    "pg_catalog.pg_class c ON c.relnamespace = n.oid AND c.relname = w.name WHERE c.relrowsecurity AND "
    "pg_catalog.row_security_active(c.oid)";

struct TableFacts {
  std::uint32_t oid = 0;
  bool is_table = false;
  bool may_enter = false;
  bool may_insert = false;
  bool may_select = false;
  bool may_select_all = false;  // not only some columns
  bool may_truncate = false;
  bool plain = false;
  bool row_security = false;
  std::vector<TargetColumn> columns = {};
};

class TableChecker {
 public:
  TableChecker(const TargetCheck& check, const std::vector<CheckedTable>& tables, CheckFindings& findings)
      : check_(check), tables_(tables), findings_(findings), facts_(tables.size()) {}

  void run();

 private:
  static std::string subject(const CopyTask& task) { return "target table " + one_line(task.target.display()); }

  void fail(std::size_t index, ErrorKind kind, std::string message, std::string remedy);
  void warn(std::size_t index, std::string message, std::string remedy);
  std::set<QualifiedName> names() const;
  std::vector<PgQuery> questions_of_rights() const;
  std::vector<PgQuery> questions() const;
  void read_tables();
  void read_columns();

  // gp_read_error_log wants SELECT on the table; on some of its columns is not enough.
  bool reads_log() const { return check_.job.reject_limit > 0 && check_.dialect.segment_rejects; }

  // Where tables are to be made.
  void check_schemas();
  void check_table(std::size_t index);
  void check_width(std::size_t index);
  void check_missing(std::size_t index);
  void check_privileges(std::size_t index);
  void check_column(std::size_t index, const CheckedColumn& column);

  // Labels of the source's ENUM that the target's enum type lacks.
  void check_labels(std::size_t index, const CheckedColumn& column, const TargetColumn& there);

  // A column that the rows do not name gets its default; without one, NOT NULL refuses
  // every row: triggers, which could fill it, do not fire during a load.
  void check_required(std::size_t index);

  // Rows in tables that are to be empty. A resumed run takes its own tables up.
  bool must_be_empty(std::size_t index) const;
  void check_rows();
  void check_rows(const std::vector<std::size_t>& batch);

  const TargetCheck& check_;
  const std::vector<CheckedTable>& tables_;
  CheckFindings& findings_;
  std::vector<TableFacts> facts_;
  std::map<std::uint32_t, std::vector<std::size_t>> by_oid_;
  std::set<std::size_t> failed_;
};

void TableChecker::run() {
  if (!tables_.empty()) {
    std::optional<PgPrefetch> ahead;
    if (tables_.size() <= kMostAhead) ahead.emplace(check_.target, questions());
    read_tables();
    read_columns();
  }
  check_schemas();
  for (std::size_t i = 0; i < tables_.size(); ++i) check_table(i);
  if (check_.depth == CheckDepth::thorough) check_rows();
  if (tables_.empty())
    findings_.warning("target tables", "there is nothing to copy", "check db, -l and the patterns");
  else
    findings_.passed("target tables",
                     fmt::format("{} of {} can be loaded", tables_.size() - failed_.size(), tables_.size()));
}

void TableChecker::fail(std::size_t index, ErrorKind kind, std::string message, std::string remedy) {
  failed_.insert(index);
  findings_.failed(kind, subject(*tables_[index].task), std::move(message), std::move(remedy), kTable);
}

void TableChecker::warn(std::size_t index, std::string message, std::string remedy) {
  findings_.warning(subject(*tables_[index].task), std::move(message), std::move(remedy), kTable);
}

std::set<QualifiedName> TableChecker::names() const {
  std::set<QualifiedName> out;
  for (const CheckedTable& table : tables_) out.insert(table.task->target);
  return out;
}

// Rights and policies by the numbers of the tables.
std::vector<PgQuery> TableChecker::questions_of_rights() const {
  std::vector<std::string> schemas;
  std::vector<std::string> tables;
  for (const CheckedTable& table : tables_) {
    schemas.push_back(table.task->target.schema);
    tables.push_back(table.task->target.name);
  }
  const std::vector<std::optional<std::string>> wanted{array_text(schemas), array_text(tables)};
  std::vector<PgQuery> out{{sql::check_tables, wanted}};
  if (!check_.dialect.distributed) out.push_back({kRowSecurity, wanted});
  return out;
}

std::vector<PgQuery> TableChecker::questions() const {
  std::vector<PgQuery> out = questions_of_rights();
  out.push_back(question_of_relations(names()));
  return out;
}

void TableChecker::read_tables() {
  const auto answers = ask_together(check_.target, questions_of_rights());
  const PgResult& rows = answers[0];
  for (int row = 0; row < rows.rows(); ++row) {
    TableFacts& facts = facts_.at(static_cast<std::size_t>(rows.integer(row, 0) - 1));
    facts = {.oid = static_cast<std::uint32_t>(rows.integer(row, 1)),
             .is_table = rows.boolean(row, 2),
             .may_enter = rows.boolean(row, 3),
             .may_insert = rows.boolean(row, 4),
             .may_select = rows.boolean(row, 5),
             .may_select_all = rows.boolean(row, 6),
             .may_truncate = rows.boolean(row, 7),
             .plain = rows.boolean(row, 8),
             .row_security = false};
    by_oid_[facts.oid].push_back(static_cast<std::size_t>(rows.integer(row, 0) - 1));
  }
  for (std::size_t i = 1; i < answers.size(); ++i)
    for (int row = 0; row < answers[i].rows(); ++row)
      facts_.at(static_cast<std::size_t>(answers[i].integer(row, 0) - 1)).row_security = true;
}

void TableChecker::read_columns() {
  const auto relations = find_relations(check_.target, names());
  for (const auto& [oid, indexes] : by_oid_)
    for (const std::size_t index : indexes)
      if (const auto found = relations.find(tables_[index].task->target); found != relations.end())
        facts_[index].columns = found->second.columns;
}

void TableChecker::check_schemas() {
  std::set<std::string> schemas;
  for (std::size_t i = 0; i < tables_.size(); ++i)
    if (check_.job.create && facts_[i].oid == 0) schemas.insert(tables_[i].task->target.schema);
  schemas.erase("");
  if (schemas.empty()) return;
  const PgResult rows = check_.target.exec(
      "SELECT n, s.oid, CASE WHEN s.oid IS NULL THEN "
      "pg_catalog.has_database_privilege(pg_catalog.current_database(), 'CREATE') "
      "ELSE pg_catalog.has_schema_privilege(s.oid, 'CREATE') END, current_user, pg_catalog.current_database() "
      "FROM pg_catalog.unnest($1::text[]) AS n LEFT JOIN pg_catalog.pg_namespace s ON s.nspname = n ORDER BY n",
      {array_text({schemas.begin(), schemas.end()})});
  for (int row = 0; row < rows.rows(); ++row) {
    if (rows.boolean(row, 2)) continue;
    const std::string schema = rows.text(row, 0);
    const bool missing = rows.is_null(row, 1);
    findings_.failed(
        ErrorKind::target, "target schema " + one_line(schema),
        missing ? "it is not there, and the role may not create it" : "the role may not create tables in it",
        fmt::format("GRANT CREATE ON {} TO {}",
                    missing ? "DATABASE " + quote_identifier(rows.value(row, 4)) : "SCHEMA " + quote_identifier(schema),
                    quote_identifier(rows.value(row, 3))));
  }
}

void TableChecker::check_table(std::size_t index) {
  const CheckedTable& table = tables_[index];
  const CopyTask& task = *table.task;
  const TableFacts& facts = facts_[index];
  if (task.problem) {
    failed_.insert(index);
    return findings_.failed("table " + one_line(task.name), *task.problem, kTable);
  }
  check_width(index);
  if (facts.oid == 0) return check_missing(index);
  if (!facts.is_table)
    return fail(index, ErrorKind::target, "it is on the target, but is not a table", kOtherPlaceHint);
  check_privileges(index);
  for (const CheckedColumn& column : table.columns) check_column(index, column);
  check_required(index);
}

void TableChecker::check_width(std::size_t index) {
  Table table;
  for (const CheckedColumn& column : tables_[index].columns) {
    Column& one = table.columns.emplace_back();
    one.type = column.type;
  }
  const std::string width = row_width_warning(table);
  if (!width.empty())
    warn(index, width,
         "leave columns out with [exclude_columns], or spread them over two tables with two table-list queries");
}

void TableChecker::check_missing(std::size_t index) {
  if (check_.job.create) return;
  const CopyTask& task = *tables_[index].task;
  fail(index, ErrorKind::target, "the target has no such table",
       check_.depth == CheckDepth::thorough ? missing_table_hint(check_.target, task.target) : kCreateHint);
}

void TableChecker::check_privileges(std::size_t index) {
  const TableFacts& facts = facts_[index];
  const QualifiedName& name = tables_[index].task->target;
  const bool truncate = check_.job.mode == LoadMode::truncate || check_.job.start == StartMode::restart;
  const bool whole = tables_[index].task->query.empty();
  const bool look = whole && check_.job.mode == LoadMode::refuse;  // whether it is empty
  std::vector<std::string> missing;
  if (!facts.may_insert) missing.emplace_back("INSERT");
  if (whole && truncate && !facts.may_truncate) missing.emplace_back("TRUNCATE");
  if ((look && !facts.may_select) || (reads_log() && !facts.may_select_all)) missing.emplace_back("SELECT");
  if (!facts.may_enter)
    fail(index, ErrorKind::target, "the role may not use the schema " + name.schema,
         fmt::format("GRANT USAGE ON SCHEMA {} TO the role of [desc.pgsql]", quote_identifier(name.schema)));
  if (!missing.empty())
    fail(index, ErrorKind::target, fmt::format("the role lacks {}", join(missing, ", ")),
         fmt::format("GRANT {} ON {} TO the role of [desc.pgsql]", join(missing, ", "), quote_name(name)));
  if (facts.row_security)
    fail(index, ErrorKind::target, "row-level security is at work, and COPY cannot write through it",
         "copy as the table's owner or a role with BYPASSRLS, or ALTER TABLE … DISABLE ROW LEVEL SECURITY for the "
         "load");
}

void TableChecker::check_column(std::size_t index, const CheckedColumn& column) {
  TargetTable there{tables_[index].task->target, facts_[index].columns};
  const TargetColumn* found = nullptr;
  try {
    found = &required_column(there, column.name, there.name.display());
  } catch (const Error& error) {
    return fail(index, error.kind(), error.message(), error.hint());
  }
  const std::string pair = fmt::format("column {} is {}, and the source's would be {}", one_line(column.name),
                                       one_line(type_sql(found->type)), one_line(type_sql(column.type)));
  if (const auto objection = column.objection ? column.objection(found->type) : std::nullopt)
    return fail(index, ErrorKind::target, fmt::format("column {}: {}", one_line(column.name), *objection),
                "change the target column's type (-d shows a fitting one), or convert the value in a table-list query");
  const std::string remedy = fmt::format("ALTER TABLE {} ALTER COLUMN {} TYPE {}", quote_name(there.name),
                                         quote_identifier(column.name), type_sql(column.type));
  check_labels(index, column, *found);
  switch (column_fit(column.type, found->type)) {
    case ColumnFit::fits: return;
    case ColumnFit::narrower:
      return warn(index, pair + ": it is narrower, and a value that does not fit fails the table", remedy);
    case ColumnFit::different:
      return warn(index, pair + ": the server reads the values as its own type or refuses them", remedy);
  }
}

void TableChecker::check_labels(std::size_t index, const CheckedColumn& column, const TargetColumn& there) {
  if (!there.enumeration || column.labels.empty()) return;
  const PgResult missing = check_.target.exec(
      "SELECT pg_catalog.string_agg(n, ', ') FROM pg_catalog.unnest($2::text[]) AS n WHERE NOT EXISTS (SELECT 1 FROM "
      "pg_catalog.pg_enum e "
      "WHERE e.enumtypid = $1::oid AND e.enumlabel = n)",
      {std::to_string(there.type_oid), array_text(column.labels)});
  if (!missing.is_null(0, 0))
    warn(index,
         fmt::format("column {}: the enum type {} lacks the values {}", one_line(column.name),
                     one_line(type_sql(there.type)), one_line(missing.text(0, 0))),
         fmt::format("ALTER TYPE {} ADD VALUE …, for each of them", type_sql(there.type)));
}

void TableChecker::check_required(std::size_t index) {
  const CheckedTable& table = tables_[index];
  if (table.columns.empty()) return;
  for (const TargetColumn& there : facts_[index].columns) {
    const auto source =
        std::find_if(table.columns.begin(), table.columns.end(), [&](const auto& c) { return c.name == there.name; });
    const std::string name = one_line(there.name);
    const std::string alter =
        fmt::format("ALTER TABLE {} ALTER COLUMN {}", quote_name(table.task->target), quote_identifier(there.name));
    if (source != table.columns.end()) {
      if (source->nullable && there.not_null)
        warn(index,
             fmt::format("column {} is NOT NULL, and the source's may be NULL: such a row fails the table", name),
             alter + " DROP NOT NULL, or give such rows a value in a table-list query");
      continue;
    }
    if (!there.required) continue;
    const std::string problem =
        fmt::format("column {} is NOT NULL, has no default, and the source has no such column", name);
    const std::string remedy =
        alter + " SET DEFAULT …, or name it in a table-list query: select …, 0 as " + name + " from …";
    fail(index, ErrorKind::target, problem + ": no row can be loaded", remedy);
  }
}

bool TableChecker::must_be_empty(std::size_t index) const {
  return check_.job.mode == LoadMode::refuse && tables_[index].task->query.empty() && facts_[index].is_table &&
         facts_[index].may_select && facts_[index].may_enter && !tables_[index].task->problem;
}

void TableChecker::check_rows() {
  const bool journal = check_.target.exec(sql::check_server, {}).boolean(0, 11);
  if (check_.job.start != StartMode::fresh && journal)
    return findings_.passed("target rows", "the journal of the earlier run decides");
  std::vector<std::size_t> batch;
  for (std::size_t i = 0; i < tables_.size(); ++i) {
    if (must_be_empty(i)) batch.push_back(i);
    if (batch.size() < kTablesPerQuery && i + 1 < tables_.size()) continue;
    check_rows(batch);
    batch.clear();
  }
}

void TableChecker::check_rows(const std::vector<std::size_t>& batch) {
  if (batch.empty()) return;
  std::string sql;
  for (const std::size_t index : batch)
    sql += (sql.empty() ? "" : " UNION ALL ") +
           number_if_filled_sql(index, tables_[index].task->target, facts_[index].plain && !check_.dialect.distributed);
  const PgResult filled = check_.target.exec(sql);
  for (int row = 0; row < filled.rows(); ++row)
    fail(static_cast<std::size_t>(filled.integer(row, 0)), ErrorKind::target, "it is not empty", kNotEmptyHint);
}

}  // namespace

void check_target_tables(const TargetCheck& check, const std::vector<CheckedTable>& tables, CheckFindings& findings) {
  if (has_other_catalogs(check.dialect)) return findings.passed("target tables", kNotLookedAt);
  TableChecker(check, tables, findings).run();
  check_load_rights(check, tables, findings);
}

}  // namespace dbsync
