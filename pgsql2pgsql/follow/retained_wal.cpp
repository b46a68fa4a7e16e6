#include "pgsql2pgsql/follow/retained_wal.h"

#include <fmt/format.h>

#include "base/log.h"
#include "base/text.h"
#include "follow/task_life.h"
#include "pgsql2pgsql/follow/replication_slot.h"

namespace dbsync {

namespace {

constexpr std::uint64_t kMebibyte = std::uint64_t{1} << 20;
constexpr std::chrono::minutes kBetweenWarnings{1};

}  // namespace

std::optional<Error> RetainedWalGuard::check(std::uint64_t retained_bytes, const std::string& wal_status) {
  const bool in_danger = wal_status == "unreserved" || wal_status == "lost";
  const std::uint64_t limit = config_.max_retained_wal_mb * kMebibyte;
  const bool over = limit > 0 && retained_bytes > limit;
  if (!in_danger && !over) return std::nullopt;
  const std::string text =
      fmt::format("the slot {} keeps {} of WAL on the source{}{}", slot_, format_bytes(retained_bytes),
                  over ? ", more than max_retained_wal allows" : "",
                  in_danger ? ", and the source is about to give it up (wal_status " + wal_status + ")" : "");
  if (over && config_.stop_over_limit) return Error(ErrorKind::source, text);
  const auto now = std::chrono::steady_clock::now();
  if (now - last_warning_ < kBetweenWarnings) return std::nullopt;
  last_warning_ = now;
  log::warning("follow", text);
  return std::nullopt;
}

void RetainedWalGuard::give_up(PgConnection& source, const Error& error) const {
  drop_slot_when_free(source, slot_);
  throw Error(ErrorKind::source, error.message() + ": the slot was dropped, and the task cannot go on")
      .hint(kBeginAnew);
}

}  // namespace dbsync
