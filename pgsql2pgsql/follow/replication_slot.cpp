#include "pgsql2pgsql/follow/replication_slot.h"

#include <algorithm>
#include <chrono>
#include <thread>

#include <fmt/format.h>

#include "base/text.h"
#include "embedded_sql.h"
#include "pg/catalog.h"
#include "pg/sqlstate.h"
#include "pg/together.h"
#include "pgsql2pgsql/schema/schema_names.h"
#include "pgsql2pgsql/source/standby.h"
#include "schema/quote.h"

namespace dbsync {

namespace {

constexpr int kViaRootSince = 130000;
constexpr int kFailoverSince = 170000;
constexpr int kWalStatusSince = 130000;
constexpr int kDropAttempts = 50;
constexpr std::chrono::milliseconds kDropPause{100};
constexpr int kPublicationsSince = 100000;
constexpr int kStandbySlotsSince = 160000;

std::vector<QualifiedName> names_of(const PgResult& result) {
  std::vector<QualifiedName> out;
  for (int row = 0; row < result.rows(); ++row) out.push_back({result.text(row, 0), result.text(row, 1)});
  return out;
}

std::string setting(PgConnection& source, const char* name) {
  return source.exec("SELECT setting FROM pg_catalog.pg_settings WHERE name = $1", {name}).text(0, 0);
}

// "max_wal_senders = 10 and all are in use" and the like.
void check_room(PgConnection& source, const char* limit, const char* in_use, std::vector<std::string>& out) {
  const std::int64_t most =
      source.exec(fmt::format("SELECT pg_catalog.current_setting('{}')::int", limit)).integer(0, 0);
  const std::int64_t used = source.exec(in_use).integer(0, 0);
  if (used >= most) out.push_back(fmt::format("{} is {} and {} are in use: raise it", limit, most, used));
}

}  // namespace

std::vector<std::string> obstacles_to_following(PgConnection& source) {
  std::vector<std::string> out;
  if (source.server_version() < kPublicationsSince) {
    out.push_back("the server is older than PostgreSQL 10, which brought publications");
    return out;
  }
  if (detect_dialect(source).distributed) {
    out.push_back("the source is distributed, and its segments' changes are not decoded");
    return out;
  }
  const bool standby = on_standby(source);
  if (standby && source.server_version() < kStandbySlotsSince) {
    out.push_back(fmt::format(
        "the source is a standby of PostgreSQL {}, and standbys send changes from 16 on: connect to its primary",
        source.server_version() / 10000));
    return out;
  }
  if (const std::string level = setting(source, "wal_level"); level != "logical")
    out.push_back(
        fmt::format("wal_level is {}: set wal_level = logical {}", level,
                    standby ? "on the standby and on its primary and restart both" : "and restart the server"));
  check_room(source, "max_wal_senders", "SELECT count(*) FROM pg_catalog.pg_stat_replication", out);
  check_room(source, "max_replication_slots", "SELECT count(*) FROM pg_catalog.pg_replication_slots", out);
  const PgResult role = source.exec(
      "SELECT rolname FROM pg_catalog.pg_roles WHERE rolname = current_user AND NOT rolreplication AND NOT rolsuper");
  if (role.rows() > 0)
    out.push_back(fmt::format("the role {0} lacks REPLICATION: ALTER ROLE {0} REPLICATION", role.text(0, 0)));
  return out;
}

PublicationState publication_state(PgConnection& source, const std::string& name) {
  const PgResult owned = source.exec(
      "SELECT pg_catalog.pg_has_role(pubowner, 'MEMBER') FROM pg_catalog.pg_publication WHERE pubname = $1", {name});
  if (owned.rows() == 0) return PublicationState::missing;
  return owned.boolean(0, 0) && !on_standby(source) ? PublicationState::own : PublicationState::foreign;
}

bool publishes_roots(const PgConnection& source) { return source.server_version() >= kViaRootSince; }

std::string only_tables(const std::vector<QualifiedName>& tables) {
  std::vector<std::string> quoted;
  for (const auto& table : tables) quoted.push_back("ONLY " + quote_name(table));
  return join(quoted, ", ");
}

std::string publication_sql(const PgConnection& source, const std::string& name,
                            const std::vector<QualifiedName>& tables) {
  std::vector<std::string> options;
  if (publishes_roots(source)) options.emplace_back("publish_via_partition_root = true");
  // For targets on which they are ordinary columns.
  if (source.server_version() >= kSendsGeneratedSince) options.emplace_back("publish_generated_columns = stored");
  return fmt::format("CREATE PUBLICATION {}{}{}", quote_identifier(name),
                     tables.empty() ? "" : " FOR TABLE " + only_tables(tables),
                     options.empty() ? "" : " WITH (" + join(options, ", ") + ")");
}

void create_publication(PgConnection& source, const std::string& name, const std::vector<QualifiedName>& tables) {
  try {
    source.exec(publication_sql(source, name, tables));
  } catch (Error& error) {
    if (error.sqlstate() == sqlstate::insufficient_privilege)
      error.hint(
          "publishing needs CREATE on the source database and ownership of the tables; or let their owner "
          "create the publication " +
          quote_identifier(name) + " and start again; --full-only copies without following");
    throw;
  }
}

void drop_publication(PgConnection& source, const std::string& name) {
  source.exec("DROP PUBLICATION IF EXISTS " + quote_identifier(name));
}

std::vector<QualifiedName> published_tables(PgConnection& source, const std::string& name) {
  return names_of(source.exec(
      "SELECT schemaname, tablename FROM pg_catalog.pg_publication_tables WHERE pubname = $1 ORDER BY 1, 2", {name}));
}

PgQuery question_of_sent_generated(const std::string& publication) {
  return {
      "SELECT coalesce(row_to_json(p)->>'pubgencols', 'n') = 's' FROM pg_catalog.pg_publication p WHERE p.pubname = $1",
      {publication}};
}

bool sends_generated(PgConnection& source, const std::string& publication) {
  const PgResult generated = ask(source, question_of_sent_generated(publication));
  return generated.rows() > 0 && generated.boolean(0, 0);
}

bool will_send_generated(PgConnection& source, const std::string& publication) {
  if (source.server_version() < kSendsGeneratedSince) return false;
  return publication_state(source, publication) != PublicationState::foreign || sends_generated(source, publication);
}

std::vector<Relation> published_columns(PgConnection& source, const std::string& publication,
                                        const std::vector<std::uint32_t>& oids) {
  const bool with_generated = sends_generated(source, publication);
  const PgResult result =
      ask(source,
          {sql::published_columns, {fmt::format("{{{}}}", fmt::join(oids, ",")), with_generated ? "true" : "false"}});
  std::vector<Relation> out;
  for (int row = 0; row < result.rows(); ++row) {
    const auto table = static_cast<std::uint32_t>(result.integer(row, 0));
    if (out.empty() || out.back().id != table) out.emplace_back().id = table;
    RelationColumn& column = out.back().columns.emplace_back();
    column.name = result.text(row, 1);
    column.number = static_cast<int>(result.integer(row, 2));
    column.type_oid = static_cast<std::uint32_t>(result.integer(row, 3));
    column.typmod = static_cast<std::int32_t>(result.integer(row, 4));
    column.type_name = result.text(row, 5);
  }
  return out;
}

PgQuery question_of_published_types(const std::string& publication) {
  return {
      "SELECT DISTINCT a.atttypid FROM pg_catalog.pg_publication_tables p "
      "JOIN pg_catalog.pg_namespace n ON n.nspname = p.schemaname "
      "JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid AND c.relname = p.tablename "
      "JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped "
      "JOIN pg_catalog.pg_type t ON t.oid = a.atttypid AND t.typtype <> 'e' "
      "WHERE p.pubname = $1",
      {publication}};
}

std::vector<std::uint32_t> published_types(PgConnection& source, const std::string& publication) {
  const PgResult result = ask(source, question_of_published_types(publication));
  std::vector<std::uint32_t> out;
  for (int row = 0; row < result.rows(); ++row) out.push_back(static_cast<std::uint32_t>(result.integer(row, 0)));
  return out;
}

PgQuery question_of_slot(const PgConnection& source, const std::string& name) {
  const bool status = source.server_version() >= kWalStatusSince;
  return {fmt::format("SELECT plugin, coalesce(database, ''), active, coalesce(active_pid, 0), "
                      "coalesce(confirmed_flush_lsn::text, ''), "
                      "coalesce(pg_catalog.pg_wal_lsn_diff({}, restart_lsn), 0)::bigint, {}, "
                      "coalesce(row_to_json(s)->>'invalidation_reason', CASE row_to_json(s)->>'conflicting' "
                      "WHEN 'true' THEN 'a conflict with recovery' ELSE '' END) "
                      "FROM pg_catalog.pg_replication_slots s WHERE slot_name = $1",
                      kWalWritten, status ? "coalesce(wal_status, ''), safe_wal_size" : "'', NULL::bigint"),
          {name}};
}

std::optional<SlotState> read_slot(PgConnection& source, const std::string& name) {
  const PgResult result = ask(source, question_of_slot(source, name));
  if (result.rows() == 0) return std::nullopt;
  SlotState slot;
  slot.plugin = result.text(0, 0);
  slot.database = result.text(0, 1);
  slot.active = result.boolean(0, 2);
  slot.active_pid = result.integer(0, 3);
  slot.confirmed = parse_position(result.value(0, 4));
  slot.retained_bytes = static_cast<std::uint64_t>(std::max<std::int64_t>(0, result.integer(0, 5)));
  slot.wal_status = result.text(0, 6);
  if (!result.is_null(0, 7)) slot.safe_wal_size = result.integer(0, 7);
  slot.invalidated = result.text(0, 8);
  return slot;
}

CreatedSlot create_slot(ReplicationConnection& connection, const std::string& name, SlotLife life, bool failover) {
  const bool temporary = life == SlotLife::temporary;
  const bool kept_by_standbys = failover && !temporary && connection.server_version() >= kFailoverSince &&
                                !connection.command("SELECT pg_catalog.pg_is_in_recovery()").boolean(0, 0);
  const PgResult result = connection.command(fmt::format(
      "CREATE_REPLICATION_SLOT {}{} LOGICAL pgoutput {}", quote_identifier(name), temporary ? " TEMPORARY" : "",
      kept_by_standbys ? "(SNAPSHOT 'export', FAILOVER true)" : "EXPORT_SNAPSHOT"));
  return {parse_position(result.value(0, 1)), result.text(0, 2)};
}

void drop_slot(PgConnection& source, const std::string& name) {
  source.exec("SELECT pg_catalog.pg_drop_replication_slot($1)", {name});
}

void when_slot_is_free(const std::function<void()>& action) {
  for (int attempt = 1;; ++attempt) {
    try {
      return action();
    } catch (Error& error) {
      if (error.sqlstate() != sqlstate::object_in_use) throw;
      if (attempt == kDropAttempts) throw error.hint("end the pgsql2pgsql that follows with this slot first");
    }
    std::this_thread::sleep_for(kDropPause);
  }
}

void drop_slot_when_free(PgConnection& source, const std::string& name) {
  when_slot_is_free([&] { drop_slot(source, name); });
}

}  // namespace dbsync
