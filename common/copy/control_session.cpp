#include "copy/control_session.h"

#include "base/log.h"

namespace dbsync {

PgConnection& ControlSession::open() {
  connection_ = another();
  return *connection_;
}

PgConnection& ControlSession::durable() {
  durable({});
  return *connection_;
}

std::vector<PgResult> ControlSession::durable(const std::vector<PgQuery>& questions) {
  std::vector<PgQuery> all{{"SET synchronous_commit = on"}};
  all.insert(all.end(), questions.begin(), questions.end());
  const auto ask = [&] {
    auto answers = exec_together(*connection_, all);
    answers.erase(answers.begin());
    return answers;
  };
  if (connection_) {
    try {
      if (connection_->in_transaction()) connection_->exec("ROLLBACK");
      return ask();
    } catch (const Error& error) {
      log::debug("main", error.what());
    }
  }
  open();
  return ask();
}

std::unique_ptr<PgConnection> ControlSession::another() const {
  return std::make_unique<PgConnection>(conninfo_, "target", application_name_);
}

}  // namespace dbsync
