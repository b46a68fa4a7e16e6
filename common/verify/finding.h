// A row that differs, as the user gets it: its key, the columns that differ and
// both values, written by the target's own types.
//
// Threads: plain values; ValueWriter as its connection.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "pg/connection.h"
#include "verify/row_diff.h"
#include "verify/row_image.h"

namespace dbsync {

// What is kept of a value: its beginning, and a hash of all of it.
struct KeptValue {
  bool null = true;
  std::uint64_t hash = 0;
  std::size_t bytes = 0;
  std::string beginning;  // binary
};
using KeptRow = std::vector<KeptValue>;  // in the order of the compared columns

KeptRow kept_row(RowImage& image, std::size_t columns);

// A value as text; nullopt is NULL.
using NamedValue = std::pair<std::string, std::optional<std::string>>;

struct Finding {
  FindingKind kind = FindingKind::missing;
  std::uint64_t rows = 1;            // equal ones
  std::vector<NamedValue> key;       // empty: the table has none
  std::vector<std::string> columns;  // that differ
  // Of the columns that differ; of missing and extra rows, of all columns.
  std::vector<NamedValue> source;
  std::vector<NamedValue> target;
};

std::string_view kind_word(FindingKind kind);

// "film_id = 7: description: \"a\" on the source, \"b\" on the target".
std::string describe(const Finding& finding);

class ValueWriter {
 public:
  ValueWriter(PgConnection& connection, const ComparedColumns& compared)
      : connection_(connection), compared_(compared) {}

  // Either row may be missing.
  Finding finding(const HashPair& pair, const KeptRow* source, const KeptRow* target);

 private:
  std::vector<NamedValue> texts(const KeptRow& row, const std::vector<std::size_t>& columns, std::size_t from);
  std::string text(const TargetColumn& column, const KeptValue& value, std::size_t from);

  PgConnection& connection_;
  const ComparedColumns& compared_;
};

}  // namespace dbsync
