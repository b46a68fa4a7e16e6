#include "verify/verify_target.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "base/log.h"
#include "embedded_sql.h"
#include "pg/block_ranges.h"
#include "schema/quote.h"

namespace dbsync {

namespace {

constexpr std::uint64_t kMostParts = 10000;

std::unique_ptr<PgConnection> open(const std::string& conninfo, const std::string& application_name) {
  auto connection = std::make_unique<PgConnection>(conninfo, "target", application_name);
  return connection;
}

std::unique_ptr<PgConnection> open_reader(const std::string& conninfo, const std::string& application_name) {
  auto connection = open(conninfo, application_name);
  connection->exec(sql::verify_session, {});
  return connection;
}

}  // namespace

std::vector<TargetPart> parts_of(PgConnection& connection, const TargetTable& table, std::uint64_t bytes) {
  std::vector<TargetPart> out;
  // Greenplum before 7: the whole tree is read through its top.
  if (table.plain && !table.only) return {{table.name, false, {}}};
  const PgResult leaves = connection.exec(sql::verify_leaves, {table.name.schema, table.name.name});
  for (int row = 0; row < leaves.rows(); ++row) {
    const QualifiedName name{leaves.text(row, 1), leaves.text(row, 2)};
    const bool ordinary = leaves.boolean(row, 3);
    const auto size = static_cast<std::uint64_t>(leaves.integer(row, 4));
    std::vector<std::string> ranges;
    if (ordinary && bytes > 0 && size > bytes)
      ranges = block_ranges(connection, static_cast<std::uint32_t>(leaves.integer(row, 0)),
                            std::min((size + bytes - 1) / bytes, kMostParts));
    for (std::string& range : ranges) out.push_back({name, true, std::move(range)});
    if (ranges.empty()) out.push_back({name, ordinary, {}});
  }
  return out;
}

std::vector<std::string> key_of(PgConnection& connection, const QualifiedName& table,
                                const std::vector<std::string>& compared) {
  const PgResult keys = connection.exec(sql::verify_key, {table.schema, table.name});
  for (int row = 0; row < keys.rows();) {
    const std::string index = keys.text(row, 0);
    std::vector<std::string> key;
    bool good = true;
    for (; row < keys.rows() && keys.value(row, 0) == index; ++row) {
      key.push_back(keys.text(row, 1));
      good = good && keys.boolean(row, 2) && std::find(compared.begin(), compared.end(), key.back()) != compared.end();
    }
    if (good) return key;
  }
  return {};
}

TargetSnapshot::TargetSnapshot(std::string conninfo, std::string application_name)
    : conninfo_(std::move(conninfo)), application_name_(std::move(application_name)) {
  control_ = open_reader(conninfo_, application_name_);
  dialect_ = detect_dialect(*control_);
  // Greenplum has no snapshots to export before 6.21; without one the sessions see
  // what is there when each of them begins.
  if (dialect_.distributed) return;
  control_->exec("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
  snapshot_ = control_->exec("SELECT pg_catalog.pg_export_snapshot()").text(0, 0);
}

std::unique_ptr<PgConnection> TargetSnapshot::session() const {
  auto connection = open_reader(conninfo_, application_name_);
  connection->exec("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
  if (snapshot_.empty()) return connection;
  try {
    connection->exec("SET TRANSACTION SNAPSHOT " + quote_literal(snapshot_));
  } catch (Error& error) {
    throw error.hint("the connection that holds the snapshot is gone: start the comparison again");
  }
  return connection;
}

std::unique_ptr<PgConnection> TargetSnapshot::writer() const { return open(conninfo_, application_name_); }

std::unique_ptr<PgConnection> TargetSnapshot::reader() const { return open_reader(conninfo_, application_name_); }

void read_as_text_where_needed(PgConnection& connection, ComparedColumns& compared) {
  constexpr std::uint32_t kText = 25;
  std::vector<std::string> oids;  // the types of our own code have a binary form
  for (const TargetColumn& column : compared.columns)
    if (column.type.kind == PgKind::other) oids.push_back(std::to_string(column.type_oid));
  if (oids.empty()) return;
  std::set<std::uint32_t> texts;
  const PgResult result = connection.exec(sql::verify_text_types, {array_text(oids)});
  for (int row = 0; row < result.rows(); ++row) texts.insert(static_cast<std::uint32_t>(result.integer(row, 0)));
  for (TargetColumn& column : compared.columns) {
    if (!texts.contains(column.type_oid)) continue;
    column.as_text = true;
    column.type = {PgKind::text};
    column.type_oid = kText;
  }
}

std::string copy_out_sql(const ComparedColumns& compared, const std::string& from) {
  std::string list;
  for (const TargetColumn& column : compared.columns)
    list += (list.empty() ? "" : ", ") + quote_identifier(column.name) + (column.as_text ? "::pg_catalog.text" : "");
  return fmt::format("COPY (SELECT {} FROM {}) TO STDOUT WITH BINARY", list, from);
}

std::string sql_of(const TargetPart& part) {
  return fmt::format("{}{}{}", part.only ? "ONLY " : "", quote_name(part.table),
                     part.predicate.empty() ? "" : " WHERE " + part.predicate);
}

}  // namespace dbsync
