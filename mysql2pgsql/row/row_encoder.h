// Turns rows of the source into COPY rows of the target.
//
// What can be decided per column is decided once, into an immutable plan: one
// function pointer per column. Encoders take bytes and give bytes; they neither
// allocate nor log.
//
// A value that the target cannot hold is handled by policy: changed and counted,
// or an Error of ErrorKind::data naming column and value.
//
// Threads: an encoder belongs to one thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "config/policies.h"
#include "format/copy_buffer.h"
#include "mysql2pgsql/row/mysql_type.h"
#include "mysql2pgsql/row/source_value.h"
#include "schema/pg_type.h"

namespace dbsync {

// One column on its way: source, target and the encoder between them.
struct ColumnPlan;
using EncodeFn = void (*)(ColumnPlan& plan, const SourceValue& value, CopyBuffer& out);

struct ColumnPlan {
  std::string name;  // on the target
  MysqlType source;
  Wire wire = Wire::bytes;
  PgType target;
  bool not_null = false;  // on the target
  ValuePolicies policies;
  EncodeFn encode = nullptr;
  std::uint64_t changed = 0;  // values that a policy altered
};

// The encoder of one pair of types, or nullptr when the binary form cannot be
// made here and the server's input function must read the text form.
EncodeFn binary_encoder(const MysqlType& source, Wire wire, const PgType& target);

// Every type has a text form.
EncodeFn text_encoder(const MysqlType& source, Wire wire, const PgType& target);

// Why a value of `source` could be altered silently by `target` (a shorter
// fraction, a date without its time); nothing when the pair is safe.
std::optional<std::string> unsafe_pair(const MysqlType& source, const PgType& target);

// One row may not be larger: PostgreSQL builds it in one allocation of at most
// 1 GiB - 1 (MaxAllocSize), and needs some of that for itself.
inline constexpr std::size_t kMaxRowBytes = (std::size_t{1} << 30) - (std::size_t{1} << 20);

class RowEncoder {
 public:
  // Fills in every plan's `encode` for the format. Rows of more than `longest_row`
  // bytes are bad rows.
  RowEncoder(std::vector<ColumnPlan> columns, CopyFormat format, std::size_t longest_row = kMaxRowBytes);

  // Appends one row. On an Error the buffer is as before.
  void encode(const SourceValue* values, CopyBuffer& out);

  // The row as text, for the file of set-aside rows; takes any value.
  RowText row_text(const SourceValue* values) const;

  const std::vector<ColumnPlan>& columns() const { return columns_; }

 private:
  void check_values(const SourceValue* values) const;
  void check_size(std::size_t bytes) const;
  void encode_binary(const SourceValue* values, CopyBuffer& out);
  void encode_text(const SourceValue* values, CopyBuffer& out);

  std::vector<ColumnPlan> columns_;
  CopyFormat format_;
  // Columns whose values can be large, and by how much text COPY makes them larger.
  struct LargeColumn {
    std::size_t index;
    std::size_t factor;
  };
  std::vector<LargeColumn> large_;
  std::size_t longest_row_;
};

}  // namespace dbsync
