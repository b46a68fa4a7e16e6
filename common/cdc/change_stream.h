// Where transactions come from: a connection to a source that follows its log.
//
// next() gives transactions in commit order, large ones in parts. confirm() tells how far
// everything is durable, so that the source can let go of its log.
//
// Threads: one thread owns the stream and calls next() and heartbeat();
// confirm() and interrupt() may be called from any thread.
// Errors: those of the source, with the position in their context.
#pragma once

#include <chrono>

#include "cdc/transaction.h"

namespace dbsync {

class ChangeStream {
 public:
  using Clock = std::chrono::steady_clock;

  enum class Next {
    transaction,  // one was returned, or a part of a large one
    position,     // none, but the source has told how far its log has come
    timeout,      // none by the deadline, or interrupted
  };

  virtual ~ChangeStream() = default;

  // Waits until the deadline for a transaction.
  virtual Next next(Transaction& out, Clock::time_point deadline) = 0;

  // Sends what the source must hear from time to time; next() does so by itself.
  // Returns when it wants to be called again.
  virtual Clock::time_point heartbeat() = 0;

  // Everything up to here is durable where it has to be.
  virtual void confirm(const Position& position) = 0;

  // Tells the source, in order, that this reader ends; what is confirmed is sent.
  virtual void finish() {}

  // Makes a waiting next() return.
  virtual void interrupt() = 0;

  // How far the source's log has been seen: transactions returned so far, and
  // what the source says holds none.
  virtual Position seen() const = 0;

  // Nothing before it is on its way or waits for confirm(): where one may go on from.
  virtual Position passed() const = 0;
};

}  // namespace dbsync
