// TABLE_MAP: the table that rows events refer to, and how its rows are laid out.
//
//   event = u48 table id, u16 flags, u8 n, database, NUL, u8 n, table, NUL, lenenc columns,
//           columns × u8 type, lenenc n, n bytes of metadata, bitmap of nullable columns,
//           [optional fields: u8 kind, lenenc n, n bytes]
//   metadata: 2 bytes for VARCHAR, BIT, DECIMAL and the kinds of CHAR (real type and
//           length), 1 byte for floating point, BLOB and its kin and the temporals of
//           MySQL 5.6 and newer, none for the others
//
// Source: MySQL source, libs/mysql/binlog/event/rows_event.h (Table_map_event).
// Pure; names point into the bytes given. Errors: DecodeError.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "mysql2pgsql/binlog/binlog_event.h"

namespace dbsync {

// Types of the row images, beside those of the protocol.
enum class ImageType : std::uint8_t {
  decimal_old = 0,
  tiny = 1,
  short_int = 2,
  long_int = 3,
  float4 = 4,
  float8 = 5,
  null = 6,
  timestamp = 7,
  longlong = 8,
  int24 = 9,
  date = 10,
  time = 11,
  datetime = 12,
  year = 13,
  newdate = 14,
  varchar = 15,
  bit = 16,
  timestamp2 = 17,
  datetime2 = 18,
  time2 = 19,
  blob_compressed = 140,
  varchar_compressed = 141,
  vector = 242,
  json = 245,
  newdecimal = 246,
  enumeration = 247,
  set = 248,
  tiny_blob = 249,
  medium_blob = 250,
  long_blob = 251,
  blob = 252,
  var_string = 253,
  string = 254,
  geometry = 255,
};

struct ImageColumn {
  ImageType type{};
  std::uint16_t meta = 0;  // the first byte in the low half
  bool nullable = false;
};

struct TableMapName {
  std::uint64_t id = 0;
  std::string_view db;
  std::string_view table;
};

struct TableMap {
  TableMapName name;
  std::vector<ImageColumn> columns;
};

// The front of the event alone: all that is read of tables that are not followed.
TableMapName read_table_map_name(const BinlogEvent& event);
TableMap read_table_map(const BinlogEvent& event);

}  // namespace dbsync
