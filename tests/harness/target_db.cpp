#include "tests/harness/target_db.h"

#include <stdexcept>

#include <fmt/format.h>
#include <libpq-fe.h>

#include "tests/harness/servers.h"
#include "tests/harness/source_db.h"

namespace dbsync::test {

namespace {

std::string conninfo_of(PgSide side, const std::string& database) {
  return side == PgSide::source ? Servers::instance().pg_source_conninfo(database)
                                : Servers::instance().pg_conninfo(database);
}

Rows read_rows(const PGresult* result) {
  Rows rows(static_cast<std::size_t>(PQntuples(result)));
  for (int row = 0; row < PQntuples(result); ++row) {
    Row& out = rows[static_cast<std::size_t>(row)];
    for (int column = 0; column < PQnfields(result); ++column) {
      if (PQgetisnull(result, row, column) != 0)
        out.emplace_back(std::nullopt);
      else
        out.emplace_back(
            std::string(PQgetvalue(result, row, column), static_cast<std::size_t>(PQgetlength(result, row, column))));
    }
  }
  return rows;
}

}  // namespace

struct PgSession::Handle {
  explicit Handle(const std::string& conninfo) : connection(PQconnectdb(conninfo.c_str())) {}
  ~Handle() { PQfinish(connection); }
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;
  PGconn* connection;
};

PgSession::PgSession(const std::string& conninfo) : handle_(std::make_unique<Handle>(conninfo)) {
  if (PQstatus(handle_->connection) != CONNECTION_OK)
    throw std::runtime_error(std::string("target: ") + PQerrorMessage(handle_->connection));
  run("SET client_encoding = 'UTF8'; SET TimeZone = 'UTC'; SET DateStyle = 'ISO, YMD'; SET IntervalStyle = 'postgres';"
      "SET bytea_output = 'hex'; SET client_min_messages = 'warning'");
}

PgSession::~PgSession() = default;

Rows PgSession::run(const std::string& sql) {
  const std::unique_ptr<PGresult, decltype(&PQclear)> result(PQexec(handle_->connection, sql.c_str()), &PQclear);
  const ExecStatusType status = PQresultStatus(result.get());
  if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK && status != PGRES_EMPTY_QUERY)
    throw std::runtime_error(fmt::format("target: {}: {}", sql.substr(0, 500), PQerrorMessage(handle_->connection)));
  return read_rows(result.get());
}

TargetDb::TargetDb(PgSide side) : side_(side), name_(unique_name()) {
  PgSession(conninfo_of(side_, "postgres")).run("CREATE DATABASE " + name_ + " TEMPLATE template0");
  session_ = std::make_unique<PgSession>(conninfo());
}

TargetDb::~TargetDb() {
  try {
    session_.reset();
    PgSession admin(conninfo_of(side_, "postgres"));
    // A program killed by a test may have left its backends behind.
    admin.run("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '" + name_ + "'");
    admin.run("DROP DATABASE " + name_);
  } catch (const std::exception& error) {
    fmt::print(stderr, "{}\n", error.what());
  }
}

std::string TargetDb::conninfo() const { return conninfo_of(side_, name_); }

std::string TargetDb::value(const std::string& sql) { return query(sql).at(0).at(0).value_or(""); }

RunResult TargetDb::load_with_psql(const std::string& script) const {
  RunOptions options;
  options.stdin_text = script;
  return run_program({"psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", conninfo()}, options);
}

int TargetDb::version() { return std::stoi(value("SHOW server_version_num")); }

}  // namespace dbsync::test
