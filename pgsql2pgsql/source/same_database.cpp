#include "pgsql2pgsql/source/same_database.h"

#include <fmt/format.h>

#include "embedded_sql.h"
#include "pg/prefetch.h"

namespace dbsync {

namespace {

struct Identity {
  std::string database;  // pg_database.oid
  bool standby = false;
  std::string started;
  bool tells_cluster = false;
};

PgQuery question_of_identity() { return {sql::database_identity}; }

Identity identity_of(PgConnection& connection) {
  const PgResult row = ask(connection, question_of_identity());
  return {row.text(0, 0), row.boolean(0, 1), row.text(0, 2), row.boolean(0, 3)};
}

// "" = the role may not ask, or nobody can.
std::string cluster_of(PgConnection& connection, const Identity& identity) {
  if (!identity.tells_cluster) return {};
  return connection.exec("SELECT system_identifier FROM pg_catalog.pg_control_system()", {}).text(0, 0);
}

bool of_other_versions(const PgConnection& source, const PgConnection& target) {
  constexpr int kMajor = 10000;  // minor versions may differ between a standby and its primary
  return source.server_version() / kMajor != target.server_version() / kMajor;
}

std::string files_of(PgConnection& connection) { return connection.exec(sql::database_files, {}).text(0, 0); }

}  // namespace

std::shared_ptr<void> prefetch_identities(PgConnection& source, PgConnection& target) {
  if (of_other_versions(source, target)) return nullptr;
  return prefetch_both(source, {question_of_identity()}, target, {question_of_identity()});
}

bool same_database(PgConnection& source, PgConnection& target) {
  if (of_other_versions(source, target)) return false;
  const Identity here = identity_of(source);
  const Identity there = identity_of(target);
  if (here.database != there.database) return false;
  // A standby was not started when its primary was.
  if (here.standby == there.standby && here.started != there.started) return false;
  const std::string cluster = cluster_of(source, here);
  const std::string other = cluster_of(target, there);
  const bool both_known = !cluster.empty() && !other.empty();
  if (both_known && cluster != other) return false;
  return here.standby == there.standby || both_known || files_of(source) == files_of(target);
}

void refuse_same_database(PgConnection& source, PgConnection& target) {
  if (!same_database(source, target)) return;
  throw Error(ErrorKind::config,
              fmt::format("source and target are the same database: [src.pgsql] leads to {}, [desc.pgsql] to {}",
                          source.endpoint(), target.endpoint()))
      .hint(
          "correct the connect_string of one of them; to copy into another schema of the same database, use CREATE "
          "TABLE … AS; "
          "if the target's server is a clone of the source's files, drop the database there and create it anew");
}

}  // namespace dbsync
