#include "pgsql2pgsql/follow/verify_again.h"

#include <chrono>

#include <fmt/format.h>

#include "base/backoff.h"
#include "base/log.h"
#include "cdc/progress_store.h"
#include "pgsql2pgsql/follow/replication_slot.h"

namespace dbsync {

namespace {

constexpr char kProgram[] = "pgsql2pgsql";
constexpr unsigned kTimes = 3;
constexpr double kSecondsBetweenLooks = 0.5;
constexpr std::chrono::seconds kPatience{60};
constexpr std::chrono::seconds kPatienceWithNobody{5};

// The progress row tells of the last transaction; on a source that is idle since,
// the slot is confirmed past it.
struct Followed {
  bool passed = false;
  bool read = false;  // somebody reads the slot
};

Followed look(const Config& config, const FollowTask& task, const Position& position) {
  PgConnection target(config.desc_pgsql, "target", kProgram);
  const auto progress = read_progress(target, task.name);
  if (progress && progress->position >= position) return {.passed = true, .read = true};
  PgConnection source(config.src_pgsql, "source", kProgram);
  const auto slot = read_slot(source, task.slot);
  return {.passed = slot && slot->confirmed >= position, .read = slot && slot->active};
}

bool wait_until_passed(const Config& config, const FollowTask& task, const Position& position,
                       const std::stop_token& stop) {
  const auto begin = std::chrono::steady_clock::now();
  auto last_read = begin;
  for (;;) {
    const Followed now = look(config, task, position);
    const auto time = std::chrono::steady_clock::now();
    if (now.passed) return true;
    if (now.read) last_read = time;
    // A follower that lost its connection is back within seconds.
    if (time - begin >= kPatience || time - last_read >= kPatienceWithNobody) return false;
    if (!wait_for(kSecondsBetweenLooks, stop)) return false;
  }
  return true;
}

}  // namespace

std::optional<FollowTask> following_task(const Config& config, PgConnection& source, PgConnection& target) {
  FollowTask task = follow_task(config.task, source, target);
  const auto progress = read_progress(target, task.name);
  if (!progress || progress->state != "following") return std::nullopt;
  return task;
}

VerifyAgain verify_again(const Config& config, const FollowTask& task, const PgSource& first, unsigned sessions,
                         std::function<void(PgSource&)> prepare) {
  VerifyAgain out;
  out.times = kTimes;
  out.later = [&config, task, sessions, prepare = std::move(prepare),
               lsn = first.lsn()](const std::stop_token& stop) mutable -> std::unique_ptr<SnapshotSource> {
    if (!wait_until_passed(config, task, parse_position(lsn), stop)) {
      if (!stop.stop_requested())
        log::warning("verify",
                     fmt::format("the target has not passed {} of the source, and does not get there while this waits: "
                                 "rows of changes that are still to come are taken for differences; is pgsql2pgsql "
                                 "following?",
                                 lsn));
      return nullptr;
    }
    auto later = std::make_unique<PgSource>(config.src_pgsql, kProgram);
    later->begin(sessions);
    prepare(*later);
    lsn = later->lsn();
    return later;
  };
  return out;
}

}  // namespace dbsync
