#include "tests/harness/servers.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <sstream>
#include <stdexcept>
#include <system_error>

#include "tests/harness/files.h"
#include "tests/harness/process.h"

namespace dbsync::test {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t kLongestTmpDir = 60;  // a socket's path has room for 107 bytes
constexpr std::size_t kLogLines = 30;

std::string script() { return (repo_root() / "tests/harness/servers.sh").string(); }

// In a session of its own, so that Ctrl-C at a terminal does not reach it.
[[noreturn]] void become_guard(const char* path, const char* dir, int pipe_end) {
  setsid();
  dup2(pipe_end, 0);
  execl(path, path, "guard", dir, static_cast<char*>(nullptr));
  _exit(127);
}

MysqlAccess parse_access(const std::string& text) {
  MysqlAccess access;
  std::istringstream parts(text);
  for (std::string part; std::getline(parts, part, ';');) {
    const std::size_t equals = part.find('=');
    const std::string key = part.substr(0, equals);
    const std::string value = equals == std::string::npos ? "" : part.substr(equals + 1);
    if (key == "socket")
      access.socket = value;
    else if (key == "host")
      access.host = value;
    else if (key == "port")
      access.port = static_cast<unsigned>(std::stoul(value));
    else if (key == "user")
      access.user = value;
    else if (key == "password")
      access.password = value;
    else
      throw std::runtime_error("DBSYNC_TEST_MYSQL: unknown key " + key);
  }
  return access;
}

}  // namespace

Servers& Servers::instance() {
  static Servers servers;
  return servers;
}

const fs::path& Servers::work_dir() {
  if (!work_dir_.empty()) return work_dir_;
  std::string base = env_or("TMPDIR", "/tmp");
  if (base.size() > kLongestTmpDir) base = "/tmp";
  std::string pattern = base + "/dbsync-XXXXXX";
  const std::string guard_script = script();
  int ends[2];
  if (mkdtemp(pattern.data()) == nullptr || pipe2(ends, O_CLOEXEC) != 0)
    throw std::system_error(errno, std::generic_category(), "cannot prepare " + pattern);
  guard_ = fork();
  if (guard_ == 0) become_guard(guard_script.c_str(), pattern.c_str(), ends[0]);
  close(ends[0]);
  guard_pipe_ = ends[1];
  fs::permissions(pattern,
                  fs::perms::owner_all | fs::perms::group_exec | fs::perms::others_exec);  // for the servers' user
  work_dir_ = pattern;
  return work_dir_;
}

void Servers::start(const std::string& kind, const fs::path& directory, const std::vector<std::string>& options) {
  std::vector<std::string> args = {script(), "start", kind, directory.string()};
  args.insert(args.end(), options.begin(), options.end());
  const RunResult run = run_program(args);
  if (run.exit_code != 0) throw std::runtime_error("cannot start " + kind + ":\n" + run.err);
}

const MysqlAccess& Servers::mysql() {
  if (mysql_) return *mysql_;
  const std::string external = env_or("DBSYNC_TEST_MYSQL", "");
  if (!external.empty()) {
    mysql_ = parse_access(external);
  } else {
    start("mariadb", work_dir());
    mysql_.emplace().socket = (work_dir() / "my.sock").string();
  }
  return *mysql_;
}

const MysqlAccess& Servers::mariadb_without_binlog() {
  if (without_binlog_) return *without_binlog_;
  const fs::path directory = work_dir() / "plain";
  start("mariadb", directory, {"--skip-log-bin"});
  without_binlog_.emplace().socket = (directory / "my.sock").string();
  return *without_binlog_;
}

const MysqlAccess& Servers::mariadb_that_says(const std::string& version) {
  const auto [entry, added] = by_version_.try_emplace(version);
  if (added) {
    const fs::path directory = work_dir() / ("says-" + version);
    start("mariadb", directory, {"--version=" + version, "--innodb-buffer-pool-size=16M", "--innodb-log-file-size=8M"});
    entry->second.socket = (directory / "my.sock").string();
  }
  return entry->second;
}

std::string Servers::pg_conninfo(const std::string& database) {
  if (pg_base_.empty()) {
    pg_base_ = env_or("DBSYNC_TEST_PG", "");
    if (pg_base_.empty()) {
      start("postgres", work_dir());
      pg_base_ = "host=" + work_dir().string() + " port=5432 user=postgres";
    }
  }
  return pg_base_ + " dbname=" + database;
}

std::string Servers::pg_source_conninfo(const std::string& database) {
  const std::string external = env_or("DBSYNC_TEST_PG_SOURCE", "");
  return external.empty() ? pg_conninfo(database) : external + " dbname=" + database;
}

std::string Servers::pg_without_logical(const std::string& database) {
  if (pg_replica_base_.empty()) {
    const fs::path dir = work_dir() / "replica";
    start("postgres", dir, {"-c", "wal_level=replica"});
    pg_replica_base_ = "host=" + dir.string() + " port=5432 user=postgres";
  }
  return pg_replica_base_ + " dbname=" + database;
}

void Servers::mark_logs() {
  if (work_dir_.empty()) return;
  for (const char* name : {"mariadb.log", "postgres.log"}) {
    std::error_code missing;
    const auto size = fs::file_size(work_dir_ / name, missing);
    log_marks_[name] = missing ? 0 : size;
  }
}

std::string Servers::new_log_lines() const {
  std::string out;
  for (const auto& [name, mark] : log_marks_) {
    if (!fs::exists(work_dir_ / name)) continue;
    const std::string text = read_file(work_dir_ / name);
    if (text.size() > mark)
      out += "--- " + name + "\n" + last_lines(std::string_view(text).substr(mark), kLogLines) + "\n";
  }
  return out;
}

void Servers::stop() {
  if (guard_ < 0) return;
  close(guard_pipe_);
  waitpid(guard_, nullptr, 0);
  guard_ = -1;
}

}  // namespace dbsync::test
