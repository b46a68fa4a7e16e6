#include "pgsql2pgsql/precheck.h"

#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "base/text.h"
#include "check/server_version.h"
#include "check/shared_checks.h"
#include "embedded_sql.h"
#include "pgsql2pgsql/follow/replication_slot.h"
#include "pgsql2pgsql/schema/schema_names.h"
#include "schema/quote.h"

namespace dbsync {

namespace {

void check_follow(const SourceCheck& check, CheckFindings& findings) {
  if (check.follow == FollowWish::none) return findings.passed("source changes", "not to be followed");
  if (check.has_slot) return findings.passed("source changes", "the task has its replication slot already");
  const auto obstacles = obstacles_to_following(check.source);
  if (obstacles.empty()) return findings.passed("source changes", "can be followed");
  // "wal_level is replica: set wal_level = logical …": what is so, and what to do.
  for (const std::string& obstacle : obstacles) {
    const auto colon = obstacle.find(": ");
    const std::string fact = obstacle.substr(0, colon);
    const std::string remedy =
        colon == std::string::npos ? "copy from a newer server, or copy only" : obstacle.substr(colon + 2);
    if (check.follow == FollowWish::asked)
      findings.failed(ErrorKind::source, "source changes", fact + ", so changes cannot be followed", remedy);
    else
      findings.warning("source changes", fact + ": rows can be copied, but changes cannot be followed", remedy);
  }
}

std::vector<CheckedTable> checked_tables(const PlannedTasks& planned) {
  std::vector<CheckedTable> out;
  for (const CopyTask& task : planned.tasks) {
    CheckedTable& table = out.emplace_back(CheckedTable{&task, {}});
    const auto relation = planned.relations.find(task.name);
    if (relation == planned.relations.end() || !task.query.empty()) continue;
    for (const PgColumn& column : relation->second->columns)
      table.columns.push_back({column.target_name(), column.type});
    if (relation->second->origin) table.columns.push_back({relation->second->origin->name, {PgKind::text}});
  }
  return out;
}

bool fits(PgConnection& target, const std::string& text) {
  try {
    target.exec("SELECT $1::text", {text});
    return true;
  } catch (const Error& error) {
    if (error.connection_lost() || !error.sqlstate().starts_with("22")) throw;
    return false;
  }
}

bool is_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

// Names that the target's encoding has no characters for cannot even be asked for.
bool check_names(PgConnection& target, const std::vector<CheckedTable>& tables, CheckFindings& findings) {
  bool good = true;
  for (const CheckedTable& table : tables) {
    std::string names = table.task->name + " " + table.task->target.display();  // the journal has both
    for (const auto& column : table.columns) names += " " + column.name;
    if (is_ascii(names) || fits(target, names)) continue;
    good = false;
    findings.failed(
        ErrorKind::target, "target table " + table.task->name,
        fmt::format("the target's database is in {}, which has no characters for the name of the table or a column",
                    target.parameter("server_encoding")),
        "create the database with ENCODING 'UTF8' TEMPLATE template0, or leave the table out (--exclude); columns "
        "can have other names ([column_map])");
  }
  return good;
}

}  // namespace

bool check_pg_source(const SourceCheck& check, CheckFindings& findings) {
  if (const auto problem = too_old_postgresql(check.dialect, check.source.server_version(), ServerRole::source)) {
    findings.failed(ErrorKind::source, "source", *problem, "copy from a newer server");
    return false;
  }
  findings.passed("source", fmt::format("{}: {}", check.source.endpoint(), dialect_name(check.dialect)));
  if (check.dialect.distributed) return true;
  const PgResult server = check.source.exec(sql::check_server, {});
  if (server.value(0, 3) == "SQL_ASCII")
    findings.warning("source encoding",
                     "SQL_ASCII keeps bytes without knowing characters: rows that are not UTF-8 are refused by a "
                     "target in another encoding",
                     "mend such rows first, or convert them with table-list queries");
  else
    findings.passed("source encoding", server.text(0, 3));
  findings.passed("source time zone", "times are read in UTC, and timestamptz is passed on as it is stored");
  const std::int64_t wanted = std::int64_t{check.workers} + 2;  // the plan's, and pg_dump
  const std::int64_t free = server.integer(0, 4) - server.integer(0, 5);
  check_free_connections({.subject = "source connections",
                          .free = free,
                          .wanted = wanted,
                          .workers = check.workers,
                          .remedy = "lower -j, end idle sessions, or raise max_connections"},
                         findings);
  check_follow(check, findings);
  return true;
}

void check_pg_tables(PgConnection& source, const SelectedTables& selected, CheckFindings& findings) {
  std::map<std::uint32_t, const PgRelation*> relations;
  std::vector<std::string> oids;
  for (const PgRelation* relation : selected.tables) {
    relations.emplace(relation->oid, relation);
    oids.push_back(std::to_string(relation->oid));
  }
  // COPY names all columns, so each needs the right when the table as a whole has not.
  const PgResult refused = source.exec(
      "SELECT c.oid, pg_catalog.has_schema_privilege(c.relnamespace, 'USAGE'), current_user FROM pg_catalog.pg_class c "
      "WHERE c.oid = ANY ($1::oid[]) AND NOT (pg_catalog.has_schema_privilege(c.relnamespace, 'USAGE') AND "
      "(pg_catalog.has_table_privilege(c.oid, 'SELECT') OR NOT EXISTS (SELECT 1 FROM pg_catalog.pg_attribute a WHERE "
      "a.attrelid = c.oid "
      "AND a.attnum > 0 AND NOT a.attisdropped AND NOT pg_catalog.has_column_privilege(c.oid, a.attnum, 'SELECT')))) "
      "ORDER BY c.oid",
      {array_text(oids)});
  for (int row = 0; row < refused.rows(); ++row) {
    const QualifiedName& name = relations.at(static_cast<std::uint32_t>(refused.integer(row, 0)))->name;
    const bool enters = refused.boolean(row, 1);
    findings.failed(
        ErrorKind::source, "source table " + display_name(name),
        enters ? "the role may not read it" : "the role may not use its schema",
        fmt::format("GRANT {} TO {}",
                    enters ? "SELECT ON " + quote_name(name) : "USAGE ON SCHEMA " + quote_identifier(name.schema),
                    quote_identifier(refused.value(row, 2))),
        CheckFinding::Reach::table);
  }
  passed_readable(oids.size() - static_cast<std::size_t>(refused.rows()), oids.size(), findings);
}

bool target_has_names(PgConnection& target, const PlannedTasks& planned) {
  CheckFindings unused;  // check_pg_targets says it
  return check_names(target, checked_tables(planned), unused);
}

void check_pg_targets(const TargetCheck& check, const PlannedTasks& planned, CheckFindings& findings) {
  const auto tables = checked_tables(planned);
  if (check_names(check.target, tables, findings)) check_target_tables(check, tables, findings);
}

}  // namespace dbsync
