// What foreign keys of the source do to other rows when rows go or get another key, for
// sources whose log does not tell of it.
//
// A relation with a `cascade` stands for no table: its changes are keys that rows of
// another table had (`remove`) or have got (`update`), and what is to be done to the rows
// that refer to them. Its columns are those of the referring table; its values are text.
//
// Plain values. Threads: immutable, shared by shared_ptr<const>.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "schema/table.h"

namespace dbsync {

enum class CascadeAction : std::uint8_t { none, remove, set_null, take_over };

// A foreign key, by names of the target.
struct CascadeEdge {
  QualifiedName child;                // the referring table
  std::vector<std::string> columns;   // of it
  std::vector<std::string> referred;  // of the other table, in the same order
  CascadeAction on_delete = CascadeAction::none;
  CascadeAction on_update = CascadeAction::none;
};

// By the table that is referred to.
using CascadeGraph = std::map<QualifiedName, std::vector<CascadeEdge>>;

struct Cascade {
  CascadeEdge first;
  std::shared_ptr<const CascadeGraph> graph;  // of what follows from it
};

}  // namespace dbsync
