#include "tests/harness/check_support.h"

#include <sys/stat.h>

#include <fstream>
#include <regex>

#include <fmt/format.h>

#include "tests/harness/files.h"
#include "tests/harness/wait.h"

namespace dbsync::test {

std::string everything_in(TargetDb& db) {
  std::string out =
      show(db.query("select n.nspname, c.relname, c.relkind, a.attname, format_type(a.atttypid, a.atttypmod) "
                    "from pg_namespace n left join pg_class c on c.relnamespace = n.oid "
                    "left join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 "
                    "where n.nspname !~ '^pg_' and n.nspname <> 'information_schema' order by 1, 2, a.attnum"));
  for (const Row& row : db.query("select quote_ident(schemaname) || '.' || quote_ident(tablename) from pg_tables "
                                 "where schemaname !~ '^pg_' and schemaname <> 'information_schema' order by 1"))
    out += *row[0] + ": " + db.value("select count(*) from " + *row[0]) + "\n";
  // Slots and publications, for sources.
  out += show(db.query("select slot_name from pg_replication_slots where database = current_database() order by 1"));
  return out + show(db.query("select pubname from pg_publication order by 1"));
}

bool has_line(std::string_view text, std::initializer_list<std::string_view> parts) {
  while (!text.empty()) {
    std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    bool all = true;
    for (const std::string_view part : parts) {
      const auto at = line.find(part);
      all = all && at != std::string_view::npos;
      if (all) line.remove_prefix(at + part.size());
    }
    if (all) return true;
  }
  return false;
}

void configure_target(Migration& migration, const std::string& conninfo) {
  migration.dir.write_file("my.cfg",
                           my_cfg(mysql_section(Servers::instance().mysql(), migration.source.name()), conninfo));
}

PgRole::PgRole(TargetDb& db) : db_(db), name_(unique_name()) {
  db_.exec(fmt::format("create role {} login password 'right'", name_));
}

PgRole::~PgRole() {
  try {
    db_.exec(fmt::format("drop owned by {0}; drop role {0}", name_));
  } catch (const std::exception& e) {
    ADD_FAILURE() << e.what();
  }
}

std::string PgRole::conninfo() const {
  return std::regex_replace(db_.conninfo(), std::regex("user=[^ ]*"), "user=" + name_);
}

PasswordRule::PasswordRule(TargetDb& db, const PgRole& role)
    : db_(db), path_(db.value("show hba_file")), before_(read_file(path_)) {
  write(
      fmt::format("local all {} scram-sha-256\nhost all {} all scram-sha-256\n{}", role.name(), role.name(), before_));
  EXPECT_TRUE(eventually([&] {
    try {
      const PgSession without(role.conninfo());
      return false;
    } catch (const std::exception&) {
      return true;
    }
  })) << "the rule is not in force";
}

PasswordRule::~PasswordRule() { write(before_); }

// In place: the file is the server's.
void PasswordRule::write(const std::string& rules) {
  std::ofstream(path_) << rules;
  db_.exec("select pg_reload_conf()");
}

// MySQL 5.6 takes 16 characters of a user's name; the end is what is unique.
MysqlUser::MysqlUser(SourceDb& db, const std::string& grant) : db_(db), name_(unique_name()) {
  constexpr std::size_t kLongest = 16;
  if (name_.size() > kLongest) name_.erase(0, name_.size() - kLongest);
  db_.exec(fmt::format(
      "create user '{0}'@'%' identified by 'right'; create user '{0}'@'localhost' identified by 'right'", name_));
  for (const char* host : {"%", "localhost"}) db_.exec(fmt::format("{} to '{}'@'{}'", grant, name_, host));
}

MysqlUser::~MysqlUser() {
  try {
    db_.exec(fmt::format("drop user '{0}'@'%'; drop user '{0}'@'localhost'", name_));
  } catch (const std::exception& e) {
    ADD_FAILURE() << e.what();
  }
}

MysqlAccess MysqlUser::access() const {
  MysqlAccess out = Servers::instance().mysql();
  out.user = name_;
  out.password = "right";
  return out;
}

}  // namespace dbsync::test
