// Lets the target's own types make the binary form of rows that come in another
// one: as text, or as types of which several forms are equal (jsonb).
//
// Rows go by COPY into a temporary table that has the columns of the target's
// table and nothing else of it, and come out again in binary, in portions of some
// megabytes. The table is in a transaction that is rolled back.
//
// Threads: that of its connection, which must be able to write. Errors: of the
// connection; ErrorKind::data for a value that the target does not take.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "format/copy_buffer.h"
#include "pg/connection.h"
#include "verify/row_image.h"

namespace dbsync {

class RowStage {
 public:
  // `as_read`: the fields of the rows that come.
  RowStage(PgConnection& connection, const QualifiedName& table, const ComparedColumns& compared,
           const std::vector<std::string>& as_read, CopyFormat format);

  // Takes rows; gives them to `row` in the order of the compared columns, now or
  // in end().
  void put(std::span<const char> rows, const std::function<void(std::string_view)>& row);
  void end(const std::function<void(std::string_view)>& row);

 private:
  void give(const std::function<void(std::string_view)>& row);

  PgConnection& connection_;
  PgTransaction transaction_;
  CopyFormat format_;
  std::string in_sql_;
  std::string out_sql_;
  std::string pending_;
};

}  // namespace dbsync
