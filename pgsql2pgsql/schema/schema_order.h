// In which order, and in how many transactions, the items before the rows are made.
//
// All in one transaction is what one wants, and what small schemas get; but every
// object that a transaction makes takes a lock to its end, and a server's room for
// locks is set when it starts. So a large schema is cut, at places where no table
// is without its parts: its defaults, sequences, comments, partitions. A table
// that is there when a run begins is taken as it is, with the parts that it has.
//
// Pure.
#pragma once

#include <cstddef>
#include <vector>

#include "pgsql2pgsql/schema/schema_plan.h"

namespace dbsync {

struct CreationStep {
  const SchemaItem* item;
  std::size_t locks = 1;    // about as many as making it takes
  bool may_commit = false;  // behind it: no table lacks a part
};

// The items before the rows as the archive has them, but for the parts of tables,
// which follow as soon as all is there that they stand on.
std::vector<CreationStep> creation_order(const SchemaPlan& plan);

}  // namespace dbsync
