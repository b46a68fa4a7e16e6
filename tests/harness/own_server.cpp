#include "tests/harness/own_server.h"

#include <signal.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <stdexcept>
#include <string>

#include <fmt/format.h>

#include "tests/harness/files.h"
#include "tests/harness/process.h"
#include "tests/harness/servers.h"
#include "tests/harness/wait.h"

namespace dbsync::test {

namespace {

// A process that nobody has waited for yet is still there, and does nothing more, once its
// other threads have ended, too.
bool ended(pid_t process) {
  std::error_code gone;
  const std::filesystem::directory_iterator threads(fmt::format("/proc/{}/task", process), gone);
  if (gone) return true;
  if (std::distance(begin(threads), end(threads)) > 1) return false;
  std::ifstream stat(fmt::format("/proc/{}/stat", process));
  std::string text;
  std::getline(stat, text);
  const std::size_t name_end = text.rfind(") ");
  return name_end == std::string::npos || text.compare(name_end + 2, 1, "Z") == 0;
}

// A kind `mysql` is one of the matrix: DBSYNC_OWN_MYSQL tells which, and where its programs are.
RunResult script(const std::string& kind, const std::vector<std::string>& arguments,
                 std::vector<std::string> command = {}) {
  command.push_back(
      (repo_root() / (kind == "mysql" ? "tests/matrix/mysql_server.sh" : "tests/harness/servers.sh")).string());
  command.insert(command.end(), arguments.begin(), arguments.end());
  return run_program(command);
}

}  // namespace

OwnServer::OwnServer(std::string kind, const std::string& name, std::vector<std::string> options,
                     std::vector<std::string> before)
    : kind_(std::move(kind)),
      directory_(Servers::instance().work_dir() / name),
      options_(std::move(options)),
      before_(std::move(before)) {
  start();
}

OwnServer::~OwnServer() { stop(); }

std::string OwnServer::conninfo(const std::string& database) const {
  return "host=" + directory_.string() + " port=5432 user=postgres dbname=" + database;
}

MysqlAccess OwnServer::mysql() const {
  MysqlAccess out;
  out.socket = socket().string();
  return out;
}

std::filesystem::path OwnServer::socket() const {
  return directory_ / (kind_ == "postgres" ? ".s.PGSQL.5432" : "my.sock");
}

pid_t OwnServer::pid() const { return std::stoi(read_file(directory_ / (kind_ + ".pid"))); }

void OwnServer::start() {
  std::vector<std::string> arguments{"start", kind_, directory_.string()};
  if (kind_ == "mysql") {
    const char* which = std::getenv("DBSYNC_OWN_MYSQL");
    std::istringstream words(which == nullptr ? "" : which);
    std::string programs;
    words >> arguments[1] >> programs;
    arguments.insert(arguments.begin() + 2, programs);
  }
  arguments.insert(arguments.end(), options_.begin(), options_.end());
  const RunResult run = script(kind_, arguments, before_);
  if (run.exit_code != 0) throw std::runtime_error("cannot start a server:\n" + run.err);
}

void OwnServer::stop() { script(kind_, {"stop", directory_.string()}); }

std::unique_ptr<OwnServer> OwnServer::make_standby(const std::string& name, const std::vector<std::string>& options) {
  const std::filesystem::path directory = Servers::instance().work_dir() / name;
  stop();
  // The signal is a copy, since the servers' user must be able to write it.
  const RunResult copy =
      run_program({"bash", "-c",
                   "mkdir \"$2\" && cp -a \"$1/postgres\" \"$2\" && cp -a \"$2/postgres/\"{PG_VERSION,standby.signal}",
                   "bash", directory_.string(), directory.string()});
  start();
  if (copy.exit_code != 0) throw std::runtime_error("cannot copy a server:\n" + copy.err);
  std::vector<std::string> all = options_;
  all.insert(all.end(), {"-c", "primary_conninfo=" + conninfo()});
  all.insert(all.end(), options.begin(), options.end());
  return std::make_unique<OwnServer>(kind_, name, std::move(all), before_);
}

// QUIT is PostgreSQL's immediate shutdown: nothing is written, as after a crash.
void OwnServer::crash() {
  const pid_t server = pid();
  kill(server, kind_ == "postgres" ? SIGQUIT : SIGKILL);
  if (!eventually([server] { return ended(server); }, std::chrono::seconds(60)))
    throw std::runtime_error("a server does not end");
}

}  // namespace dbsync::test
