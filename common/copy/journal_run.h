// What the journal of a copy tells of an earlier run: its tables, their chunks, and the
// steps that are done.
//
// Plain values. Threads: as any value.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "copy/copy_task.h"

namespace dbsync {

// Whose journal: programs with the same key share it, one after the other.
struct JournalKey {
  std::string program;
  std::string source;  // endpoint without password
  std::string target_schema;

  std::string text() const { return program + '\n' + source + '\n' + target_schema; }  // for locks
};

struct JournalChunk {
  int number = 0;
  Chunk chunk;
  bool done = false;
  std::uint64_t rows = 0;
  std::uint64_t bytes = 0;
  std::uint64_t rejected = 0;
  std::vector<std::string> zero_dates;  // columns that got a NULL for a zero date
};

// What the journal knows of one task.
struct JournalTable {
  int task = 0;  // its number in the journal
  QualifiedName target;
  std::uint32_t relation = 0;  // the target table's oid; 0 = not noted
  bool created = false;        // its target table was made by us
  bool owned = false;          // its target table holds no rows but ours
  bool planned = false;        // all its chunks are listed
  std::vector<JournalChunk> chunks;
  std::set<std::string> steps;  // after the load

  std::size_t chunks_done() const;
  bool loaded() const { return planned && chunks_done() == chunks.size(); }
  std::uint64_t rows() const;  // of the chunks that are done
};

// What earlier runs left.
struct EarlierRun {
  std::string started;
  bool finished = false;
  std::string snapshot;
  bool begun_anew = false;    // what it tells of rows is of another beginning
  bool rows_to_mend = false;  // some broke a key or a check: its user was told to mend them
  // By task name, query and target: the same line of work in another run.
  std::map<std::string, JournalTable> tables = {};

  const JournalTable* find(const CopyTask& task) const;
};

// By which a task is found again in another run: what is read, and where to.
std::string task_key(const std::string& name, const std::string& query, const QualifiedName& target);

}  // namespace dbsync
