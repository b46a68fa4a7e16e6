#include "copy/worker_session.h"

namespace dbsync {

PgConnection& WorkerSession::connect_target() {
  if (!target_) {
    target_ = makers_.target();
    block_ranges_ = false;
  }
  return *target_;
}

void WorkerSession::connect(bool writes) {
  connect_target();
  if (!source_) source_ = makers_.source();
  if (writes && !writer_) writer_ = makers_.writer();
}

std::optional<Error> WorkerSession::attempt(const std::stop_token& cancel, const std::function<void()>& work,
                                            bool writes) {
  try {
    connect(writes);
    const std::stop_callback cancel_all(cancel, [this] {
      source_->cancel();
      target_->cancel();
      if (writer_) writer_->cancel();
    });
    work();
    return std::nullopt;
  } catch (Error& error) {
    drop();
    return std::move(error);
  } catch (const std::exception& e) {
    drop();
    return Error(ErrorKind::internal, e.what());
  }
}

// A session that failed may be in any state; the source's is kept if it can be, for
// its snapshot.
void WorkerSession::drop() noexcept {
  if (source_ && !source_->usable()) source_.reset();
  target_.reset();
  writer_.reset();
}

bool NewTries::allow(const Error& error) const {
  return error.retryable() && tries_ < options_.times && !drain_.stop_requested();
}

bool NewTries::wait(const std::string& component, std::string_view what, const Error& error) {
  return wait_before({++tries_, options_.times, options_.interval}, component, what, error, drain_);
}

std::unique_ptr<PgConnection> loading_connection(const std::string& conninfo, const std::string& application_name,
                                                 bool journaled) {
  auto connection = std::make_unique<PgConnection>(conninfo, "target", application_name);
  // Nothing would tell which commits a crash took back.
  if (!journaled) connection->exec("SET synchronous_commit = on");
  return connection;
}

}  // namespace dbsync
