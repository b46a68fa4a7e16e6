#include "pg/enforcement.h"

#include <fmt/format.h>

#include "embedded_sql.h"
#include "pg/prefetch.h"
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

PgQuery question_of_tables(const std::set<QualifiedName>& names) {
  const NameArrays arrays = name_arrays(names);
  return {
      "SELECT n.nspname, c.relname, c.oid FROM (SELECT unnest($1::name[]) AS nspname, unnest($2::name[]) AS relname) w "
      "JOIN pg_catalog.pg_namespace n ON n.nspname = w.nspname "
      "JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid AND c.relname = w.relname AND c.relkind IN ('r', 'p', 'f')",
      {arrays.schemas, arrays.tables}};
}

void take_oids(const PgResult& result, Enforcement& out) {
  for (int row = 0; row < result.rows(); ++row)
    out.tables.emplace(QualifiedName{result.text(row, 0), result.text(row, 1)}, oid_at(result, row, 2));
}

void take_partitions(const PgResult& result, Enforcement& out) {
  for (int row = 0; row < result.rows(); ++row) {
    out.parent.emplace(oid_at(result, row, 0), oid_at(result, row, 1));
    out.partition_names.emplace(oid_at(result, row, 0), QualifiedName{result.text(row, 2), result.text(row, 3)});
  }
}

void take_keys(const PgResult& r, Enforcement& out) {
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

void take_triggers(const PgResult& r, Enforcement& out) {
  for (int row = 0; row < r.rows(); ++row)
    out.triggers.push_back({.table_oid = oid_at(r, row, 0),
                            .table = {r.text(row, 1), r.text(row, 2)},
                            .name = r.text(row, 3),
                            .enabled = r.value(row, 4).front(),
                            .on_insert = r.boolean(row, 5),
                            .owned = r.boolean(row, 6)});
}

void take_deferred_unique(const PgResult& unique, Enforcement& out) {
  for (int row = 0; row < unique.rows(); ++row) out.deferred_unique.insert(oid_at(unique, row, 0));
}

// The tables and their partitions.
Enforcement read_tables(PgConnection& connection, const std::set<QualifiedName>& tables) {
  Enforcement out;
  const auto answers = ask_together(connection, questions_of_enforcement(tables));
  take_oids(answers[0], out);
  if (!out.tables.empty()) take_partitions(answers[1], out);
  return out;
}

// Keys, triggers and deferrable keys: what is asked of these tables.
std::vector<PgQuery> questions_of_rules(const Enforcement& of) {
  std::set<std::uint32_t> below;
  std::set<std::uint32_t> around;
  for (const auto& [name, oid] : of.tables) {
    below.insert(oid);
    around.insert(oid);
    for (auto up = of.parent.find(oid); up != of.parent.end(); up = of.parent.find(up->second))
      around.insert(up->second);
  }
  const std::set<std::uint32_t> asked = below;
  for (const auto& [partition, above] : of.parent)
    for (auto up = of.parent.find(partition); up != of.parent.end(); up = of.parent.find(up->second))
      if (asked.contains(up->second)) below.insert(partition);
  around.insert(below.begin(), below.end());
  const std::string oids = oid_array(below);
  return {{sql::enforced_keys, {oid_array(around)}},
          {sql::enforced_triggers, {oids}},
          {"SELECT DISTINCT conrelid FROM pg_catalog.pg_constraint WHERE conrelid = ANY ($1::oid[]) AND contype IN "
           "('p', 'u', 'x') AND condeferrable",
           {oids}}};
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

std::vector<PgQuery> questions_of_enforcement(const std::set<QualifiedName>& tables) {
  return {question_of_tables(tables), {sql::partition_parents}};
}

void prefetch_enforcement(PgConnection& connection, const std::set<QualifiedName>& tables) {
  const Enforcement known = read_tables(connection, tables);
  if (!known.tables.empty()) PgPrefetch::more_of(connection, questions_of_rules(known));
}

Enforcement read_enforcement(PgConnection& connection, const std::set<QualifiedName>& tables) {
  Enforcement out = read_tables(connection, tables);
  if (out.tables.empty()) return out;
  const auto answers = ask_together(connection, questions_of_rules(out));
  take_keys(answers[0], out);
  take_triggers(answers[1], out);
  take_deferred_unique(answers[2], out);
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
    exec_together(connection, {{"SET session_replication_role = replica"}, {"RESET session_replication_role"}});
    return true;
  } catch (const Error& error) {
    if (error.sqlstate() != sqlstate::insufficient_privilege) throw;
    return false;
  }
}

}  // namespace dbsync
