// Rows events: the images of the rows that one statement inserted, updated or deleted.
//
//   event  = u48 table id, u16 flags, [version 2: u16 n, n - 2 bytes], lenenc columns, bitmap of
//            the columns in the images, [UPDATE: the same of the images after], rows
//   row    = image, [UPDATE: image after]
//   image  = bitmap of NULLs among the columns that it has, their values
//   PARTIAL_UPDATE: before an image after, lenenc options; with option 1 a bitmap of the table's JSON
//            columns whose values are changes (json_diff.h), as long as a value is
//   MariaDB's compressed events have the rows as compressed.h says.
//
// Source: MySQL source, libs/mysql/binlog/event/rows_event.h; MariaDB source, sql/log_event.h.
// Pure; points into the bytes given. Errors: DecodeError.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "cdc/change.h"
#include "mysql2pgsql/binlog/binlog_event.h"

namespace dbsync {

inline constexpr std::uint16_t kRowsEndOfStatement = 0x01;
inline constexpr std::uint16_t kRowsForeignKeyChecksOff = 0x02;
inline constexpr std::uint16_t kRowsCascadesAreLogged = 0x10;  // MySQL 9.6 and newer

// A bitmap of columns.
struct ColumnSet {
  std::string_view bytes;

  bool has(std::size_t column) const { return (bytes[column / 8] >> (column % 8) & 1) != 0; }
};

struct RowsEvent {
  ChangeKind kind = ChangeKind::insert;
  std::uint64_t table_id = 0;
  std::uint16_t flags = 0;
  bool partial = false;  // JSON values of the images after may be changes of those before
  std::uint64_t columns = 0;
  ColumnSet before;  // of the image before the change; of an INSERT's only image as well
  ColumnSet after;   // UPDATE
  std::string_view rows;
};

bool is_rows_event(EventType type);
std::uint64_t rows_table_id(const BinlogEvent& event);
// `scratch` holds the rows of a compressed event.
RowsEvent read_rows_event(const BinlogEvent& event, std::string& scratch);

}  // namespace dbsync
