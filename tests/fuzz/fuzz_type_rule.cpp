// [types] of my.cfg: target types and rules.
//
// Input: lines: a target type; key and value of a rule; DATA_TYPE and
// COLUMN_TYPE of a column that the rule may meet.
#include "base/error.h"
#include "mysql2pgsql/schema/type_map.h"
#include "tests/fuzz/fuzz.h"

namespace {

using dbsync::PgKind;
using dbsync::PgType;
using dbsync::TypeRule;
using dbsync::fuzz::check;

// A type that is known stays itself when DDL writes it. The kind enumeration
// has no name before a column gives it one.
void check_type(const std::optional<PgType>& type) {
  if (!type || type->kind == PgKind::enumeration) return;
  const std::string sql = dbsync::type_sql(*type);
  const auto again = dbsync::parse_pg_type(sql);
  check(again && again->kind == type->kind, "a type written in DDL is the same kind again");
  check(dbsync::type_sql(*again) == sql, "and is written the same again");
}

void check_rule(const TypeRule& rule) {
  check(rule.table.empty() == rule.column.empty(), "a rule names a table and its column, or neither");
  check_type(rule.target);
}

void check_meeting(const TypeRule& rule, std::string_view data_type, std::string_view column_type) {
  const auto type = dbsync::parse_mysql_type(data_type, column_type);
  for (const auto& dialect : {dbsync::postgresql_dialect(16), dbsync::greenplum_dialect(6)}) {
    const auto plain = dbsync::map_column_type(type, "t", "c", dialect, {});
    check(plain == dbsync::map_type(type, dialect), "without rules the type map decides");
    const auto ruled = dbsync::map_column_type(type, "t", "c", dialect, {rule});
    check(ruled == plain || (ruled && ruled->kind == rule.target.kind), "a rule gives its target or does not apply");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  dbsync::fuzz::Input input(data, size);
  check_type(dbsync::parse_pg_type(input.line()));
  const std::string_view key = input.line();
  const std::string_view value = input.line();
  const std::string_view data_type = input.line();
  TypeRule rule;
  try {
    rule = dbsync::parse_type_rule(key, value, "db", "my.cfg line 9");
  } catch (const dbsync::Error& error) {
    check(error.kind() == dbsync::ErrorKind::config, "a configuration error");
    check(error.message().starts_with("my.cfg line 9: "), "file and line are named");
    check(!error.hint().empty(), "there is a hint");
    return 0;
  }
  check_rule(rule);
  check_meeting(rule, data_type, input.line());
  return 0;
}
