// SIGKILL at random moments over a load, each followed by --resume; when a run was
// faster than its kill, the rest of them hit a new load (--restart).
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "tests/harness/process.h"
#include "tests/harness/target_db.h"

namespace dbsync::test {

struct KillPlan {
  int kills = 10;
  int longest_wait = 500;  // ms until a kill, at most
  long long rows = 0;      // of one load
  bool cut = true;         // its tables come in many chunks; else each kill may lose all that is on its way

  // DBSYNC_KILLS and DBSYNC_KILL_LONGEST go before what is given.
  static KillPlan from_environment(KillPlan otherwise);
};

// `args`: the program and the options of the first run. Expects that each load, its
// kills and resumes included, writes at most half of its rows in vain (uncut: its rows
// once for each kill), and prints how many; `expect_equal` is called after each one. The journal's rows count as well.
void kill_and_resume(const KillPlan& plan, std::vector<std::string> args, const RunOptions& here, TargetDb& target,
                     const std::function<void()>& expect_equal);

}  // namespace dbsync::test
