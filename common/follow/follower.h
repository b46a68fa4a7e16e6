// Follows the source of a task until told to end: reconnects, goes on where the
// target is, tells how far it is.
//
// Errors that another attempt can mend (lost connections, restarting servers) are
// waited out for some minutes; all others end it. Threads: called from main; the
// threads are those of run_follow_job.
#pragma once

#include <functional>
#include <memory>
#include <set>
#include <stop_token>
#include <string>

#include "config/config.h"
#include "follow/follow_display.h"
#include "follow/follow_source.h"

namespace dbsync {

struct FollowRequest {
  const Config& config;
  FollowSource& source;
  std::string program;  // application_name
  std::string task;     // of the progress row, which is there
  // To ask things of the target, for the first start, which takes it; null: it connects.
  mutable std::shared_ptr<PgConnection> target = {};
  std::string end_at = {};  // --end-at: "" = go on, "now", or a position
  // Only changes of these tables are applied, or of all but those, by their names on the
  // source; null: all.
  const std::set<QualifiedName>* only = nullptr;
  const std::set<QualifiedName>* except = nullptr;
  std::string progress = {};  // whose row of dbsync.apply_progress says where they are; "" = the task's
  bool displayed = true;      // on a terminal: no other does so meanwhile
  bool looks = true;          // at the source now and then; no other follower of the task does
  // For fit_tables(): of what no table can be made to fit, the copy will tell.
  bool again = false;
  // Called about every ten seconds, and at the end.
  std::function<void(const FollowFigures&)> figures = {};
  // Called at the end in its place, when there is one.
  std::function<void(const FollowFigures&)> last_figures = {};
};

// True at the end, false when stopped.
bool run_follow(const FollowRequest& request, const std::stop_token& drain, const std::stop_token& cancel);

// Makes the target's tables, without those that are `complete`, fit what the source has
// now: before they are copied anew.
void fit_tables(const FollowRequest& request, const std::set<QualifiedName>& complete);

}  // namespace dbsync
