// mysql2pgsql: what run/ needs to know of this program.
#include "mysql2pgsql/binlog/mysql_task.h"
#include "mysql2pgsql/client/early_mysql_session.h"
#include "mysql2pgsql/client/mysql_connection.h"
#include "mysql2pgsql/mysql_program.h"
#include "run/run.h"

int main(int argc, char** argv) {
  using namespace dbsync;
  const MysqlLibrary library;
  ProgramTraits traits{Program::mysql2pgsql, "mysql2pgsql", ListNames::plain, {}};
  traits.makers.program = [](RunContext& run) { return std::make_unique<MysqlProgram>(run); };
  traits.makers.task = [](const RunRequest& request) { return std::make_unique<MysqlTask>(request); };
  traits.makers.follows_by_default = false;
  traits.makers.open_source_ahead = [](const Config& config) {
    return std::make_shared<EarlyMysqlSession>(config.src_mysql);
  };
  return run_program(traits, argc, argv);
}
