// What to tell the source about how far its changes are durable.
//
// flush = what was confirmed: the end of the last transaction that is durable, or
// where the task has been moved to since, with nothing pending. The target must know
// that place before the source does, or a slot that was moved by somebody else could
// not be told from one that we have moved. passed() is the place: when nothing is
// pending, neither a transaction that was handed out and is not yet confirmed nor one
// that has arrived in part, the source's own position; an idle database would
// otherwise keep its log for ever. A position from a keepalive must never cover a
// transaction that is not durable yet.
// Nothing is confirmed behind the limit, where the caller will end: what arrives
// from there on was not asked for, and must come again.
//
// Pure. Threads: one.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>

namespace dbsync {

class Feedback {
 public:
  static constexpr std::uint64_t kNoLimit = std::numeric_limits<std::uint64_t>::max();

  // Everything before `lsn` is durable already.
  explicit Feedback(std::uint64_t lsn = 0, std::uint64_t limit = kNoLimit)
      : confirmed_(lsn), delivered_(lsn), seen_(lsn), limit_(std::max(lsn, limit)) {}

  void transaction_begins() { open_ = true; }
  // It was handed out and will be confirmed later.
  void transaction_delivered(std::uint64_t end) {
    open_ = false;
    delivered_ = std::max(delivered_, end);
    seen_ = std::max(seen_, end);
  }
  // It held nothing, or was durable before.
  void transaction_passed(std::uint64_t end) {
    open_ = false;
    seen_ = std::max(seen_, end);
  }
  void keepalive(std::uint64_t end) {
    if (!open_) seen_ = std::max(seen_, end);
  }
  void confirm(std::uint64_t end) { confirmed_ = std::max(confirmed_, end); }

  bool pending() const { return open_ || confirmed_ < delivered_; }
  std::uint64_t flushed() const { return std::min(limit_, confirmed_); }
  std::uint64_t passed() const { return std::min(limit_, pending() ? confirmed_ : std::max(confirmed_, seen_)); }
  std::uint64_t seen() const { return seen_; }

 private:
  std::uint64_t confirmed_;
  std::uint64_t delivered_;  // end of the last transaction handed out
  std::uint64_t seen_;       // all transactions that end before it were handed out or passed
  std::uint64_t limit_;
  bool open_ = false;
};

}  // namespace dbsync
