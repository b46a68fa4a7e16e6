#include "pg/enforcement.h"

#include <fmt/format.h>

#include "embedded_sql.h"
#include "pg/sqlstate.h"
#include "schema/name_arrays.h"
#include "schema/quote.h"

namespace dbsync {

namespace {

std::uint32_t oid_at(const PgResult& result, int row, int column) {
  return static_cast<std::uint32_t>(result.integer(row, column));
}

std::string oid_array(const std::set<std::uint32_t>& oids) {
  std::vector<std::string> out;
  for (const std::uint32_t oid : oids) out.push_back(std::to_string(oid));
  return array_text(out);
}

void read_oids(PgConnection& connection, const std::set<QualifiedName>& names, Enforcement& out) {
  const NameArrays arrays = name_arrays(names);
  const PgResult result = connection.exec(
      "SELECT n.nspname, c.relname, c.oid FROM (SELECT unnest($1::name[]) AS nspname, unnest($2::name[]) AS relname) w "
      "JOIN pg_catalog.pg_namespace n ON n.nspname = w.nspname "
      "JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid AND c.relname = w.relname AND c.relkind IN ('r', 'p', 'f')",
      {arrays.schemas, arrays.tables});
  for (int row = 0; row < result.rows(); ++row)
    out.tables.emplace(QualifiedName{result.text(row, 0), result.text(row, 1)}, oid_at(result, row, 2));
}

void read_partitions(PgConnection& connection, Enforcement& out) {
  const PgResult result = connection.exec(sql::partition_parents, {});
  for (int row = 0; row < result.rows(); ++row) {
    out.parent.emplace(oid_at(result, row, 0), oid_at(result, row, 1));
    out.partition_names.emplace(oid_at(result, row, 0), QualifiedName{result.text(row, 2), result.text(row, 3)});
  }
}

void read_keys(PgConnection& connection, const std::set<std::uint32_t>& oids, Enforcement& out) {
  const PgResult r = connection.exec(sql::enforced_keys, {oid_array(oids)});
  for (int row = 0; row < r.rows(); ++row) {
    EnforcedKey& key = out.keys.emplace_back();
    key.oid = oid_at(r, row, 0);
    key.name = r.text(row, 1);
    key.table_oid = oid_at(r, row, 2);
    key.table = {r.text(row, 3), r.text(row, 4)};
    key.partitioned = r.boolean(row, 5);
    key.referenced_oid = oid_at(r, row, 6);
    key.referenced = {r.text(row, 7), r.text(row, 8)};
    key.referenced_partitioned = r.boolean(row, 9);
    key.definition = r.text(row, 10);
    key.valid = r.boolean(row, 11);
    key.deferrable = r.boolean(row, 12);
    key.match_full = r.boolean(row, 13);
    key.period = r.boolean(row, 14);
    key.may_remake = r.boolean(row, 15);
    key.comment = r.text(row, 16);
    key.match_sql = r.text(row, 17);
    key.given_sql = r.text(row, 18);
    key.absent_sql = r.text(row, 19);
    key.shown_sql = r.text(row, 20);
    key.columns = r.text(row, 21);
    key.referenced_columns = r.text(row, 22);
  }
}

void read_triggers(PgConnection& connection, const std::set<std::uint32_t>& oids, Enforcement& out) {
  const PgResult r = connection.exec(sql::enforced_triggers, {oid_array(oids)});
  for (int row = 0; row < r.rows(); ++row)
    out.triggers.push_back({.table_oid = oid_at(r, row, 0),
                            .table = {r.text(row, 1), r.text(row, 2)},
                            .name = r.text(row, 3),
                            .enabled = r.value(row, 4).front(),
                            .on_insert = r.boolean(row, 5),
                            .owned = r.boolean(row, 6)});
  const PgResult unique = connection.exec(
      "SELECT DISTINCT conrelid FROM pg_catalog.pg_constraint WHERE conrelid = ANY ($1::oid[]) AND contype IN ('p', "
      "'u', 'x') "
      "AND condeferrable",
      {oid_array(oids)});
  for (int row = 0; row < unique.rows(); ++row) out.deferred_unique.insert(oid_at(unique, row, 0));
}

}  // namespace

std::string EnforcedKey::display() const { return fmt::format("{} of {}", name, table.display()); }

std::string EnforcedTrigger::display() const { return fmt::format("{} of {}", name, table.display()); }

bool Enforcement::is_within(std::uint32_t table, std::uint32_t above) const {
  while (table != above) {
    const auto up = parent.find(table);
    if (up == parent.end()) return false;
    table = up->second;
  }
  return true;
}

std::uint32_t Enforcement::root_of(std::uint32_t table) const {
  for (auto up = parent.find(table); up != parent.end(); up = parent.find(table)) table = up->second;
  return table;
}

Enforcement read_enforcement(PgConnection& connection, const std::set<QualifiedName>& tables) {
  Enforcement out;
  read_oids(connection, tables, out);
  if (out.tables.empty()) return out;
  read_partitions(connection, out);
  std::set<std::uint32_t> below;
  std::set<std::uint32_t> around;
  for (const auto& [name, oid] : out.tables) {
    below.insert(oid);
    around.insert(oid);
    for (auto up = out.parent.find(oid); up != out.parent.end(); up = out.parent.find(up->second))
      around.insert(up->second);
  }
  const std::set<std::uint32_t> asked = below;
  for (const auto& [partition, above] : out.parent)
    for (auto up = out.parent.find(partition); up != out.parent.end(); up = out.parent.find(up->second))
      if (asked.contains(up->second)) below.insert(partition);
  around.insert(below.begin(), below.end());
  read_keys(connection, around, out);
  read_triggers(connection, below, out);
  return out;
}

std::string orphans_from_sql(const EnforcedKey& key) {
  // Tables that inherit have no part in a key; partitions do.
  const char* own = key.partitioned ? "" : "ONLY ";
  const char* other = key.referenced_partitioned ? "" : "ONLY ";
  const std::string absent =
      fmt::format("NOT EXISTS (SELECT 1 FROM {}{} AS p WHERE {})", other, quote_name(key.referenced), key.match_sql);
  // MATCH FULL: all columns are NULL, or none is.
  const std::string where = key.match_full
                                ? fmt::format("NOT ({}) AND (NOT ({}) OR {})", key.absent_sql, key.given_sql, absent)
                                : fmt::format("{} AND {}", key.given_sql, absent);
  return fmt::format("FROM {}{} AS c WHERE {}", own, quote_name(key.table), where);
}

std::string orphans_sql(const EnforcedKey& key) { return "SELECT count(*) " + orphans_from_sql(key); }

std::string orphan_example_sql(const EnforcedKey& key) {
  return fmt::format("SELECT {} {} LIMIT 1", key.shown_sql, orphans_from_sql(key));
}

bool may_set_replica_role(PgConnection& connection) {
  try {
    connection.exec("SET session_replication_role = replica");
    connection.exec("RESET session_replication_role");
    return true;
  } catch (const Error& error) {
    if (error.sqlstate() != sqlstate::insufficient_privilege) throw;
    return false;
  }
}

}  // namespace dbsync
