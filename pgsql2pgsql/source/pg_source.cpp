#include "pgsql2pgsql/source/pg_source.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/log.h"
#include "pg/catalog.h"
#include "pgsql2pgsql/source/pg_session.h"
#include "pgsql2pgsql/source/standby.h"
#include "schema/quote.h"
#include "verify/row_digest.h"

namespace dbsync {

namespace {

constexpr char kBegin[] = "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY";

// "6.24.3" as {6, 24}; what cannot be read counts as 0.
std::pair<int, int> greenplum_release(const PgConnection& connection) {
  int major = 0;
  int minor = 0;
  const std::string text = connection.parameter("gp_server_version");
  if (std::sscanf(text.c_str(), "%d.%d", &major, &minor) < 1) return {0, 0};
  return {major, minor};
}

}  // namespace

PgSource::PgSource(std::string conninfo, std::string application_name) {
  facts_.conninfo = std::move(conninfo);
  facts_.application_name = std::move(application_name);
}

void PgSource::use_snapshot(std::string name, std::string lsn) {
  given_snapshot_ = std::move(name);
  lsn_ = std::move(lsn);
}

// Greenplum has distributed snapshots to export from 6.21 on.
bool PgSource::can_export() const {
  if (!facts_.dialect.distributed || facts_.dialect.family == ServerFamily::cloudberry) return true;
  const auto release = greenplum_release(*planner_);
  return facts_.dialect.major >= 7 || release >= std::pair{6, 21};
}

void PgSource::check_standby() {
  facts_.standby = dbsync::on_standby(*planner_);
  if (!facts_.standby) return;
  const PgResult result =
      planner_->exec("SELECT current_setting('hot_standby_feedback'), current_setting('max_standby_streaming_delay')");
  if (result.value(0, 0) != "on" && result.value(0, 1) != "-1")
    log::warning("source",
                 fmt::format("the source is a standby that gives up long queries after {}: a copy that takes longer "
                             "may be cancelled; hot_standby_feedback = on keeps the rows it reads",
                             result.value(0, 1)));
}

PgConnection& PgSource::begin(unsigned sessions) {
  planner_ = std::make_unique<PgConnection>(facts_.conninfo, "source", facts_.application_name);
  facts_.dialect = detect_dialect(*planner_);
  check_standby();
  planner_->exec(kBegin);
  if (!given_snapshot_.empty()) planner_->exec("SET TRANSACTION SNAPSHOT " + quote_literal(given_snapshot_));
  if (can_export()) {
    const PgResult exported = planner_->exec("SELECT pg_catalog.pg_export_snapshot(), pg_catalog.pg_backend_pid()");
    facts_.snapshot = exported.text(0, 0);
    holder_ = exported.text(0, 1);
  } else if (sessions > 1) {
    throw Error(ErrorKind::source, fmt::format("{} {} cannot give several sessions the same snapshot",
                                               dialect_name(facts_.dialect), planner_->parameter("gp_server_version")))
        .hint("-j 1 copies over one session; Greenplum 6.21 and later can export a snapshot");
  }
  if (lsn_.empty() && !facts_.dialect.distributed && planner_->server_version() >= 100000)
    lsn_ = planner_->exec(fmt::format("SELECT {}", kWalWritten)).text(0, 0);
  return *planner_;
}

void PgSource::set_target(int version, bool prefer_text, bool need_text) {
  facts_.target_version = version;
  facts_.prefer_text = prefer_text;
  facts_.need_text = need_text;
}

bool PgSource::computes(const PgConnection& target) const {
  constexpr char kEncoding[] = "server_encoding";
  return planner_->server_version() >= kRowDigests && target.server_version() >= kRowDigests &&
         planner_->parameter(kEncoding) == target.parameter(kEncoding);
}

SnapshotFacts PgSource::open_snapshot(unsigned sessions, const std::vector<CopyTask>&) {
  if (!planner_) begin(sessions);
  SnapshotFacts facts;
  facts.method = !given_snapshot_.empty()  ? "snapshot of the replication slot"
                 : facts_.snapshot.empty() ? "snapshot of one session"
                 : facts_.standby          ? "exported snapshot of a standby"
                                           : "exported snapshot";
  if (!lsn_.empty()) facts.position = {{"lsn", lsn_}};
  return facts;
}

std::optional<SnapshotHistory> PgSource::history() {
  constexpr std::uint64_t kMuch = 100'000'000;  // half of autovacuum_freeze_max_age as it comes
  if (holder_.empty() || facts_.dialect.distributed) return std::nullopt;
  PgConnection connection(facts_.conninfo, "source", facts_.application_name);
  const PgResult age = connection.exec(
      "SELECT pg_catalog.age(a.backend_xmin) FROM pg_catalog.pg_stat_activity a WHERE a.pid = $1::int", {holder_});
  if (age.rows() == 0 || age.is_null(0, 0)) return std::nullopt;
  return SnapshotHistory{static_cast<std::uint64_t>(std::max<std::int64_t>(0, age.integer(0, 0))),
                         "transactions' dead rows from VACUUM (the age of its xmin)", kMuch};
}

std::unique_ptr<SourceSession> PgSource::session() {
  auto connection = std::make_unique<PgConnection>(facts_.conninfo, "source", facts_.application_name);
  connection->exec(kBegin);
  if (!facts_.snapshot.empty()) {
    try {
      connection->exec("SET TRANSACTION SNAPSHOT " + quote_literal(facts_.snapshot));
    } catch (Error& error) {
      if (error.connection_lost()) throw;
      snapshot_lost_ = true;
      // The server calls a name that it does not know any more a wrong value.
      throw Error(ErrorKind::source, fmt::format("the snapshot of this copy is gone: {}", error.what()))
          .hint("the source restarted, or ended the session that held it");
    }
  }
  return std::make_unique<PgSession>(std::move(connection), facts_);
}

}  // namespace dbsync
