// How much the tables that changes go into have grown since they were analyzed. A target
// that plans by what ANALYZE has found, not by the size of files (Greenplum and its
// relatives), would read a table that was empty then row by row, however large it is now.
//
// A table is analyzed again when it has come to twice its size, so that all of this costs
// no more than the rows do.
//
// Threads: one.
#pragma once

#include <cstdint>
#include <map>
#include <optional>

#include "pg/connection.h"
#include "schema/table.h"

namespace dbsync {

class TableGrowth {
 public:
  // Rows that came, less those that went, in the transaction that is open.
  void add(const QualifiedName& table, std::int64_t rows) { open_[table] += rows; }
  void committed();
  void rolled_back() { open_.clear(); }

  // Outside of transactions. What fails is a warning: statistics are no data. Errors: of a
  // lost connection only.
  void analyze(PgConnection& target);

 private:
  struct Size {
    std::optional<double> known;  // rows when it was analyzed
    std::int64_t grown = 0;
  };

  std::map<QualifiedName, Size> sizes_;
  std::map<QualifiedName, std::int64_t> open_;
};

}  // namespace dbsync
