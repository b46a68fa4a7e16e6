// For tests of --check: accounts with few rights, rules for passwords, and what a
// database holds.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

#include "tests/harness/migration.h"
#include "tests/harness/servers.h"
#include "tests/harness/source_db.h"
#include "tests/harness/target_db.h"

namespace dbsync::test {

// Schemas, relations, columns and rows, as text to compare.
std::string everything_in(TargetDb& db);

// True when one line has all of these, in this order.
bool has_line(std::string_view text, std::initializer_list<std::string_view> parts);

void configure_target(Migration& migration, const std::string& conninfo);

// A PostgreSQL role that may log in and do nothing else; dropped at the end.
class PgRole {
 public:
  explicit PgRole(TargetDb& db);
  ~PgRole();
  PgRole(const PgRole&) = delete;
  PgRole& operator=(const PgRole&) = delete;

  const std::string& name() const { return name_; }
  std::string conninfo() const;

 private:
  TargetDb& db_;
  std::string name_;
};

// While it lives the role must give a password (its own is "right").
class PasswordRule {
 public:
  PasswordRule(TargetDb& db, const PgRole& role);
  ~PasswordRule();
  PasswordRule(const PasswordRule&) = delete;
  PasswordRule& operator=(const PasswordRule&) = delete;

 private:
  void write(const std::string& rules);

  TargetDb& db_;
  std::string path_;
  std::string before_;
};

// A MySQL account with a password; `grant`: "grant select on db.*".
class MysqlUser {
 public:
  MysqlUser(SourceDb& db, const std::string& grant);
  ~MysqlUser();
  MysqlUser(const MysqlUser&) = delete;
  MysqlUser& operator=(const MysqlUser&) = delete;

  MysqlAccess access() const;

 private:
  SourceDb& db_;
  std::string name_;
};

}  // namespace dbsync::test
