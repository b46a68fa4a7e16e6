#include "tests/harness/pg_server.h"

#include <signal.h>

#include <chrono>
#include <stdexcept>
#include <string>

#include "tests/harness/files.h"
#include "tests/harness/process.h"
#include "tests/harness/servers.h"
#include "tests/harness/wait.h"

namespace dbsync::test {

namespace {

RunResult script(const std::vector<std::string>& arguments) {
  std::vector<std::string> command{(repo_root() / "tests/harness/servers.sh").string()};
  command.insert(command.end(), arguments.begin(), arguments.end());
  return run_program(command);
}

}  // namespace

PgServer::PgServer(const std::string& name, std::vector<std::string> options)
    : directory_(Servers::instance().work_dir() / name), options_(std::move(options)) {
  start();
}

PgServer::~PgServer() { stop(); }

std::string PgServer::conninfo(const std::string& database) const {
  return "host=" + directory_.string() + " port=5432 user=postgres dbname=" + database;
}

void PgServer::start() {
  std::vector<std::string> arguments{"start", "postgres", directory_.string()};
  arguments.insert(arguments.end(), options_.begin(), options_.end());
  const RunResult run = script(arguments);
  if (run.exit_code != 0) throw std::runtime_error("cannot start a server:\n" + run.err);
}

void PgServer::stop() { script({"stop", directory_.string()}); }

// QUIT is PostgreSQL's immediate shutdown: nothing is written, as after a crash.
void PgServer::crash() {
  const pid_t pid = std::stoi(read_file(directory_ / "postgres.pid"));
  kill(pid, SIGQUIT);
  if (!eventually([pid] { return kill(pid, 0) != 0; })) throw std::runtime_error("a server does not end");
}

}  // namespace dbsync::test
