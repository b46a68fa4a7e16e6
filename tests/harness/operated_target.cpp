#include "tests/harness/operated_target.h"

#include <sstream>
#include <stdexcept>

#include <fmt/format.h>

#include "tests/harness/process.h"
#include "tests/harness/servers.h"
#include "tests/harness/source_db.h"
#include "tests/harness/target_db.h"
#include "tests/harness/wait.h"

namespace dbsync::test {

namespace {

PgSession admin() { return PgSession(Servers::instance().pg_conninfo("postgres")); }

void end_sessions(const std::string& database) {
  PgSession session = admin();
  eventually([&] {
    return session.run("select pg_terminate_backend(pid) from pg_stat_activity where datname = '" + database + "'")
        .empty();
  });
}

std::string output_of(const std::vector<std::string>& args) {
  const RunResult run = run_program(args);
  if (run.exit_code != 0) throw std::runtime_error(run.describe());
  return run.out;
}

}  // namespace

OperatedTarget::OperatedTarget() : name_(unique_name()) {
  admin().run("create database " + name_ + " template template0");
}

OperatedTarget::~OperatedTarget() {
  try {
    drop(name_);
    if (backed_up_) drop(name_ + "_backup");
  } catch (const std::exception& error) {
    fmt::print(stderr, "{}\n", error.what());
  }
}

std::string OperatedTarget::conninfo() const { return Servers::instance().pg_conninfo(name_); }

Rows OperatedTarget::query(const std::string& sql) const { return PgSession(conninfo()).run(sql); }

// Without the lines that are for psql alone.
std::string OperatedTarget::definition(const std::string& table) const {
  std::istringstream dump(output_of({"pg_dump", "--schema-only", "--table", "public." + table, conninfo()}));
  std::string out;
  for (std::string line; std::getline(dump, line);)
    if (!line.starts_with('\\')) out += line + "\n";
  return out;
}

void OperatedTarget::drop(const std::string& database) const {
  end_sessions(database);
  admin().run("drop database " + database);
}

void OperatedTarget::back_up() {
  if (backed_up_) drop(name_ + "_backup");
  end_sessions(name_);
  admin().run(fmt::format("create database {0}_backup template {0}", name_));
  output_of({"pg_dump", "-Fc", "-f", (dir_.path() / "dump").string(), conninfo()});
  backed_up_ = true;
}

void OperatedTarget::restore_copy() {
  drop(name_);
  admin().run(fmt::format("create database {0} template {0}_backup", name_));
}

void OperatedTarget::make_anew() {
  drop(name_);
  admin().run(fmt::format("create database {} template template0", name_));
}

void OperatedTarget::restore_dump() {
  make_anew();
  output_of({"pg_restore", "-d", conninfo(), (dir_.path() / "dump").string()});
}

}  // namespace dbsync::test
