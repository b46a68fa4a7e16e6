#include "copy/control_session.h"

namespace dbsync {

PgConnection& ControlSession::open() {
  connection_ = another();
  return *connection_;
}

PgConnection& ControlSession::durable() {
  if (!connection_ || !connection_->answers()) open();
  if (connection_->in_transaction()) connection_->exec("ROLLBACK");
  connection_->exec("SET synchronous_commit = on");
  return *connection_;
}

std::unique_ptr<PgConnection> ControlSession::another() const {
  return std::make_unique<PgConnection>(conninfo_, "target", application_name_);
}

}  // namespace dbsync
