// What it takes for rows of several source tables to live in one target table:
// definitions that agree, and a column that tells where a row is from. And what becomes
// of foreign keys to tables that are not part of a run.
//
// Pure; plain values.
#pragma once

#include <set>
#include <string>

#include "base/error.h"
#include "schema/table.h"

namespace dbsync {

// In what two definitions of one target differ that rows of both could not live
// with: columns, primary and unique keys, partitions, checks, foreign keys. "" when
// they agree; names of keys and checks, and the order of columns, do not count.
std::string definition_difference(const Table& first, const Table& other);

// Two source tables, by their names for messages, whose definitions do not agree.
Error disagreeing_tables(const std::string& first, const std::string& other, const std::string& target,
                         const std::string& difference);

// Foreign keys to tables that are not among `targets` cannot be made; each becomes a note.
void drop_outside_foreign_keys(Table& table, const std::set<QualifiedName>& targets);

// The first definition for the other's rows: its own order of columns, all else
// as in `first`. Both must agree.
Table as_sibling(const Table& first, const Table& other);

// Adds a text column that no row leaves empty. `in_keys`: it becomes a part of the
// primary key and of unique indexes, which rows of several sources would break else.
void add_origin_column(Table& table, const std::string& name, bool in_keys);

}  // namespace dbsync
