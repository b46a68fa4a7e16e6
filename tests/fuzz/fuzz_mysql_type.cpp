// Column types and defaults as information_schema shows them.
//
// Input: a byte of flags, then lines: DATA_TYPE, COLUMN_TYPE, COLUMN_DEFAULT;
// every further line is a label of an ENUM.
#include <utility>
#include <vector>

#include "base/text.h"
#include "mysql2pgsql/schema/default_map.h"
#include "mysql2pgsql/schema/mysql_default.h"
#include "mysql2pgsql/schema/type_map.h"
#include "tests/fuzz/sql_text.h"

namespace {

using dbsync::MysqlColumn;
using dbsync::MysqlKind;
using dbsync::MysqlType;
using dbsync::fuzz::check;
using Default = dbsync::MysqlColumn::Default;

constexpr unsigned kNullable = 1, kShown = 2, kFlagged = 4, kMariadb = 8, kOld = 16;

// As append_unescaped() of sql/unireg or sql_show writes labels and literals.
std::string quoted(std::string_view text) {
  std::string out = "'";
  for (const char c : text) {
    switch (c) {
      case '\0': out += "\\0"; break;
      case '\n': out += "\\n"; break;
      case '\r': out += "\\r"; break;
      case '\\': out += "\\\\"; break;
      case '\'': out += "''"; break;
      default: out += c;
    }
  }
  return out + "'";
}

void check_type(const MysqlType& type, std::string_view column_type) {
  const bool commented = column_type.find("/*") != std::string_view::npos || dbsync::trim(column_type) != column_type;
  check(commented || type.text == column_type, "the text is kept, but for comments");
  const bool labelled = type.kind == MysqlKind::enumeration || type.kind == MysqlKind::set;
  check(labelled || type.labels.empty(), "only ENUM and SET have labels");
  if (type.kind == MysqlKind::varchar || type.kind == MysqlKind::varbinary) check(type.display_width == -1, "no width");
}

void check_labels(dbsync::fuzz::Input& input) {
  std::vector<std::string> labels;
  std::string column_type;
  while (!input.empty()) {
    labels.emplace_back(input.line());
    column_type += (column_type.empty() ? "" : ",") + quoted(labels.back());
  }
  for (const char* name : {"enum", "set"}) {
    const auto type = dbsync::parse_mysql_type(name, std::string(name) + "(" + column_type + ")");
    check(type.labels == labels, "labels written by the catalog are read back");
  }
}

MysqlColumn settled(const MysqlType& type, unsigned flags, const std::optional<std::string>& shown) {
  MysqlColumn column;
  column.type = type;
  column.nullable = (flags & kNullable) != 0;
  const bool mariadb = (flags & kMariadb) != 0;
  const unsigned version = (flags & kOld) != 0 ? 50600 : mariadb ? 101100 : 80036;
  dbsync::settle_default(column, shown, (flags & kFlagged) != 0, mariadb, version);
  return column;
}

// The default in DDL: closed SQL or none.
void check_mapped(const MysqlColumn& column) {
  const auto target = dbsync::map_type(column.type, dbsync::postgresql_dialect(16));
  if (!target) return;
  for (const auto policy : {dbsync::ZeroDatePolicy::null_value, dbsync::ZeroDatePolicy::minus_infinity}) {
    const auto mapped = dbsync::map_default(column, *target, policy);
    if (!mapped.sql.empty()) dbsync::fuzz::check_closed_sql(mapped.sql);
  }
}

void check_default(const MysqlType& type, unsigned flags, const std::string& text) {
  const MysqlColumn column = settled(type, flags, (flags & kShown) != 0 ? std::optional(text) : std::nullopt);
  check_mapped(column);
  if ((flags & kShown) == 0) {
    check(column.default_kind == ((flags & kNullable) != 0 ? Default::null : Default::none), "nothing shown");
    return;
  }
  check(column.default_kind != Default::none, "a default that is shown is one");
  if (column.default_kind == Default::expression) check(column.default_text == text, "an expression keeps its text");
  if ((flags & kMariadb) == 0) check(column.default_kind != Default::null, "MySQL shows NULL as nothing");
  const MysqlColumn literal = settled(type, kMariadb, quoted(text));
  check(literal.default_kind == Default::literal && literal.default_text == text,
        "MariaDB's quoted literal is read back");
  const auto again = dbsync::unquote_mysql_literal(text);
  if (again) check(dbsync::unquote_mysql_literal(quoted(*again)) == again, "a literal quoted again is the same");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  dbsync::fuzz::Input input(data, size);
  const unsigned flags = input.take<std::uint8_t>();
  const std::string_view data_type = input.line();
  const std::string_view column_type = input.line();
  const MysqlType type = dbsync::parse_mysql_type(data_type, column_type);
  check_type(type, column_type);
  check_default(type, flags, std::string(input.line()));
  check_labels(input);
  return 0;
}
