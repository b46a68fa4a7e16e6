// One result of libpq.
//
// Threads: as its connection.
//
// Source: PostgreSQL manual, libpq "Command Execution Functions".
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

struct pg_result;

namespace dbsync {

// Text values of one result; rows and columns count from 0.
class PgResult {
 public:
  explicit PgResult(pg_result* result);

  int rows() const;
  int columns() const;
  bool is_null(int row, int column) const;
  std::string_view value(int row, int column) const;  // "" for NULL; valid while the result lives
  std::string text(int row, int column) const { return std::string(value(row, column)); }
  std::int64_t integer(int row, int column) const;
  bool boolean(int row, int column) const { return value(row, column) == "t"; }
  std::string column_name(int column) const;
  std::uint32_t column_type(int column) const;      // pg_type.oid, a domain's base type
  int column_modifier(int column) const;            // as pg_attribute.atttypmod
  pg_result* raw() const { return result_.get(); }  // for those that speak libpq themselves
  // Rows changed, as the command tag says; 0 when it says nothing.
  std::uint64_t affected_rows() const;

  struct Clear {
    void operator()(pg_result* result) const;
  };

 private:
  std::unique_ptr<pg_result, Clear> result_;
};

}  // namespace dbsync
