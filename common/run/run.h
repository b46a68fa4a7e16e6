// A run from the command line to an exit status: both programs' main.
//
// Options and my.cfg are read, the verb is found, its steps are called (copy_run.h,
// task_run.h, check_run.h, ddl_run.h). Threads: called from main.
#pragma once

#include "run/task_run.h"

namespace dbsync {

struct ProgramTraits {
  Program which;
  std::string name;
  ListNames list_names;  // how lines of a table list name tables
  TaskMakers makers;
};

// Never throws; errors are in the log.
int run_program(const ProgramTraits& traits, int argc, char** argv);

}  // namespace dbsync
