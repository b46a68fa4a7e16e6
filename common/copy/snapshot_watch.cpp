#include "copy/snapshot_watch.h"

#include <exception>

#include <fmt/format.h>

#include "base/log.h"
#include "base/text.h"

namespace dbsync {

namespace {

constexpr char kWayOut[] =
    "the source goes back to its usual pace when the copy ends; if it suffers, stop the copy and go on with --resume "
    "(from a new snapshot), copy fewer tables at a time, or take a replica as the source";

}  // namespace

void SnapshotWatch::look(Clock::time_point now) {
  if (now < next_look_) return;
  next_look_ = now + kInterval;
  ask(now);
  const std::string why = reason(now);
  if (why.empty()) return log::debug("source", "the snapshot is " + text());
  log::warning("source", fmt::format("{}: the snapshot is {}. HINT: {}", why, text(), kWayOut));
}

void SnapshotWatch::ask(Clock::time_point now) {
  std::optional<SnapshotHistory> history;
  try {
    history = source_.history();
  } catch (const std::exception& error) {
    log::debug("source", std::string("what is kept for the snapshot is not known: ") + error.what());
  }
  const std::string age = format_seconds(seconds(now)) + " old";
  const std::lock_guard lock(mutex_);
  history_ = std::move(history);
  text_ =
      history_ ? fmt::format("{}; the source keeps {} {}", age, format_count(history_->count), history_->what) : age;
}

std::string SnapshotWatch::reason(Clock::time_point now) {
  std::string out;
  if (now >= next_warning_) {
    next_warning_ = now + kWarning;
    out = "the copy takes long, and the source cannot clean up behind its snapshot";
  }
  const std::lock_guard lock(mutex_);
  if (history_ && history_->much > 0 && history_->count >= history_->much && history_->count >= 2 * warned_at_) {
    warned_at_ = history_->count;
    out = "the source keeps much history for the snapshot of the copy";
  }
  return out;
}

std::string SnapshotWatch::text() const {
  const std::lock_guard lock(mutex_);
  return text_;
}

double SnapshotWatch::seconds(Clock::time_point now) const {
  return std::chrono::duration<double>(now - opened_).count();
}

}  // namespace dbsync
