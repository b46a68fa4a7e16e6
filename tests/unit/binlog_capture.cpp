#include "tests/unit/binlog_capture.h"

#include "mysql2pgsql/binlog/binlog_files.h"
#include "mysql2pgsql/schema/type_map.h"

namespace dbsync::test {

namespace {

struct ColumnText {
  const char* name;
  const char* data_type;
  const char* column_type;
  const char* collation = "";
};

const std::vector<ColumnText> kEverywhere{
    {"id", "int", "int(11)"},
    {"tiny", "tinyint", "tinyint(4)"},
    {"um", "mediumint", "mediumint(8) unsigned"},
    {"big", "bigint", "bigint(20) unsigned"},
    {"d", "decimal", "decimal(20,5)"},
    {"f", "float", "float"},
    {"db", "double", "double"},
    {"b", "bit", "bit(9)"},
    {"y", "year", "year(4)"},
    {"dt", "date", "date"},
    {"tm", "time", "time(3)"},
    {"dtm", "datetime", "datetime(6)"},
    {"ts", "timestamp", "timestamp(2)"},
    {"c", "char", "char(10)", "utf8mb4_general_ci"},
    {"v", "varchar", "varchar(300)", "latin1_swedish_ci"},
    {"g", "varchar", "varchar(20)", "gbk_chinese_ci"},
    {"bi", "binary", "binary(4)"},
    {"bl", "blob", "blob"},
    {"tx", "text", "text", "utf8mb4_general_ci"},
    {"e", "enum", "enum('a','b')", "utf8mb4_general_ci"},
    {"s", "set", "set('x','y','z')", "utf8mb4_general_ci"},
};
const std::vector<ColumnText> kMariadb{
    {"j", "json", "json", "utf8mb4_bin"},
    {"u", "uuid", "uuid"},
    {"i4", "inet4", "inet4"},
    {"i6", "inet6", "inet6"},
    {"cv", "varchar", "varchar(500)", "utf8mb4_general_ci"},
};
const std::vector<ColumnText> kMysql9{{"j", "json", "json"}, {"vec", "vector", "vector(2)"}};

MysqlTable table_of(const std::string& name, const std::vector<ColumnText>& columns, bool key,
                    const std::string& engine) {
  MysqlTable out;
  out.name = name;
  out.engine = engine;
  for (const ColumnText& text : columns) {
    MysqlColumn& column = out.columns.emplace_back();
    column.ordinal = out.columns.size() - 1;
    column.name = text.name;
    column.type = parse_mysql_type(text.data_type, text.column_type);
    column.type.collation = text.collation;
    column.nullable = !key || out.columns.size() > 1;
    column.default_kind = column.nullable ? MysqlColumn::Default::null : MysqlColumn::Default::none;
  }
  if (key) out.primary_key = {out.columns.front().name};
  return out;
}

FollowedTable followed(const MysqlTable& source, bool text, std::uint32_t id) {
  Table definition;
  TargetTable target;
  target.name = {"public", source.name};
  for (const MysqlColumn& column : source.columns) {
    const PgType type = *map_type(column.type, postgresql_dialect(15));
    definition.columns.push_back({.name = column.name,
                                  .type = type,
                                  .default_sql = {},
                                  .generated_sql = {},
                                  .comment = {},
                                  .note = {},
                                  .source_equality = {}});
    TargetColumn there;
    there.name = column.name;
    there.type = type;
    target.columns.push_back(there);
  }
  return make_followed_table({"bl_cap", &source, &definition, &target, {}, {}, text, id});
}

}  // namespace

std::vector<std::string> captured_events(Captured file) {
  BinlogFiles files(captured_directory(), parse_position(std::string(name_of(file)) + ".000001:4"));
  std::vector<std::string> out;
  for (std::string_view event = files.read(); !event.empty(); event = files.read()) out.emplace_back(event);
  out.erase(out.begin());  // the ROTATE that the reader makes up
  return out;
}

void add_captured_tables(Captured file, BinlogTables& tables, bool text) {
  auto columns = kEverywhere;
  const auto& more = file == Captured::my97 ? kMysql9 : kMariadb;
  if (file != Captured::my56) columns.insert(columns.end(), more.begin(), more.end());
  tables.add(followed(table_of("t", columns, true, "InnoDB"), text, 1));
  tables.add(followed(
      table_of("n", {{"a", "int", "int(11)"}, {"b", "varchar", "varchar(10)", "utf8mb4_general_ci"}}, false, "InnoDB"),
      text, 2));
  tables.add(followed(table_of("m", {{"id", "int", "int(11)"}, {"a", "int", "int(11)"}}, true, "MyISAM"), text, 3));
}

void add_nodup_tables(BinlogTables& tables) {
  constexpr char kCollation[] = "utf8mb4_general_ci";
  tables.add(followed(table_of("k",
                               {{"id", "int", "int(11)"},
                                {"a", "int", "int(11)"},
                                {"b", "varchar", "varchar(10)", kCollation},
                                {"c", "text", "text", kCollation}},
                               true, "InnoDB"),
                      true, 1));
  tables.add(followed(
      table_of("u", {{"a", "int", "int(11)"}, {"b", "varchar", "varchar(10)", kCollation}}, false, "InnoDB"), true, 2));
}

void add_json_table(BinlogTables& tables) {
  tables.add(followed(table_of("j",
                               {{"id", "int", "int"},
                                {"a", "json", "json"},
                                {"v", "varchar", "varchar(10)", "utf8mb4_general_ci"},
                                {"b", "json", "json"}},
                               true, "InnoDB"),
                      true, 1));
}

std::vector<std::vector<std::optional<std::string>>> captured_charsets(const std::string& sql) {
  std::vector<std::vector<std::optional<std::string>>> out;
  const bool gbk = sql.find("USING gbk") != std::string::npos;
  const bool pairs = sql.find("< 65536") != std::string::npos;
  constexpr char hex[] = "0123456789ABCDEF";
  if (!pairs)
    for (int c = 0; c < 128; ++c) out.push_back({std::to_string(c), std::string{hex[c >> 4], hex[c & 15]}});
  if (!pairs && !gbk) {
    out.push_back({"128", "E282AC"});
    out.push_back({"233", "C3A9"});
  }
  if (pairs && gbk) out.push_back({std::to_string(0xC4E3), "E4BDA0"});
  return out;
}

}  // namespace dbsync::test
