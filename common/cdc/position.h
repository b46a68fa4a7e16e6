// A place in a source's stream of transactions, for any kind of source.
//
// Places of one source are totally ordered; places of different kinds must never
// be compared (ErrorKind::internal). The text is what bookkeeping tables hold
// and what users read and write:
//   LSN       16/B374D848
//   binlog    mysql-bin.000042:1234   (file number and offset order them)
//
// A plain value. Source: PostgreSQL manual, type pg_lsn.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

namespace dbsync {

struct Position {
  enum class Kind : std::uint8_t { none, lsn, binlog };

  Kind kind = Kind::none;
  std::uint64_t high = 0;  // LSN, or number of the binlog file
  std::uint64_t low = 0;   // 0, or offset in the file
  std::string file;        // binlog: the file's name as the server writes it

  bool known() const { return kind != Kind::none; }
  std::string text() const;  // "" when unknown
};

Position lsn_position(std::uint64_t lsn);

// "" gives the unknown position. Errors: ErrorKind::config quoting the text.
Position parse_position(std::string_view text);

// The unknown position goes before all others.
std::strong_ordering operator<=>(const Position& a, const Position& b);
inline bool operator==(const Position& a, const Position& b) { return (a <=> b) == 0; }

}  // namespace dbsync
