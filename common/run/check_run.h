// The checks of both programs: by themselves (--check), or in front of a load.
//
// Threads: main. Errors: what is wrong with a server becomes a finding; the rest is
// thrown.
#pragma once

#include "run/source_program.h"

namespace dbsync {

// In front of a load, on its connections: see CheckFindings::log_and_stop. Whether
// changes can be followed is decided by whoever follows them.
void check_before_load(RunContext& run, SourceProgram& program);

// --check: prints what it finds to stdout. The exit status.
int run_check(RunContext& run, SourceProgram& program);

}  // namespace dbsync
