// How much WAL the slot of a task keeps on the source, and what is done about it.
//
// Threads: one at a time.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "base/error.h"
#include "config/config.h"
#include "pg/connection.h"

namespace dbsync {

class RetainedWalGuard {
 public:
  RetainedWalGuard(const FollowConfig& config, std::string slot) : config_(config), slot_(std::move(slot)) {}

  // What the slot keeps now. An error when that is more than it may and the task was
  // told to stop then; else warns of it, and of WAL in danger, once a minute.
  [[nodiscard]] std::optional<Error> check(std::uint64_t retained_bytes, const std::string& wal_status);
  // Drops the slot, throws. `error`: of check().
  [[noreturn]] void give_up(PgConnection& source, const Error& error) const;

 private:
  const FollowConfig& config_;
  std::string slot_;
  std::chrono::steady_clock::time_point last_warning_{};
};

}  // namespace dbsync
