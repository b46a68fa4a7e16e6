// The type table of share/doc/types.md says what the code does. Tests run from
// the repository's root.
#include <fstream>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "base/text.h"
#include "mysql2pgsql/row/mysql_type.h"
#include "mysql2pgsql/schema/type_map.h"
#include "schema/dialect.h"
#include "schema/pg_type.h"

namespace dbsync {
namespace {

constexpr char kPath[] = "share/doc/types.md";
constexpr std::string_view kHeader = "| source type | PostgreSQL type | notes |";

struct DocumentedType {
  int line = 0;
  std::string source;    // "int unsigned"
  std::string expected;  // "bigint"
};

// The text between the backticks of a cell, "" when it is not of that form.
std::string code_of(std::string_view cell) {
  cell = trim(cell);
  if (cell.size() < 3 || cell.front() != '`' || cell.back() != '`') return {};
  return std::string(cell.substr(1, cell.size() - 2));
}

// The rows below the table's header; cells hold no |.
std::vector<DocumentedType> documented_types() {
  std::ifstream file(kPath);
  std::vector<DocumentedType> out;
  bool inside = false;
  int number = 0;
  for (std::string line; std::getline(file, line);) {
    ++number;
    if (line == kHeader) {
      inside = true;
    } else if (inside && !line.starts_with('|')) {
      break;
    } else if (inside && !line.starts_with("|---")) {
      const std::size_t first = line.find('|', 1);
      const std::size_t second = first == std::string::npos ? first : line.find('|', first + 1);
      DocumentedType& row = out.emplace_back();
      row.line = number;
      if (second == std::string::npos) continue;
      row.source = code_of(std::string_view(line).substr(1, first - 1));
      row.expected = code_of(std::string_view(line).substr(first + 1, second - first - 1));
    }
  }
  return out;
}

// What information_schema shows as DATA_TYPE beside this COLUMN_TYPE.
std::string data_type_of(const std::string& column_type) {
  return column_type.substr(0, column_type.find_first_of("( "));
}

TEST(TypesDocument, HasTheTypeTable) { EXPECT_GT(documented_types().size(), 40U) << kPath; }

TEST(TypesDocument, EveryRowIsWhatTheCodeDoes) {
  for (const DocumentedType& row : documented_types()) {
    SCOPED_TRACE(std::string(kPath) + " line " + std::to_string(row.line));
    ASSERT_FALSE(row.source.empty());
    ASSERT_FALSE(row.expected.empty());
    const auto type = map_type(parse_mysql_type(data_type_of(row.source), row.source), postgresql_dialect(15));
    ASSERT_TRUE(type.has_value()) << row.source;
    EXPECT_EQ(type_sql(*type), row.expected) << row.source;
  }
}

TEST(TypesDocument, HasEachTypeOnce) {
  std::set<std::string> seen;
  for (const DocumentedType& row : documented_types())
    EXPECT_TRUE(seen.insert(row.source).second) << kPath << " line " << row.line << ": " << row.source;
}

TEST(TypesDocument, HasEveryKind) {
  std::set<MysqlKind> kinds;
  for (const DocumentedType& row : documented_types())
    kinds.insert(parse_mysql_type(data_type_of(row.source), row.source).kind);
  for (int kind = 0; kind < static_cast<int>(MysqlKind::unsupported); ++kind)
    EXPECT_TRUE(kinds.contains(static_cast<MysqlKind>(kind))) << kPath << " has no row for kind " << kind;
}

}  // namespace
}  // namespace dbsync
