// What is copied: tasks, each the rows of one table or query that go into one target
// table, and the chunks that they are cut into.
//
// Plain values. Threads: as any value.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/optional_box.h"
#include "schema/ddl_writer.h"
#include "schema/table.h"

namespace dbsync {

// What completes a target table after its rows, where the source brings it as
// SQL instead of a definition.
struct PostLoad {
  std::vector<DdlUnit> indexes;       // in parallel
  std::vector<DdlUnit> finish;        // after them, in order
  std::vector<DdlUnit> foreign_keys;  // when all tables are finished
};

// Rows of the source that go into one target table: a whole table or a query.
// A large one is cut into chunks; else it is one.
struct CopyTask {
  std::string name;   // for messages: the table list's or the source's name
  std::string query;  // "" = the source table `name`, whole
  QualifiedName target;
  std::string condition = {};  // of a whole table: which rows of both sides are meant; "" = all
  // The top of the target's partition tree, where the tasks of this run bring all rows
  // that it should hold and it has leaves that none of them fills.
  std::optional<QualifiedName> target_tree = {};
  std::uint64_t estimated_bytes = 0;  // orders the work; 0 = unknown
  std::uint64_t estimated_rows = 0;
  OptionalBox<Table> definition;    // how to create the target when it is missing
  OptionalBox<PostLoad> post_load;  // goes before what `definition` says
  bool fresh_target = false;        // its table was made for this run and is empty
  OptionalBox<Error> problem;       // found while planning: the task fails without being tried

  // What holds its rows together with those of other tasks, and no other ones.
  const QualifiedName& compared_with() const { return target_tree ? *target_tree : target; }
};

// The rows that satisfy both, of which "" is no condition.
std::string both_conditions(const std::string& predicate, const std::string& condition);

// The part of a task that one worker copies in one transaction. Both texts are
// SQL of the source.
struct Chunk {
  std::string from;                   // what to read instead of the task's table: a partition; "" = the table itself
  std::string predicate;              // which of its rows; "" = all
  std::uint64_t estimated_bytes = 0;  // 0 = the task's

  bool whole() const { return from.empty() && predicate.empty(); }
};

// How tasks are to be cut.
struct ChunkSizes {
  std::uint64_t bytes = 0;  // wanted size of a chunk
  unsigned workers = 1;     // that will share the chunks
};

}  // namespace dbsync
