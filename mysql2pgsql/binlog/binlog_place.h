// Where a stream reads, for other threads to look at: the binlog file and the time that
// tells it from others of its name.
//
// Threads: any.
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <string>

namespace dbsync {

// For what can only be so when reading began within a transaction.
inline constexpr char kWithinTransactionHint[] =
    "the position is within a transaction: give one where a transaction begins, or begin anew with --restart";

class BinlogPlace {
 public:
  void set(const std::string& file, std::uint32_t time) {
    const std::lock_guard lock(mutex_);
    file_ = file;
    file_time = time;
  }
  std::string file() const {
    const std::lock_guard lock(mutex_);
    return file_;
  }

  std::atomic<std::uint32_t> file_time{0};  // 0 = nothing was read yet

 private:
  mutable std::mutex mutex_;
  std::string file_;
};

}  // namespace dbsync
