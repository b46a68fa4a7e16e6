// Rows of a table with a column of every type: any bytes give a tuple or an error. The first
// byte says which server's table it is, in which form, which columns the images have, and whether
// JSON values are changes.
#include "cdc/tuple.h"
#include "mysql2pgsql/binlog/row_tuple.h"
#include "mysql2pgsql/schema/type_map.h"
#include "tests/fuzz/fuzz.h"

namespace {

using dbsync::ImageType;
using dbsync::fuzz::check;

struct ColumnText {
  const char* data_type;
  const char* column_type;
  ImageType type;
  std::uint16_t meta;
};

constexpr ColumnText kColumns[] = {
    {"tinyint", "tinyint(4)", ImageType::tiny, 0},
    {"mediumint", "mediumint(9)", ImageType::int24, 0},
    {"bigint", "bigint unsigned", ImageType::longlong, 0},
    {"decimal", "decimal(20,5)", ImageType::newdecimal, 20 | 5 << 8},
    {"double", "double", ImageType::float8, 8},
    {"bit", "bit(9)", ImageType::bit, 1 | 1 << 8},
    {"year", "year", ImageType::year, 0},
    {"date", "date", ImageType::date, 0},
    {"time", "time(3)", ImageType::time2, 3},
    {"datetime", "datetime(6)", ImageType::datetime2, 6},
    {"timestamp", "timestamp(1)", ImageType::timestamp2, 1},
    {"time", "time(3)", ImageType::time, 0},
    {"datetime", "datetime(5)", ImageType::datetime, 0},
    {"datetime", "datetime", ImageType::datetime, 0},
    {"timestamp", "timestamp(2)", ImageType::timestamp, 0},
    {"char", "char(10)", ImageType::string, 0xFE | 40 << 8},
    {"varchar", "varchar(300)", ImageType::varchar, 300},
    {"binary", "binary(4)", ImageType::string, 0xFE | 4 << 8},
    {"blob", "blob", ImageType::blob, 2},
    {"enum", "enum('a','b')", ImageType::string, 247 | 1 << 8},
    {"set", "set('x','y','z')", ImageType::string, 248 | 1 << 8},
    {"json", "json", ImageType::json, 4},
    {"geometry", "geometry", ImageType::geometry, 4},
    {"vector", "vector(2)", ImageType::vector, 4},
    {"uuid", "uuid", ImageType::string, 0xFE | 16 << 8},
    {"inet6", "inet6", ImageType::string, 0xFE | 16 << 8},
    {"text", "text", ImageType::blob_compressed, 2},
};
constexpr std::size_t kCount = sizeof kColumns / sizeof kColumns[0];

struct Fixture {
  dbsync::FollowedTable table;
  dbsync::TableMap map;

  explicit Fixture(bool text) {
    dbsync::MysqlTable source;
    dbsync::Table definition;
    dbsync::TargetTable target;
    source.name = "t";
    source.engine = "InnoDB";
    for (std::size_t i = 0; i < kCount; ++i) {
      dbsync::MysqlColumn column;
      column.ordinal = i;
      column.name = "c" + std::to_string(i);
      column.type = dbsync::parse_mysql_type(kColumns[i].data_type, kColumns[i].column_type);
      column.default_kind = dbsync::MysqlColumn::Default::null;
      source.columns.push_back(column);
      dbsync::TargetColumn there;
      there.name = column.name;
      there.type = *dbsync::map_type(column.type, dbsync::postgresql_dialect(15));
      target.columns.push_back(there);
      dbsync::Column defined{};
      defined.name = column.name;
      defined.type = there.type;
      definition.columns.push_back(defined);
      map.columns.push_back({kColumns[i].type, kColumns[i].meta, true});
    }
    table = dbsync::make_followed_table({"db", &source, &definition, &target, {}, {}, text, 1});
  }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static Fixture binary(false), text(true);
  if (size < 1 + (kCount + 7) / 8) return 0;
  dbsync::FollowedTable& table = (data[0] & 1) != 0 ? text.table : binary.table;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  const dbsync::ColumnSet set{bytes.substr(0, (kCount + 7) / 8)};
  try {
    dbsync::RowTuples tuples(table, binary.map, [](const std::string&) { return nullptr; });
    dbsync::LittleReader in(bytes.substr((kCount + 7) / 8), "row image");
    dbsync::CopyBuffer out(1024);
    while (in.remaining() > 0) {
      out.truncate(0);
      const std::size_t before = in.offset();
      if ((data[0] & 4) != 0) {  // with changes of JSON values, of the row itself
        const dbsync::LittleReader old = in;
        tuples.read(in, set, dbsync::RowTuples::Role::before, out);
        out.truncate(0);
        tuples.begin_changes(in, old, set);
      }
      tuples.read(in, set, (data[0] & 2) != 0 ? dbsync::RowTuples::Role::inserted : dbsync::RowTuples::Role::after,
                  out);
      dbsync::ByteReader tuple({out.bytes().data(), out.size()}, "tuple");
      dbsync::take_tuple(tuple);
      check(tuple.remaining() == 0, "a whole tuple");
      check(dbsync::tuple_width({out.bytes().data(), out.size()}) == kCount, "a value for each column");
      if (in.offset() == before) break;
    }
  } catch (const dbsync::Error& error) {
    check(error.kind() == dbsync::ErrorKind::source || error.kind() == dbsync::ErrorKind::data,
          "an error of source or data");
  }
  return 0;
}
