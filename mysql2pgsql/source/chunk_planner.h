// Cuts a table of the source into chunks by its key.
//
//   one whole-number column   ranges: even steps when the keys are dense, else
//                             halved by the server's row estimates
//   other keys                every n-th key, read from the index in its order
//   partitioned               each partition for itself
//   no unique NOT NULL key    the whole table (or partition)
//
// Uses the session's snapshot. Errors and threads: as MysqlConnection.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "copy/snapshot_source.h"
#include "mysql2pgsql/schema/mysql_catalog.h"
#include "mysql2pgsql/source/key_range.h"

namespace dbsync {

// The columns by which a table can be cut; empty when it has none.
struct ChunkKey {
  std::vector<const MysqlColumn*> columns;

  bool single_number() const;
};
ChunkKey chunk_key(const MysqlTable& table);

class ChunkPlanner {
 public:
  using Emit = std::function<void(Chunk)>;

  ChunkPlanner(MysqlConnection& connection, const MysqlTable& table, const ChunkSizes& sizes, const Emit& emit);

  void plan_table();

  // Chunks of a query over the table that can be read in parts: predicates name
  // `column`, the query's own name for the table's single number key.
  void plan_query(const std::string& column);

 private:
  struct Part;  // the table or one of its partitions

  std::vector<Part> parts();
  void plan_part(const Part& part);
  void plan_numbers(const Part& part);
  std::vector<WideInt> number_bounds(const Part& part, WideInt least, WideInt most);
  void plan_keys(const Part& part);
  std::vector<KeyBound> read_bound(const Part& part, const KeyBound& after, std::uint64_t rows);
  KeyProbes probes(const Part& part);
  std::optional<WideInt> number(const std::string& sql);
  std::uint64_t estimate(const Part& part, WideInt from, WideInt to);
  void emit_range(const Part& part, const KeyBound& from, const KeyBound& to, std::uint64_t chunks);

  MysqlConnection& connection_;
  const MysqlTable& table_;
  const ChunkSizes& sizes_;
  const Emit& emit_;
  ChunkKey key_;
  std::vector<std::string> columns_;       // quoted, of the key
  std::vector<std::string> emit_columns_;  // as predicates name them
  bool nulls_first_ = false;               // the query's key may be NULL
};

}  // namespace dbsync
