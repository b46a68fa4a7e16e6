// Comparing while a task follows: the target is always a little behind (or, read
// later, ahead), so rows that differ are looked at again after the target has
// passed the moment of the source at which they were read.
//
// Threads: called from the thread that runs the comparison.
#pragma once

#include <memory>

#include "config/config.h"
#include "pgsql2pgsql/follow/follow_task.h"
#include "pgsql2pgsql/source/pg_source.h"
#include "verify/verify_job.h"

namespace dbsync {

// The task of this source and target while it follows; else nothing.
std::optional<FollowTask> following_task(const Config& config, PgConnection& source, PgConnection& target);

// `first` is the source that the comparison begins with; `prepare` makes a later one
// ready for its tasks. Everything given must outlive the result.
VerifyAgain verify_again(const Config& config, const FollowTask& task, const PgSource& first, unsigned sessions,
                         std::function<void(PgSource&)> prepare);

}  // namespace dbsync
