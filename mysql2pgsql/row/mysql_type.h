// A column's type on the source, read from the catalog or from a result's
// metadata: plain values without the client library.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace dbsync {

enum class MysqlKind : std::uint8_t {
  tinyint,
  smallint,
  mediumint,
  integer,
  bigint,
  decimal,
  float4,
  float8,
  bit,
  year,
  date,
  datetime,
  timestamp,
  time,
  character,
  varchar,
  text,  // TINYTEXT … LONGTEXT
  binary,
  varbinary,
  blob,  // TINYBLOB … LONGBLOB
  enumeration,
  set,
  json,
  geometry,  // and its subtypes
  uuid,
  inet4,
  inet6,
  vector,
  unsupported,
};

struct MysqlType {
  MysqlKind kind = MysqlKind::unsupported;
  bool is_unsigned = false;
  int display_width = -1;    // TINYINT(1)
  std::int64_t length = -1;  // characters, bytes (binary) or bits
  int precision = -1;        // decimal
  int scale = 0;
  int fraction = 0;                 // digits of fractional seconds
  std::vector<std::string> labels;  // ENUM, SET
  bool labels_unclear = false;      // the catalog does not show all of their characters
  std::string collation;
  std::string text;  // as the source writes it: "int(10) unsigned"

  bool operator==(const MysqlType&) const = default;
};

// From information_schema.COLUMNS: DATA_TYPE and COLUMN_TYPE; the numeric
// properties come from COLUMN_TYPE, which carries them all in every version.
// An unknown DATA_TYPE gives MysqlKind::unsupported.
MysqlType parse_mysql_type(std::string_view data_type, std::string_view column_type);

bool is_character_kind(MysqlKind kind);  // CHAR, VARCHAR, TEXT, ENUM, SET, JSON
bool is_integer_kind(MysqlKind kind);

}  // namespace dbsync
