#include "copy/loading_session.h"

#include "pg/catalog.h"

namespace dbsync {

PgConnection& LoadingSession::connect() {
  if (connection_) return *connection_;
  auto connection = std::make_unique<PgConnection>(conninfo_, "target", application_name_);
  // Nothing would tell which commits a crash took back.
  if (!journaled_) connection->exec("SET synchronous_commit = on");
  connection_ = std::move(connection);
  return *connection_;
}

}  // namespace dbsync
