#include "run/ddl_run.h"

#include "base/log_error.h"
#include "copy/job_setup.h"

namespace dbsync {

int run_ddl(RunContext& run, SourceProgram& program) {
  run.choose_ddl_dialect();
  program.connect();
  program.read_source();
  const DdlText ddl = program.ddl();
  write_stdout(ddl.text);
  for (const Error& problem : ddl.problems) log::error("main", problem);
  return ddl.problems.empty() ? 0 : exit_code(ddl.problems.front().kind());
}

}  // namespace dbsync
