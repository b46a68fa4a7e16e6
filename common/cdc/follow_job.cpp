#include "cdc/follow_job.h"

#include <pthread.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <optional>
#include <span>
#include <thread>
#include <utility>
#include <vector>

#include "base/bounded_queue.h"

namespace dbsync {

namespace {

using namespace std::chrono_literals;
using Queue = BoundedQueue<Transaction>;
using Clock = Queue::Clock;

constexpr auto kTick = 1s;             // of reports
constexpr auto kDurableInterval = 1s;  // under load
constexpr auto kDurableWhenIdle = 100ms;
constexpr auto kPassInterval = 3s;  // of moving on without a transaction
constexpr std::size_t kTransactionOverhead = 512;
// Behind by that much, nobody notices a little more; fewer and larger groups cost the
// target less. Sources tell the time in seconds.
constexpr auto kFarBehind = 3s;
constexpr auto kGatherWhenBehind = 25ms;
constexpr std::size_t kGathered = 256;  // transactions; the applier is not woken for less

bool far_behind(const Transaction& transaction) {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return now - std::chrono::microseconds(transaction.commit_time) > kFarBehind;
}

class FollowJob {
 public:
  FollowJob(ChangeStream& stream, Applier& applier, const FollowOptions& options, const std::stop_token& stop)
      : stream_(stream),
        applier_(applier),
        options_(options),
        stop_(stop),
        queue_(options.limits.queue_transactions, options.limits.queue_bytes) {}

  FollowEnd run();

 private:
  // The receiver's thread.
  void receive();
  void receive_all();
  bool hand_over(Transaction& transaction);
  void keep_alive();
  bool end_is_seen() const { return options_.end.known() && stream_.seen() >= options_.end; }

  // The caller's thread.
  void apply_all();
  bool collect();
  void begin_group(const Transaction& first);
  bool add_to_group(Transaction&& transaction);
  std::span<const Transaction> grown();
  void tend();
  bool apply_large(Transaction first);
  std::optional<Transaction> next_part();
  std::optional<Transaction> next_of_group(std::size_t room, Clock::time_point full_by);
  void confirm();
  void pass();
  bool stopping() const { return stop_.stop_requested(); }
  bool full() const {
    const FollowLimits& limits = options_.limits;
    return group_.size() >= most_ || group_changes_ >= limits.group_changes ||
           group_bytes_ >= (behind_ ? limits.group_bytes_behind : limits.group_bytes);
  }

  ChangeStream& stream_;
  Applier& applier_;
  const FollowOptions& options_;
  const std::stop_token stop_;
  Queue queue_;
  std::stop_source done_;  // asks the receiver to end
  std::exception_ptr receiver_error_;
  std::mutex mutex_;  // with finished_: the receiver's last wait
  std::condition_variable_any finished_;
  std::atomic<bool> end_reached_ = false;

  std::vector<Transaction> group_;
  bool behind_ = false;   // it began far behind: a full one is better than an early one
  std::size_t most_ = 0;  // transactions of it
  std::uint64_t group_changes_ = 0;
  std::uint64_t group_bytes_ = 0;
  std::optional<Transaction> large_;  // first part of a transaction, to be applied behind the group
  Clock::duration took_{0};           // the last group
  Clock::time_point last_report_ = Clock::now();
  Clock::time_point last_durable_ = Clock::now();
  Clock::time_point last_pass_ = Clock::now();
};

// False when the transaction was not taken, since the job ends.
bool FollowJob::hand_over(Transaction& transaction) {
  const std::size_t bytes = transaction.changes.memory_bytes() + kTransactionOverhead;
  for (;;) {
    if (queue_.push_until(transaction, bytes, stream_.heartbeat(), done_.get_token())) return true;
    if (done_.stop_requested() || queue_.closed()) return false;
  }
}

void FollowJob::receive_all() {
  Transaction transaction;
  while (!done_.stop_requested()) {
    const auto next = stream_.next(transaction, Clock::now() + kTick);
    if (next == ChangeStream::Next::transaction) {
      const bool behind = options_.end.known() && transaction.first && transaction.start >= options_.end;
      if (behind) {
        end_reached_ = true;
        return;
      }
      if (!hand_over(transaction)) return;
    }
    if (end_is_seen()) {
      end_reached_ = true;
      return;
    }
  }
}

// What was received is still being applied: the source must not give us up.
void FollowJob::keep_alive() {
  std::unique_lock lock(mutex_);
  while (!done_.stop_requested()) {
    lock.unlock();
    const auto beat = stream_.heartbeat();
    lock.lock();
    finished_.wait_until(lock, done_.get_token(), beat, [] { return false; });
  }
}

void FollowJob::receive() {
  pthread_setname_np(pthread_self(), "receiver");
  try {
    receive_all();
    queue_.close();
    keep_alive();
  } catch (...) {
    receiver_error_ = std::current_exception();
    queue_.close();
  }
}

void FollowJob::confirm() {
  const Position position = applier_.make_durable();
  last_durable_ = Clock::now();
  stream_.confirm(position);
}

// The source's log has gone on without anything for us.
void FollowJob::pass() {
  last_pass_ = Clock::now();
  const Position passed = stream_.passed();
  if (!applier_.durable() || passed <= applier_.position()) return;
  applier_.pass(passed);
  stream_.confirm(passed);
}

// What is due now and then, between groups.
void FollowJob::tend() {
  const auto now = Clock::now();
  // The commit of what waits already is flushed by itself.
  const auto due = queue_.size() == 0 ? kDurableInterval : 2 * kDurableInterval;
  if (!applier_.durable() && now - last_durable_ >= due) confirm();
  if (options_.report && now - last_report_ >= kTick) {
    last_report_ = now;
    options_.report(applier_, stream_.seen());
  }
}

// What waits, or comes in time. `room`: for so many in the group.
std::optional<Transaction> FollowJob::next_of_group(std::size_t room, Clock::time_point full_by) {
  for (;;) {
    if (auto next = queue_.try_pop()) return next;
    const auto now = Clock::now();
    if (now >= full_by || stopping() || queue_.closed()) return queue_.try_pop();
    queue_.gather_until(std::min(room, kGathered), std::min(full_by, now + kTick), stop_);
    tend();
  }
}

// Fills group_ with what waits; false when there is nothing and nothing will come.
bool FollowJob::collect() {
  group_.clear();
  const auto wait = applier_.durable() ? Clock::duration(kTick) : Clock::duration(kDurableWhenIdle);
  auto first = queue_.pop_until(Clock::now() + wait, stop_);
  if (!first) {
    if (!stopping() && !applier_.durable()) confirm();
    if (!stopping() && Clock::now() - last_pass_ >= kPassInterval) pass();
    return !(queue_.closed() && queue_.size() == 0);
  }
  begin_group(*first);
  const Clock::duration gather = behind_ ? Clock::duration(kGatherWhenBehind) : Clock::duration(0);
  const auto full_by = Clock::now() + std::max<Clock::duration>(options_.limits.group_wait, gather);
  for (std::optional<Transaction> next = std::move(first); next; next = next_of_group(most_ - group_.size(), full_by))
    if (!add_to_group(std::move(*next))) break;
  return true;
}

void FollowJob::begin_group(const Transaction& first) {
  group_.clear();
  behind_ = far_behind(first);
  most_ = behind_ ? options_.limits.group_transactions_behind : options_.limits.group_transactions;
  group_changes_ = group_bytes_ = 0;
}

// False when the group is full, or ends with the beginning of a large one.
bool FollowJob::add_to_group(Transaction&& transaction) {
  if (!transaction.whole()) {
    large_ = std::move(transaction);
    most_ = group_.size();
    return false;
  }
  group_changes_ += transaction.changes.changes();
  group_bytes_ += transaction.changes.bytes();
  group_.push_back(std::move(transaction));
  return !full();
}

// With what has come while it was written.
std::span<const Transaction> FollowJob::grown() {
  if (!full() && !stopping())
    if (auto next = queue_.try_pop()) add_to_group(std::move(*next));
  return group_;
}

void FollowJob::apply_all() {
  while (!stopping() && collect()) {
    const bool last = queue_.closed() && queue_.size() == 0 && !large_;
    const auto begun = Clock::now();
    // It will be due when the group, which may take as long as the one before, is written.
    const bool flushed = last || begun + took_ - last_durable_ >= kDurableInterval;
    applier_.apply(group_, stop_, behind_ ? Applier::Growing([this] { return grown(); }) : Applier::Growing(), flushed);
    took_ = Clock::now() - begun;
    if (applier_.durable()) confirm();
    tend();
    if (large_ && !apply_large(*std::exchange(large_, std::nullopt))) return;
  }
}

// Nothing when the stream has ended within the transaction, or the job ends.
std::optional<Transaction> FollowJob::next_part() {
  for (;;) {
    auto part = queue_.pop_until(Clock::now() + kTick, stop_);
    if (part) return part;
    if (stopping() || (queue_.closed() && queue_.size() == 0)) return std::nullopt;
  }
}

bool FollowJob::apply_large(Transaction first) {
  const bool applied = applier_.apply_large(
      std::move(first), [this] { return next_part(); }, stop_);
  tend();
  return applied;
}

FollowEnd FollowJob::run() {
  std::exception_ptr error;
  {
    std::jthread receiver([this] { receive(); });
    // Ends the receiver's waits, whatever ends this block.
    const auto end_receiver = [this] {
      done_.request_stop();
      stream_.interrupt();
    };
    const std::stop_callback hard(stop_, [this] { stream_.interrupt(); });
    try {
      apply_all();
      confirm();
      if (!stopping()) pass();
    } catch (...) {
      error = std::current_exception();
    }
    end_receiver();
  }
  if (error) std::rethrow_exception(error);
  if (receiver_error_ && !stopping()) std::rethrow_exception(receiver_error_);
  return end_reached_ && !stopping() ? FollowEnd::reached : FollowEnd::stopped;
}

}  // namespace

FollowEnd run_follow_job(ChangeStream& stream, Applier& applier, const FollowOptions& options,
                         const std::stop_token& stop) {
  return FollowJob(stream, applier, options, stop).run();
}

}  // namespace dbsync
