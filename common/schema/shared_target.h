// What it takes for rows of several source tables to live in one target table:
// definitions that agree, and a column that tells where a row is from.
//
// Pure; plain values.
#pragma once

#include <string>

#include "schema/table.h"

namespace dbsync {

// In what two definitions of one target differ that rows of both could not live
// with: columns, primary and unique keys, partitions, checks, foreign keys. "" when
// they agree; names of keys and checks, and the order of columns, do not count.
std::string definition_difference(const Table& first, const Table& other);

// The first definition for the other's rows: its own order of columns, all else
// as in `first`. Both must agree.
Table as_sibling(const Table& first, const Table& other);

// Adds a text column that no row leaves empty. `in_keys`: it becomes a part of the
// primary key and of unique indexes, which rows of several sources would break else.
void add_origin_column(Table& table, const std::string& name, bool in_keys);

}  // namespace dbsync
