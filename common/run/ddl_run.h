// -d: prints the schema of the target to stdout.
#pragma once

#include "run/source_program.h"

namespace dbsync {

// The exit status: that of the first table that could not be written.
int run_ddl(RunContext& run, SourceProgram& program);

}  // namespace dbsync
