#include "pgsql2pgsql/follow/held_triggers.h"

#include <algorithm>
#include <set>
#include <tuple>
#include <vector>

#include <fmt/format.h>

#include "base/log.h"
#include "base/text.h"
#include "cdc/known_tables.h"
#include "embedded_sql.h"
#include "pg/catalog.h"
#include "pg/dialect_question.h"
#include "pg/sqlstate.h"
#include "pg/together.h"
#include "schema/quote.h"

namespace dbsync {

namespace {

struct Acting {
  std::string kind;  // t, r
  QualifiedName table;
  std::string name;
  std::string state;  // A, R
  std::string oid;

  std::string word() const { return kind == "t" ? "TRIGGER" : "RULE"; }
  // `how`: "", ALWAYS, REPLICA
  std::string enable_sql(const std::string& how) const {
    return fmt::format("ALTER TABLE {} ENABLE {}{}{} {}", quote_name(table), how, how.empty() ? "" : " ", word(),
                       quote_identifier(name));
  }
  std::string enabled() const { return state == "A" ? "ALWAYS" : "REPLICA"; }
  std::string shown() const {
    return fmt::format("{} {} of {}", kind == "t" ? "trigger" : "rule", name, display_name(table));
  }
};

PgQuery question_of_acting(const std::vector<std::string>& oids) { return {sql::always_triggers, {array_text(oids)}}; }

std::vector<Acting> acting_on(PgConnection& connection, const std::vector<std::string>& oids) {
  const PgResult result = ask(connection, question_of_acting(oids));
  std::vector<Acting> out;
  for (int row = 0; row < result.rows(); ++row)
    out.push_back({result.text(row, 0),
                   {result.text(row, 1), result.text(row, 2)},
                   result.text(row, 3),
                   result.text(row, 4),
                   result.text(row, 5)});
  return out;
}

// Else all triggers act anyway, which is said elsewhere.
bool may_be_replica(PgConnection& target) {
  PgTransaction transaction(target);
  try {
    target.exec("SET LOCAL session_replication_role = replica");
    return true;
  } catch (const Error& error) {
    if (error.sqlstate() != sqlstate::insufficient_privilege) throw;
    return false;
  }
}

void hold(PgConnection& target, const std::string& task, const Acting& acting) {
  try {
    PgTransaction transaction(target);
    target.exec(acting.enable_sql(""));
    target.exec(
        "DELETE FROM dbsync.apply_triggers WHERE task = $1 AND kind = $2 AND table_oid = $3::bigint AND name = $4",
        {task, acting.kind, acting.oid, acting.name});
    target.exec("INSERT INTO dbsync.apply_triggers VALUES ($1, $2, $3::bigint, $4, $5)",
                {task, acting.kind, acting.oid, acting.name, acting.state});
    transaction.commit();
    log::info(
        "follow",
        fmt::format(
            "the {} of the target is ENABLE {} there and on the source: until --cleanup it does not act on what is "
            "applied, since it has acted on the source",
            acting.shown(), acting.enabled()));
  } catch (const Error& error) {
    if (error.sqlstate() != sqlstate::insufficient_privilege) throw;
    log::warning(
        "follow",
        fmt::format("the {} of the target is ENABLE {} and acts on what is applied, though it has acted on the source; "
                    "its owner can stop that until --cleanup: {}",
                    acting.shown(), acting.enabled(), acting.enable_sql("")));
  }
}

bool is_among(const std::vector<Acting>& of_source, const Acting& one, const SchemaMap& map) {
  return std::any_of(of_source.begin(), of_source.end(), [&](const Acting& other) {
    return std::tuple(other.kind, map.of(other.table), other.name) == std::tuple(one.kind, one.table, one.name);
  });
}

}  // namespace

std::vector<ActingTrigger> acting_triggers(PgConnection& source, PgConnection& target,
                                           const std::vector<QualifiedName>& names,
                                           const std::vector<std::uint32_t>& oids, const SchemaMap& map) {
  std::vector<ActingTrigger> out;
  if (detect_dialect(target).distributed) return out;
  std::set<QualifiedName> mapped;
  for (const QualifiedName& name : names) mapped.insert(map.of(name));
  std::vector<std::string> here;
  for (const auto& [name, oid] : relation_oids(target, mapped)) here.push_back(std::to_string(oid));
  const auto acting = acting_on(target, here);
  if (acting.empty()) return out;
  std::vector<std::string> there;
  for (const std::uint32_t oid : oids) there.push_back(std::to_string(oid));
  const auto of_source = acting_on(source, there);
  for (const Acting& one : acting)
    out.push_back({fmt::format("the {} is ENABLE {}", one.shown(), one.enabled()), is_among(of_source, one, map),
                   one.enable_sql("")});
  return out;
}

std::vector<PgQuery> questions_of_triggers(const std::vector<KnownTable>& followed) {
  std::vector<std::string> here;
  for (const KnownTable& table : followed)
    if (table.target != 0) here.push_back(std::to_string(table.target));
  return {question_of_dialect(), question_of_acting(here)};
}

void hold_triggers(PgConnection& source, PgConnection& target, const std::string& task, const SchemaMap& map) {
  if (detect_dialect(target).distributed) return;
  std::vector<std::string> there;
  std::vector<std::string> here;
  for (const KnownTable& table : read_known_tables(target, task)) {
    if (table.target != 0) here.push_back(std::to_string(table.target));
    there.push_back(std::to_string(table.oid));
  }
  const auto acting = acting_on(target, here);
  if (acting.empty() || !may_be_replica(target)) return;
  const auto of_source = acting_on(source, there);
  for (const Acting& one : acting) {
    if (is_among(of_source, one, map))
      hold(target, task, one);
    else
      log::warning(
          "follow",
          fmt::format("the {} of the target is ENABLE {} and acts on what is applied; the source has it not, or not so",
                      one.shown(), one.enabled()));
  }
}

void release_triggers(PgConnection& target, const std::string& task) {
  if (!known_triggers_exist(target)) return;
  const PgResult held = target.exec(
      "SELECT k.kind, n.nspname, c.relname, k.name, k.state, k.table_oid FROM dbsync.apply_triggers k "
      "JOIN pg_catalog.pg_class c ON c.oid = k.table_oid::pg_catalog.oid JOIN pg_catalog.pg_namespace n ON n.oid = "
      "c.relnamespace "
      "WHERE k.task = $1 AND (EXISTS (SELECT 1 FROM pg_catalog.pg_trigger t WHERE k.kind = 't' AND t.tgrelid = c.oid "
      "AND t.tgname = k.name "
      "AND t.tgenabled = 'O') OR EXISTS (SELECT 1 FROM pg_catalog.pg_rewrite r WHERE k.kind = 'r' AND r.ev_class = "
      "c.oid AND "
      "r.rulename = k.name AND r.ev_enabled = 'O'))",
      {task});
  PgTransaction transaction(target);
  for (int row = 0; row < held.rows(); ++row) {
    const Acting one{held.text(row, 0),
                     {held.text(row, 1), held.text(row, 2)},
                     held.text(row, 3),
                     held.text(row, 4),
                     held.text(row, 5)};
    target.exec(one.enable_sql(one.enabled()));
    log::info("follow", fmt::format("the {} of the target is ENABLE {} again", one.shown(), one.enabled()));
  }
  target.exec("DELETE FROM dbsync.apply_triggers WHERE task = $1", {task});
  transaction.commit();
}

}  // namespace dbsync
