#include "status/status_writer.h"

#include <exception>
#include <utility>

#include <fmt/format.h>

#include "base/error.h"
#include "base/log.h"
#include "status/metrics.h"

namespace dbsync {

namespace {

// When there is no thread to be had, by whoever waits for it.
std::future<void> beside(const std::function<void()>& body) {
  return std::async(std::launch::async | std::launch::deferred, body);
}

}  // namespace

template <class Body>
void StatusWriter::quietly(const Body& body) {
  try {
    try {
      body();
    } catch (const Error& error) {
      if (!error.connection_lost()) throw;
      body();  // on a new connection: the server may have restarted
    }
  } catch (const std::exception& e) {
    if (!warned_)
      log::warning("status",
                   fmt::format("the status tables cannot be written, the copy goes on without: {}", e.what()));
    warned_ = true;
  }
}

StatusWriter::StatusWriter(std::unique_ptr<StatusStore> store, RunStatus run)
    : store_(std::move(store)), run_(std::move(run)) {
  run_.state = "copying";
}

StatusWriter::~StatusWriter() { settled(); }

std::unique_lock<std::mutex> StatusWriter::settled() {
  {
    const std::lock_guard lock(posting_);
    if (beginning_.valid()) beginning_.wait();
    if (update_.valid()) update_.wait();
  }
  return std::unique_lock(mutex_);
}

void StatusWriter::begin_copy() {
  const std::lock_guard lock(posting_);
  if (beginning_.valid()) return;
  beginning_ = beside([this] {
    const std::lock_guard held(mutex_);
    begin();
  });
}

void StatusWriter::begin() {
  if (std::exchange(begun_, true)) return;
  quietly([this] { store_->begin(run_); });
}

void StatusWriter::add_up(const std::vector<TableStatus>& tables) {
  run_.tables = tables.size();
  run_.tables_done = run_.tables_failed = run_.rows = run_.bytes = run_.estimated_bytes = 0;
  for (const TableStatus& table : tables) {
    if (table.state == "done") ++run_.tables_done;
    if (table.state == "failed") ++run_.tables_failed;
    run_.rows += table.rows;
    run_.bytes += table.bytes;
    run_.estimated_bytes += table.estimated_bytes;
  }
}

// Only what has changed: a thousand finished tables need not be written again
// every other second.
void StatusWriter::write(std::vector<TableStatus> tables, bool ended) {
  if (run_.id == 0) return;  // it could not even begin
  const bool adds = !tables_added_ && !tables.empty();
  if (adds) {
    store_->add_tables(run_, tables);
    tables_added_ = true;
  }
  if (!adds || ended) {
    std::vector<std::size_t> changed;
    for (std::size_t i = 0; i < tables.size() && !adds; ++i)
      if (i >= written_.size() || !(tables[i] == written_[i])) changed.push_back(i);
    store_->update(run_, tables, changed, ended);
  }
  if (!tables.empty()) written_ = std::move(tables);
}

void StatusWriter::take(const std::vector<TableStatus>& tables, const CopyFacts& facts) {
  run_.steps = facts.steps;
  run_.spent = facts.spent;
  run_.snapshot = facts.snapshot;
  run_.snapshot_seconds = facts.snapshot_seconds;
  add_up(tables);
  metrics::copy(run_, tables);
}

void StatusWriter::update(std::vector<TableStatus> tables, const CopyFacts& facts) {
  const std::lock_guard lock(posting_);
  if (update_.valid()) update_.wait();
  const auto told = std::make_shared<std::vector<TableStatus>>(std::move(tables));
  update_ = beside([this, told, facts] {
    if (beginning_.valid()) beginning_.wait();
    const std::lock_guard held(mutex_);
    begin();
    run_.state = "copying";
    take(*told, facts);
    quietly([&] { write(*told, false); });
  });
}

void StatusWriter::end_copy(const std::vector<TableStatus>& tables, const std::string& state, int exit_status,
                            const std::string& message, const CopyFacts& facts) {
  const auto lock = settled();
  begin();
  if (!tables.empty()) take(tables, facts);
  run_.state = state;
  if (state != "following") run_.exit_status = exit_status;
  run_.message = message;
  quietly([&] { write(tables, true); });
}

void StatusWriter::retained(std::uint64_t bytes, const std::string& wal_status) {
  const std::lock_guard lock(mutex_);
  run_.follow.retained_bytes = bytes;
  run_.follow.wal_status = wal_status;
  metrics::retained(bytes);
}

void StatusWriter::write_following() {
  quietly([this] {
    if (!following_) store_->begin_following(run_);
    following_ = true;
    store_->update_following(run_);
  });
}

void StatusWriter::take(const FollowStatus& status) {
  run_.follow = status;
  run_.apply_id = static_cast<std::int64_t>(status.transactions);
  metrics::follow(run_);
}

void StatusWriter::follow(const FollowStatus& status) {
  const auto lock = settled();
  run_.state = "following";
  run_.exit_status.reset();
  run_.message.clear();
  take(status);
  write_following();
}

void StatusWriter::note_follow(const FollowStatus& status) {
  const std::lock_guard lock(mutex_);
  take(status);
}

void StatusWriter::follow_beside(const FollowStatus& status) {
  const auto lock = settled();
  take(status);
  write_following();
}

void StatusWriter::end_following(const std::string& state, int exit_status, const std::string& message) {
  const auto lock = settled();
  run_.state = state;
  run_.exit_status = exit_status;
  run_.message = message;
  write_following();
}

}  // namespace dbsync
