#include "copy/control_session.h"

#include <algorithm>
#include <utility>

#include "base/log.h"

namespace dbsync {

namespace {

const PgQuery kDurable{"SET synchronous_commit = on"};

}  // namespace

PgConnection& ControlSession::open() {
  ahead_.reset();
  connection_ = another();
  return *connection_;
}

bool ControlSession::answers(std::vector<PgQuery> ahead) {
  try {
    ahead.insert(ahead.begin(), kDurable);
    ahead_.emplace(*connection_, std::move(ahead));
    ask(*connection_, kDurable);
    return true;
  } catch (const Error& error) {
    log::debug("main", error.what());
    ahead_.reset();
    return false;
  }
}

bool ControlSession::came_ahead(const std::vector<PgQuery>& questions) const {
  const auto known = [&](const PgQuery& question) { return PgPrefetch::has(*connection_, question); };
  return ahead_ && !questions.empty() && std::all_of(questions.begin(), questions.end(), known);
}

PgConnection& ControlSession::durable() {
  durable({});
  return *connection_;
}

std::vector<PgResult> ControlSession::durable(const std::vector<PgQuery>& questions) {
  std::vector<PgQuery> all{kDurable};
  all.insert(all.end(), questions.begin(), questions.end());
  const auto ask_all = [&] {
    auto answers = exec_together(*connection_, all);
    answers.erase(answers.begin());
    return answers;
  };
  if (connection_) {
    try {
      if (came_ahead(questions)) return ask_together(*connection_, questions);
      if (connection_->in_transaction()) connection_->exec("ROLLBACK");
      return ask_all();
    } catch (const Error& error) {
      log::debug("main", error.what());
    }
  }
  open();
  return ask_all();
}

std::optional<bool> ControlSession::found(const PgQuery& question) {
  if (!connection_ || !PgPrefetch::has(*connection_, question)) return std::nullopt;
  try {
    return ask(*connection_, question).rows() > 0;
  } catch (const Error& error) {
    log::debug("main", error.what());
    return std::nullopt;
  }
}

std::unique_ptr<PgConnection> ControlSession::another() const {
  return std::make_unique<PgConnection>(conninfo_, "target", application_name_);
}

}  // namespace dbsync
