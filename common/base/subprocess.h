// Runs another program to its end and collects what it prints.
//
// For programs of the same package family (pg_dump): arguments are visible to
// every user of the machine, so secrets go through the environment only.
//
// Threads: any; the calling thread waits. The child starts with no signal
// blocked and gets SIGTERM when `stop` is requested.
#pragma once

#include <stop_token>
#include <string>
#include <utility>
#include <vector>

namespace dbsync {

struct ProgramOutput {
  int exit_code = -1;  // 128 + signal when a signal ended it
  std::string out;
  std::string err;
};

// argv[0] is a path, or a name that is looked for on PATH. `env` is added to the
// environment. Errors: ErrorKind::internal with the system's reason when the
// program cannot be started; a non-zero exit code is no error here.
ProgramOutput run_program_to_end(const std::vector<std::string>& argv,
                                 const std::vector<std::pair<std::string, std::string>>& env,
                                 const std::stop_token& stop);

// SIGTERM for all that run: the process is about to end without waiting for them.
void end_children() noexcept;

}  // namespace dbsync
