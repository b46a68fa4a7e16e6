#include "copy/control_session.h"

#include "base/log.h"

namespace dbsync {

PgConnection& ControlSession::open() {
  connection_ = another();
  return *connection_;
}

PgConnection& ControlSession::durable() {
  constexpr char kDurable[] = "SET synchronous_commit = on";
  if (connection_) {
    try {
      if (connection_->in_transaction()) connection_->exec("ROLLBACK");
      connection_->exec(kDurable);
      return *connection_;
    } catch (const Error& error) {
      log::debug("main", error.what());
    }
  }
  open().exec(kDurable);
  return *connection_;
}

std::unique_ptr<PgConnection> ControlSession::another() const {
  return std::make_unique<PgConnection>(conninfo_, "target", application_name_);
}

}  // namespace dbsync
