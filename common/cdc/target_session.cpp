#include "cdc/target_session.h"

#include <fmt/format.h>

#include "base/log.h"
#include "embedded_sql.h"
#include "pg/catalog.h"
#include "pg/sqlstate.h"
#include "pg/together.h"

namespace dbsync {

namespace {

// With the replica role, where that is permitted.
bool set_up(PgConnection& connection, bool distributed) {
  const PgQuery settings{sql::apply_session, {distributed ? "t" : "f"}};
  try {
    exec_together(connection, {settings, {"SET session_replication_role = replica"}});
    return true;
  } catch (const Error& error) {
    if (error.sqlstate() != sqlstate::insufficient_privilege) throw;
    exec_together(connection, {settings});
    log::warning("apply", fmt::format("{}: session_replication_role may not be set: triggers and foreign keys of the "
                                      "target are at work, and changes are applied in their order, which is slower",
                                      connection.describe()));
    return false;
  }
}

}  // namespace

TargetSession::TargetSession(const std::string& conninfo, const std::string& name)
    : connection_(conninfo, "target", name) {
  distributed_ = detect_dialect(connection_).distributed;
  const auto asked = std::chrono::steady_clock::now();
  replica_role_ = set_up(connection_, distributed_);
  round_trip_ = std::chrono::steady_clock::now() - asked;
}

PgPipeline& TargetSession::pipeline() {
  if (!pipeline_) pipeline_.emplace(connection_);
  return *pipeline_;
}

void TargetSession::send(PgStatement& statement) {
  static const PgParameters none;
  pipeline().send(statement, none, PgPipeline::kAnyRows);
}

std::optional<PgPipeline::Failure> TargetSession::sync() { return pipeline_ ? pipeline_->sync() : std::nullopt; }

std::optional<PgPipeline::Failure> TargetSession::leave() {
  if (!pipeline_) return std::nullopt;
  auto failure = pipeline_->sync();
  pipeline_->finish();
  pipeline_.reset();
  return failure;
}

void TargetSession::rollback() {
  leave();
  if (connection_.in_transaction()) connection_.exec("ROLLBACK");
  connection_.forget_prepared();
}

}  // namespace dbsync
