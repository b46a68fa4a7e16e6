#include "cdc/applier.h"

#include <chrono>
#include <thread>

#include <fmt/format.h>

#include "base/log.h"

namespace dbsync {

namespace {

using namespace std::chrono_literals;

constexpr int kMostRetries = 5;
constexpr auto kFirstPause = 20ms;

// A deadlock or the like: the same statements may pass the next time.
bool worth_a_retry(const Error& error) { return error.retryable() && !error.connection_lost() && !error.sqlstate().empty(); }

// Applying the transactions in another way cannot help.
bool final_error(const Error& error) {
  return error.connection_lost() || error.kind() == ErrorKind::interrupted || dynamic_cast<const NeedText*>(&error) != nullptr;
}

}  // namespace

Applier::Applier(ApplierOptions options)
    : options_(std::move(options)),
      session_(options_.conninfo, options_.application_name),
      plans_(session_, options_.schema, options_.binary),
      batch_(session_, plans_),
      exact_(session_, plans_, options_.conflicts),
      progress_(options_.task) {
  const auto progress = read_progress(session_.connection(), options_.task);
  if (!progress)
    throw Error(ErrorKind::target, fmt::format("the target knows nothing of the task {}", options_.task))
        .hint("the row of dbsync.apply_progress is missing: start the task from its beginning");
  position_ = durable_ = progress->position;
}

void Applier::begin(std::span<const Transaction> group) {
  session_.send(begin_statement_);
  ProgressStep step{position_, group.back().end, group.back().commit_time, group.size(), 0};
  for (const Transaction& transaction : group) step.changes += transaction.changes.changes();
  progress_.send(session_, step);
}

void Applier::commit(std::span<const Transaction> group) {
  if (auto failure = session_.leave()) throw Error(failure->error);
  session_.connection().exec("COMMIT");
  position_ = group.back().end;
  plans_.committed();
  counters_.transactions += group.size();
  for (const Transaction& transaction : group) counters_.changes += transaction.changes.changes();
  ++counters_.commits;
  counters_.source_time = group.back().commit_time;
}

void Applier::roll_back() {
  batch_.reset();
  session_.rollback();
  plans_.rolled_back();
  begin_statement_.prepared = false;
  progress_.forget_prepared();
}

void Applier::try_group(std::span<const Transaction> group, const std::stop_token& stop) {
  for (int attempt = 1;; ++attempt) {
    try {
      begin(group);
      for (const Transaction& transaction : group) batch_.apply(transaction, stop);
      batch_.flush();
      return commit(group);
    } catch (const Error& error) {
      if (error.connection_lost()) throw;
      roll_back();
      if (attempt == kMostRetries || !worth_a_retry(error)) throw;
      log::debug("apply", fmt::format("trying again: {}", error.what()));
      std::this_thread::sleep_for(kFirstPause * (1 << attempt));
    }
  }
}

void Applier::apply_alone(const Transaction& transaction, const std::stop_token& stop) {
  const std::span<const Transaction> alone(&transaction, 1);
  try {
    begin(alone);
    if (auto failure = session_.leave()) throw Error(failure->error);
    exact_.apply(transaction, stop);
    if (exact_.conflicts().total() > 0)
      progress_.add_conflicts(session_.connection(), exact_.conflicts().total());
    commit(alone);
    counters_.conflicts += exact_.conflicts().total();
    ++counters_.one_by_one;
  } catch (const Error& error) {
    if (!error.connection_lost()) roll_back();
    throw;
  }
}

void Applier::apply(std::span<const Transaction> group, const std::stop_token& stop) {
  if (group.empty()) return;
  try {
    return try_group(group, stop);
  } catch (const Error& error) {
    if (final_error(error)) throw;
    log::debug("apply", fmt::format("{} transactions do not fit as a group: {}", group.size(), error.what()));
  }
  for (const Transaction& transaction : group) {
    try {
      if (group.size() > 1) {
        try_group({&transaction, 1}, stop);
        continue;
      }
    } catch (const Error& error) {
      if (final_error(error)) throw;
    }
    apply_alone(transaction, stop);
  }
}

Position Applier::make_durable() {
  if (durable()) return durable_;
  PgConnection& connection = session_.connection();
  PgTransaction transaction(connection);
  // Flushing this commit flushes all that were made before it.
  connection.exec("SET LOCAL synchronous_commit = on");
  connection.exec("UPDATE dbsync.apply_progress SET position = position WHERE task = $1", {options_.task});
  transaction.commit();
  durable_ = position_;
  return durable_;
}

}  // namespace dbsync
