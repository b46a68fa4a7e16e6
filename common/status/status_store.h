// Where the status of runs is kept. It is the operators' view: no run depends on
// what stands there.
//
// Threads: one at a time. Errors: of the implementation.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "status/run_status.h"

namespace dbsync {

class StatusStore {
 public:
  virtual ~StatusStore() = default;

  // Records a new run and sets its id; its copy begins now.
  virtual void begin(RunStatus& run) = 0;
  // Writes the run, and its tables as they are known first.
  virtual void add_tables(const RunStatus& run, const std::vector<TableStatus>& tables) = 0;
  // Writes the run, and of the tables those that `changed` names by place. `ended`: the copy
  // has ended now.
  virtual void update(const RunStatus& run, const std::vector<TableStatus>& tables,
                      const std::vector<std::size_t>& changed, bool ended) = 0;

  // Changes are followed from now on: by the run itself when it has an id, else by the
  // task's last run that has followed before, else by a new one. Sets the id.
  virtual void begin_following(RunStatus& run) = 0;
  // Writes the state, the message and run.follow.
  virtual void update_following(const RunStatus& run) = 0;

  // The last run of a task; nothing when there was none.
  virtual std::optional<StatusReport> latest(const std::string& task) = 0;
};

}  // namespace dbsync
