#include "copy/journal_run.h"

#include <algorithm>

namespace dbsync {

std::string task_key(const std::string& name, const std::string& query, const QualifiedName& target) {
  return name + '\n' + query + '\n' + target.schema + '\n' + target.name;
}

std::size_t JournalTable::chunks_done() const {
  return static_cast<std::size_t>(std::count_if(chunks.begin(), chunks.end(), [](const auto& c) { return c.done; }));
}

std::uint64_t JournalTable::rows() const {
  std::uint64_t out = 0;
  for (const JournalChunk& chunk : chunks)
    if (chunk.done) out += chunk.rows;
  return out;
}

const JournalTable* EarlierRun::find(const CopyTask& task) const {
  const auto found = tables.find(task_key(task.name, task.query, task.target));
  return found == tables.end() ? nullptr : &found->second;
}

}  // namespace dbsync
