#include "tests/harness/source_db.h"

#include <unistd.h>

#include <cstdlib>
#include <stdexcept>

#include <fmt/format.h>
#include <mysql.h>

#include "tests/harness/process.h"

namespace dbsync::test {

struct MysqlSession::Handle {
  MYSQL* mysql = mysql_init(nullptr);
  Handle() = default;
  ~Handle() { mysql_close(mysql); }
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;

  [[noreturn]] void fail(const std::string& what) const {
    throw std::runtime_error(
        fmt::format("source: {}: {} (error {})", what.substr(0, 500), mysql_error(mysql), mysql_errno(mysql)));
  }
};

namespace {

const char* or_null(const std::string& text) { return text.empty() ? nullptr : text.c_str(); }

Rows read_rows(MYSQL_RES* result) {
  Rows rows;
  const unsigned columns = mysql_num_fields(result);
  while (MYSQL_ROW row = mysql_fetch_row(result)) {
    const unsigned long* lengths = mysql_fetch_lengths(result);
    Row& out = rows.emplace_back();
    for (unsigned i = 0; i < columns; ++i) {
      if (row[i] == nullptr)
        out.emplace_back(std::nullopt);
      else
        out.emplace_back(std::string(row[i], lengths[i]));
    }
  }
  return rows;
}

std::string client_program() {
  const bool has_mariadb = std::system("command -v mariadb >/dev/null 2>&1") == 0;
  return has_mariadb ? "mariadb" : "mysql";
}

bool has_delimiter_line(const std::string& sql) {
  return sql.starts_with("DELIMITER") || sql.find("\nDELIMITER") != std::string::npos;
}

}  // namespace

std::string unique_name() {
  static int count = 0;
  return fmt::format("dbsync_test_{}_{}", getpid(), ++count);
}

MysqlSession::MysqlSession(const std::string& database) : MysqlSession(Servers::instance().mysql(), database) {}

MysqlSession::MysqlSession(const MysqlAccess& access, const std::string& database)
    : handle_(std::make_unique<Handle>()) {
  mysql_options(handle_->mysql, MYSQL_SET_CHARSET_NAME, "utf8mb4");
  const char* host = access.socket.empty() ? access.host.c_str() : nullptr;
  if (mysql_real_connect(handle_->mysql, host, access.user.c_str(), or_null(access.password), or_null(database),
                         access.port, or_null(access.socket), CLIENT_MULTI_STATEMENTS) == nullptr)
    handle_->fail("cannot connect");
  run("SET time_zone = '+00:00'");
}

MysqlSession::~MysqlSession() = default;

Rows MysqlSession::run(const std::string& sql) {
  MYSQL* mysql = handle_->mysql;
  if (mysql_real_query(mysql, sql.data(), static_cast<unsigned long>(sql.size())) != 0) handle_->fail(sql);
  Rows rows;
  for (int more = 0; more == 0;) {
    if (MYSQL_RES* result = mysql_store_result(mysql)) {
      rows = read_rows(result);
      mysql_free_result(result);
    } else if (mysql_field_count(mysql) != 0) {
      handle_->fail(sql);
    }
    more = mysql_next_result(mysql);  // 0: another one, -1: none, else an error
    if (more > 0) handle_->fail(sql);
  }
  return rows;
}

SourceDb::SourceDb() : name_(unique_name()) { MysqlSession("").run("CREATE DATABASE `" + name_ + "`"); }

SourceDb::SourceDb(std::string name) : name_(std::move(name)) {}

SourceDb::~SourceDb() {
  try {
    session_.reset();
    MysqlSession("").run("DROP DATABASE IF EXISTS `" + name_ + "`");
  } catch (const std::exception& error) {
    fmt::print(stderr, "{}\n", error.what());
  }
}

// Connected when first used: a database may be made by a script of its own.
MysqlSession& SourceDb::session() {
  if (!session_) session_ = std::make_unique<MysqlSession>(name_);
  return *session_;
}

void SourceDb::exec(const std::string& sql) {
  if (has_delimiter_line(sql))
    load_script(sql);
  else
    session().run(sql);
}

Rows SourceDb::query(const std::string& sql) { return session().run(sql); }

void SourceDb::load_script(const std::string& sql) { run_client(sql, {}); }

void SourceDb::load_file(const std::filesystem::path& path) { run_client({}, path); }

void SourceDb::run_client(const std::string& sql, const std::filesystem::path& path) {
  const MysqlAccess& access = Servers::instance().mysql();
  std::vector<std::string> args = {client_program(), "--no-defaults", "--user=" + access.user,
                                   "--default-character-set=utf8mb4"};
  if (!access.socket.empty())
    args.push_back("--socket=" + access.socket);
  else
    args.insert(args.end(), {"--host=" + access.host, "--port=" + std::to_string(access.port)});
  if (path.empty()) args.push_back(name_);
  RunOptions options;
  options.stdin_text = sql;
  options.stdin_file = path;
  if (!access.password.empty()) options.env["MYSQL_PWD"] = access.password;
  const RunResult run = run_program(args, options);
  if (run.exit_code != 0) throw std::runtime_error("source script failed: " + run.err);
}

std::string SourceDb::version() { return query("SELECT version()").at(0).at(0).value_or(""); }

}  // namespace dbsync::test
