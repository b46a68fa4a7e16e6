#include "pgsql2pgsql/follow/replica_identity.h"

#include <fmt/format.h>

#include "base/text.h"
#include "embedded_sql.h"
#include "pg/together.h"
#include "pgsql2pgsql/follow/replication_slot.h"
#include "pgsql2pgsql/schema/schema_names.h"
#include "pgsql2pgsql/source/standby.h"
#include "schema/names.h"
#include "schema/quote.h"

namespace dbsync {

namespace {

constexpr std::size_t kMostNamed = 10;

std::string oid_list(const std::vector<std::uint32_t>& oids) { return fmt::format("{{{}}}", fmt::join(oids, ",")); }

// What can be run as it stands, and a word on the rest.
std::string statements_of(PgConnection& source, std::vector<std::string> statements) {
  const std::size_t all = statements.size();
  if (all > kMostNamed) statements.resize(kMostNamed);
  return fmt::format("on {}: {}{}", place_of_statements(source), join(statements, "; "),
                     all > kMostNamed ? fmt::format(" (and likewise for {} more)", all - kMostNamed) : "");
}

// "DEFAULT", "FULL", or "LEAF": FULL for the leaf, whose root has an index of its own.
std::string same_identity_sql(const QualifiedName& root, const QualifiedName& leaf, std::string_view wanted) {
  if (wanted == "LEAF") return fmt::format("ALTER TABLE {} REPLICA IDENTITY FULL", quote_name(leaf));
  return fmt::format("ALTER TABLE {0} REPLICA IDENTITY {2}; ALTER TABLE {1} REPLICA IDENTITY {2}", quote_name(root),
                     quote_name(leaf), wanted);
}

// A key of a column of its own, since no columns of the table are known to be one.
std::string own_key_sql(const QualifiedName& table) {
  constexpr char kColumn[] = "dbsync_row_id";
  return fmt::format(
      "ALTER TABLE {0} ADD COLUMN {1} bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT {2} UNIQUE, REPLICA IDENTITY "
      "USING INDEX {2}",
      quote_name(table), kColumn, quote_identifier(shorten_name(table.name + "_" + kColumn)));
}

void refuse(PgConnection& source, const std::vector<LeafOfOtherIdentity>& leaves) {
  if (leaves.empty()) return;
  std::vector<std::string> names;
  std::vector<std::string> statements;
  for (const LeafOfOtherIdentity& one : leaves) {
    names.push_back(one.describe());
    statements.push_back(one.remedy_sql);
  }
  throw Error(ErrorKind::source,
              fmt::format("partitions have another replica identity than their root, under whose name their changes "
                          "come, so that some changes would not say which row they are of: {}",
                          join(names, ", ")))
      .hint(statements_of(source, std::move(statements)) + "; or leave the table out (--exclude)");
}

}  // namespace

std::string TableWithoutIdentity::describe() const {
  return display_name(name) + (reason.empty() ? "" : " (" + reason + ")");
}

std::string TableWithoutIdentity::fact() const {
  return reason.empty() ? "it has no primary key and no other replica identity" : reason;
}

std::string TableWithoutIdentity::remedy_sql() const {
  // Of a table that is told apart by all its columns already, one of which is not sent.
  if (index.empty() && reason.starts_with("it "))
    return partition ? fmt::format(
                           "a unique index over NOT NULL columns of {0}, then ALTER TABLE {0} REPLICA IDENTITY "
                           "USING INDEX with its name",
                           quote_name(name))
                     : own_key_sql(name);
  return fmt::format("ALTER TABLE {} REPLICA IDENTITY {}", quote_name(name),
                     index.empty() ? "FULL" : "USING INDEX " + quote_identifier(index));
}

PgQuery question_without_identity(const PgConnection& source, const std::vector<std::uint32_t>& oids) {
  const bool sends_generated = source.server_version() >= kSendsGeneratedSince;
  return {sql::tables_without_identity, {oid_list(oids), sends_generated ? "true" : "false"}};
}

std::vector<TableWithoutIdentity> tables_without_identity(PgConnection& source,
                                                          const std::vector<std::uint32_t>& oids) {
  const PgResult result = ask(source, question_without_identity(source, oids));
  std::vector<TableWithoutIdentity> out;
  for (int row = 0; row < result.rows(); ++row)
    out.push_back({.published = static_cast<std::uint32_t>(result.integer(row, 4)),
                   .name = {result.text(row, 0), result.text(row, 1)},
                   .index = result.text(row, 2),
                   .reason = result.text(row, 3),
                   .partition = result.boolean(row, 6),
                   .partial = result.boolean(row, 5)});
  return out;
}

std::string remedies(PgConnection& source, const std::vector<TableWithoutIdentity>& tables) {
  std::vector<std::string> statements;
  for (const TableWithoutIdentity& table : tables) statements.push_back(table.remedy_sql());
  return statements_of(source, std::move(statements));
}

void refuse_partial_keys(PgConnection& source, const std::vector<TableWithoutIdentity>& tables) {
  std::vector<TableWithoutIdentity> partial;
  std::vector<std::string> names;
  for (const TableWithoutIdentity& table : tables) {
    if (!table.partial) continue;
    partial.push_back(table);
    names.push_back(table.describe());
  }
  if (partial.empty()) return;
  throw Error(ErrorKind::source, "changes of these tables would not say which row they are of: " + join(names, ", "))
      .hint(remedies(source, partial) +
            "; or leave the tables out (--exclude), or copy them only (tables_without_key = leave)");
}

std::string LeafOfOtherIdentity::describe() const {
  return fmt::format("{} of {}", display_name(leaf), display_name(root));
}

PgQuery question_of_leaves(const std::vector<std::uint32_t>& oids) {
  return {sql::leaves_of_other_identity, {oid_list(oids)}};
}

std::vector<LeafOfOtherIdentity> leaves_of_other_identity(PgConnection& source,
                                                          const std::vector<std::uint32_t>& oids) {
  const PgResult result = ask(source, question_of_leaves(oids));
  std::vector<LeafOfOtherIdentity> out;
  for (int row = 0; row < result.rows(); ++row) {
    LeafOfOtherIdentity& one = out.emplace_back();
    one.root = {result.text(row, 0), result.text(row, 1)};
    one.leaf = {result.text(row, 2), result.text(row, 3)};
    one.published = static_cast<std::uint32_t>(result.integer(row, 5));
    one.misleads = result.boolean(row, 6);
    one.remedy_sql = same_identity_sql(one.root, one.leaf, result.value(row, 4));
  }
  return out;
}

void refuse_other_identities(PgConnection& source, const std::vector<std::uint32_t>& oids) {
  auto leaves = leaves_of_other_identity(source, oids);
  std::erase_if(leaves, [](const LeafOfOtherIdentity& one) { return !one.misleads; });
  refuse(source, leaves);
}

void refuse_any_other_identities(PgConnection& source, const std::vector<std::uint32_t>& oids) {
  refuse(source, leaves_of_other_identity(source, oids));
}

}  // namespace dbsync
