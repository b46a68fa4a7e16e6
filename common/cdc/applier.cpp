#include "cdc/applier.h"

#include <chrono>
#include <thread>

#include <fmt/format.h>

#include "base/log.h"
#include "cdc/known_tables.h"
#include "pg/sqlstate.h"
#include "pg/together.h"

namespace dbsync {

namespace {

using namespace std::chrono_literals;

constexpr int kMostRetries = 5;
constexpr auto kFirstPause = 20ms;

// A deadlock or the like: the same statements may pass the next time. Values that come in a
// binary form that does not fit come in text after a new start.
bool worth_a_retry(const Error& error) {
  return error.retryable() && !error.connection_lost() && !error.sqlstate().empty() &&
         error.sqlstate() != sqlstate::invalid_binary_representation;
}

// Applying the transactions in another way cannot help.
bool final_error(const Error& error) {
  return error.connection_lost() || error.kind() == ErrorKind::interrupted ||
         error.sqlstate() == sqlstate::invalid_binary_representation;
}

TargetSession& session_of(ApplierOptions& options) {
  if (!options.session) options.session = std::make_shared<TargetSession>(options.conninfo, options.application_name);
  return *options.session;
}

}  // namespace

Applier::Applier(ApplierOptions options)
    : options_(std::move(options)),
      session_(session_of(options_)),
      plans_(session_, options_.schema, options_.task),
      batch_(session_, plans_),
      exact_(session_, plans_, options_.conflicts),
      progress_(row()) {
  const auto progress = options_.at ? options_.at : read_progress(session_.connection(), row());
  if (!progress)
    throw Error(ErrorKind::target, fmt::format("the target knows nothing of the task {}", row()))
        .hint("the row of dbsync.apply_progress is missing: start the task from its beginning");
  ensure_known_tables(session_.connection());
  position_ = durable_ = progress->position;
  transactions_before_ = progress->transactions;
  if (progress->tolerant_until <= position_) return;
  exact_.tolerate(progress->tolerant_until);
  log::info("apply", fmt::format("changes up to {} may be in the rows already: what does not fit there is made to fit",
                                 progress->tolerant_until.text()));
}

ProgressStep Applier::step_of(std::span<const Transaction> group) const {
  ProgressStep step{.from = position_,
                    .to = group.back().end,
                    .source_time = group.back().commit_time,
                    .gtids = gtids_at(group.back().end)};
  for (const Transaction& transaction : group) {
    step.transactions += transaction.last ? 1 : 0;
    step.changes += transaction.changes.changes();
  }
  return step;
}

void Applier::begin() {
  session_.send(begin_statement_);
  if (flushes_) session_.send(flush_statement_);
}

// Goes out at once, and its answer comes with those to the next group; the server passes over
// that one when it fails.
void Applier::send_commit() {
  session_.send(commit_statement_);
  session_.pipeline().push();
  unproved_ = true;
}

// Behind an error that may have been that of the last commit.
void Applier::prove_commit() {
  if (!std::exchange(unproved_, false)) return;
  const auto progress = read_progress(session_.connection(), row());
  if (progress && progress->position == position_) return;
  *options_.commits_ahead = false;
  broken_ = true;
  Error error(ErrorKind::target, fmt::format("the commit of what ends at {} has failed", position_.text()));
  error.mark_retryable();
  throw error;
}

void Applier::settle() {
  if (!unproved_) return;
  if (session_.leave()) return roll_back();
  unproved_ = false;
}

void Applier::commit(std::span<const Transaction> group, bool ahead) {
  ahead = ahead && !flushes_ && options_.commits_ahead != nullptr && *options_.commits_ahead &&
          session_.replica_role() && !session_.distributed();
  plans_.prove_tables();
  plans_.ask_renewed();
  if (auto failure = ahead ? session_.sync() : session_.leave()) throw Error(failure->error);
  unproved_ = false;
  plans_.confirm();
  if (ahead)
    send_commit();
  else
    session_.connection().exec("COMMIT");
  const ProgressStep step = step_of(group);
  position_ = step.to;
  if (flushes_) durable_ = position_;
  if (plans_.committed()) batch_.reset();
  counters_.transactions += step.transactions;
  counters_.changes += step.changes;
  ++counters_.commits;
  counters_.source_time = group.back().commit_time;
  if (session_.distributed()) plans_.growth().analyze(session_.connection());
}

void Applier::roll_back() {
  batch_.reset();
  session_.rollback();
  plans_.rolled_back();
  begin_statement_.prepared = flush_statement_.prepared = commit_statement_.prepared = false;
  progress_.forget_prepared();
  prove_commit();
}

// The target is at work on what was written of the group while more of it is.
void Applier::write_group(std::span<const Transaction>& group, const std::stop_token& stop, const Growing& growing) {
  begin();
  if (growing)
    progress_.lock(session_, position_);
  else
    progress_.send(session_, step_of(group));
  for (const Transaction& transaction : group) batch_.apply(transaction, stop);
  if (growing)
    for (std::size_t written = group.size(); (group = growing()).size() > written; written = group.size())
      for (const Transaction& transaction : group.subspan(written)) batch_.apply(transaction, stop);
  batch_.flush();
  if (growing) progress_.send(session_, step_of(group));
}

void Applier::try_group(std::span<const Transaction>& group, const std::stop_token& stop, const Growing& growing) {
  for (int attempt = 1;; ++attempt) {
    try {
      write_group(group, stop, growing);
      return commit(group, growing != nullptr);
    } catch (const Error& error) {
      if (error.connection_lost()) throw;
      roll_back();
      if (attempt == kMostRetries || !worth_a_retry(error)) throw;
      log::debug("apply", fmt::format("trying again: {}", error.what()));
      std::this_thread::sleep_for(kFirstPause * (1 << attempt));
    }
  }
}

// One transaction, whole or in all its parts, change by change.
void Applier::apply_alone(std::span<const Transaction> parts, const std::stop_token& stop) {
  try {
    begin();
    progress_.send(session_, step_of(parts));
    if (auto failure = session_.leave()) throw Error(failure->error);
    std::uint64_t conflicts = 0;
    for (const Transaction& part : parts) {
      exact_.apply(part, parts.back().end, stop);
      conflicts += exact_.conflicts().total();
    }
    if (conflicts > 0) progress_.add_conflicts(session_.connection(), conflicts);
    commit(parts);
    counters_.conflicts += conflicts;
    ++counters_.one_by_one;
  } catch (const Error& error) {
    if (!error.connection_lost()) roll_back();
    throw;
  }
}

void Applier::apply(std::span<const Transaction> group, const std::stop_token& stop, const Growing& growing,
                    bool flushed) {
  if (group.empty()) return;
  try {
    flushes_ = flushed;
    try_group(group, stop, growing);
    flushes_ = false;
    return;
  } catch (const Error& error) {
    flushes_ = false;
    if (broken_ || final_error(error)) throw;
    log::debug("apply", fmt::format("{} transactions do not fit as a group: {}", group.size(), error.what()));
  }
  for (const Transaction& transaction : group) {
    try {
      if (group.size() > 1) {
        std::span<const Transaction> one(&transaction, 1);
        try_group(one, stop);
        continue;
      }
    } catch (const Error& error) {
      if (broken_ || final_error(error)) throw;
    }
    apply_alone({&transaction, 1}, stop);
  }
}

// False when the part did not fit; the transaction is rolled back then.
bool Applier::try_part(const Transaction& part, const std::stop_token& stop) {
  try {
    if (part.first) {
      session_.send(begin_statement_);
      progress_.lock(session_, position_);
    }
    batch_.apply(part, stop);
    batch_.flush();  // the part's memory goes
    return true;
  } catch (const Error& error) {
    if (error.connection_lost()) throw;
    roll_back();
    if (final_error(error)) throw;
    log::debug("apply", fmt::format("a large transaction does not fit as sets: {}", error.what()));
    return false;
  }
}

bool Applier::apply_large(Transaction first, const std::function<std::optional<Transaction>()>& next,
                          const std::stop_token& stop) {
  settle();
  std::vector<Transaction> parts;
  bool fits = true;
  for (std::optional<Transaction> part = std::move(first); part; part = next()) {
    fits = fits && try_part(*part, stop);
    const bool last = part->last;
    part->changes.spill();
    parts.push_back(std::move(*part));
    if (!last) continue;
    try {
      if (fits) {
        progress_.send(session_, step_of(parts));
        commit(parts);
        return true;
      }
    } catch (const Error& error) {
      if (error.connection_lost()) throw;
      roll_back();
    }
    apply_alone(parts, stop);
    return true;
  }
  if (fits) roll_back();
  return false;
}

void Applier::fit(const Relation& relation) {
  settle();
  PgTransaction transaction(session_.connection());
  try {
    plans_.fit(relation);
  } catch (Error&) {
    plans_.rolled_back();
    batch_.reset();
    throw;
  }
  transaction.commit();
}

void Applier::pass(const Position& position) {
  make_durable();
  PgConnection& connection = session_.connection();
  PgTransaction transaction(connection, PgTransaction::BegunElsewhere{});
  const auto answers = exec_together(
      connection, {{"BEGIN"},
                   {"SET LOCAL synchronous_commit = on"},
                   {"UPDATE dbsync.apply_progress SET position = $3, gtids = $4 WHERE task = $1 AND position = $2",
                    {row(), position_.text(), position.text(), gtids_at(position)}}});
  if (answers[2].affected_rows() != 1) throw moved_by_another(row());
  transaction.commit();
  position_ = durable_ = position;
}

Position Applier::make_durable() {
  if (durable()) return durable_;
  settle();
  PgConnection& connection = session_.connection();
  PgTransaction transaction(connection, PgTransaction::BegunElsewhere{});
  // Flushing this commit flushes all that were made before it.
  exec_together(connection, {{"BEGIN"},
                             {"SET LOCAL synchronous_commit = on"},
                             {"UPDATE dbsync.apply_progress SET position = position WHERE task = $1", {row()}},
                             {"COMMIT"}});
  transaction.was_committed();
  durable_ = position_;
  return durable_;
}

}  // namespace dbsync
