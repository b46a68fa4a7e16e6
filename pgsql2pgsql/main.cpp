// pgsql2pgsql: what run/ needs to know of this program.
#include "pgsql2pgsql/follow/pg_task.h"
#include "pgsql2pgsql/pg_program.h"
#include "run/run.h"

int main(int argc, char** argv) {
  using namespace dbsync;
  ProgramTraits traits{Program::pgsql2pgsql, "pgsql2pgsql", ListNames::with_schema, {}};
  traits.makers.program = [](RunContext& run) { return std::make_unique<PgProgram>(run); };
  traits.makers.task = [](const RunRequest& request) { return std::make_unique<PgTask>(request); };
  return run_program(traits, argc, argv);
}
