// Applies transactions to the target, exactly once.
//
// The changes of a group of transactions and the task's progress row are one
// transaction of the target. It is applied in sets first (batch_apply.h); what
// does not fit is applied transaction by transaction and change by change
// (exact_apply.h).
//
// Commits are not flushed one by one (synchronous_commit = off): only what
// make_durable() returns may be confirmed to the source. A crash of the target
// loses the last commits whole, progress row included, and they come again.
//
// Of groups that grow and are not to be flushed, the answer to COMMIT is not waited for:
// it comes with those to the next group, and is settle()d before anything but a group.
// When such a commit fails, the attempt ends: the next one begins where the target is.
//
// Errors: with the position in their context; the target is left as it was
// before the transaction in question. Threads: one, except cancel() and counters().
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <stop_token>
#include <string>

#include "cdc/batch_apply.h"
#include "cdc/conflict.h"
#include "cdc/exact_apply.h"
#include "cdc/plan_cache.h"
#include "cdc/progress_store.h"
#include "cdc/target_session.h"
#include "cdc/transaction.h"

namespace dbsync {

struct ApplierOptions {
  std::string conninfo;
  std::string application_name;
  // A session that was set up before, with the same two; null: the applier connects.
  std::shared_ptr<TargetSession> session = {};
  std::string task;
  std::string progress = {};        // whose row of dbsync.apply_progress; "" = the task's
  std::optional<Progress> at = {};  // of that row as it is now; else it is read
  SchemaPolicy schema;
  ConflictPolicy conflicts = ConflictPolicy::error;
  // Whether commits may be left unanswered for a while; made false when one of those failed,
  // and to be kept for the next attempt then. Null: they may not.
  bool* commits_ahead = nullptr;
  // Of all that ends there, for the progress row; null: the source has none.
  std::function<std::string(const Position&)> gtids_at;
};

// What was applied since the start; may be read from any thread.
struct ApplyCounters {
  std::atomic<std::uint64_t> transactions{0};
  std::atomic<std::uint64_t> changes{0};
  std::atomic<std::uint64_t> commits{0};     // on the target
  std::atomic<std::uint64_t> one_by_one{0};  // transactions that did not fit as sets
  std::atomic<std::uint64_t> conflicts{0};
  std::atomic<std::int64_t> source_time{0};  // of the last transaction, µs since 1970
};

class Applier {
 public:
  // Connects; the task must have a progress row.
  explicit Applier(ApplierOptions options);

  // Changes of these tables come soon.
  void expect(const std::vector<FollowedTarget>& tables) { plans_.ask_ahead(tables); }

  // All transactions that end here or before are applied.
  const Position& position() const { return position_; }

  // The group as it is now: more of it than before when transactions have come meanwhile.
  using Growing = std::function<std::span<const Transaction>()>;
  // Applies the transactions in their order, all or up to the one that fails. `growing`, if
  // any, is asked when they are written to the connection and before the target has answered.
  // `flushed`: their commit is, as by make_durable(), unless they do not fit as a group.
  void apply(std::span<const Transaction> group, const std::stop_token& stop, const Growing& growing = {},
             bool flushed = false);

  // Applies a large transaction part by part, while it arrives. `next` waits for
  // the next part; nothing means that none will come, and the transaction is rolled
  // back. The parts are kept in temporary files, to be applied change by change
  // should they not fit. False when it was rolled back.
  bool apply_large(Transaction first, const std::function<std::optional<Transaction>()>& next,
                   const std::stop_token& stop);

  // The target's table is made to fit one of the source whose changes have not come,
  // as it would be with the first one.
  void fit(const Relation& relation);

  // Nothing that is to be applied lies before `position`: the task goes on from there.
  void pass(const Position& position);

  // What position() says is committed.
  void settle();

  // How many transactions the task had applied when this connected.
  std::uint64_t transactions_before() const { return transactions_before_; }

  // Tables of the target that changes have come into since the last call.
  std::set<QualifiedName> take_touched() { return plans_.take_touched(); }

  bool durable() const { return durable_ == position_; }
  // Makes all that is applied survive a crash of the target; returns how far that is.
  Position make_durable();

  const ApplyCounters& counters() const { return counters_; }
  void cancel() const noexcept { session_.cancel(); }  // any thread

 private:
  void begin();
  void commit(std::span<const Transaction> group, bool ahead = false);
  void send_commit();
  void prove_commit();
  // What a group, or the parts of one transaction, come to.
  ProgressStep step_of(std::span<const Transaction> group) const;
  std::string gtids_at(const Position& position) const {
    return options_.gtids_at ? options_.gtids_at(position) : std::string();
  }
  const std::string& row() const { return options_.progress.empty() ? options_.task : options_.progress; }
  bool try_part(const Transaction& part, const std::stop_token& stop);
  void try_group(std::span<const Transaction>& group, const std::stop_token& stop, const Growing& growing = {});
  void write_group(std::span<const Transaction>& group, const std::stop_token& stop, const Growing& growing);
  void apply_alone(std::span<const Transaction> parts, const std::stop_token& stop);
  void roll_back();

  ApplierOptions options_;
  TargetSession& session_;
  PlanCache plans_;
  BatchApply batch_;
  ExactApply exact_;
  ProgressWriter progress_;
  PgStatement begin_statement_{"begin", "BEGIN", {}, false};
  PgStatement flush_statement_{"flush_commit", "SET LOCAL synchronous_commit = on", {}, false};
  PgStatement commit_statement_{"commit", "COMMIT", {}, false};
  bool flushes_ = false;   // the commit of the transaction that is begun
  bool unproved_ = false;  // the commit at position_ has not been answered
  bool broken_ = false;    // it has failed
  Position position_;
  Position durable_;
  std::uint64_t transactions_before_ = 0;
  ApplyCounters counters_;
};

}  // namespace dbsync
