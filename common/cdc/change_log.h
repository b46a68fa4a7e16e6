// The changes of one transaction, as bytes in their order: in memory up to a
// limit, beyond it in a temporary file.
//
//   record = uint32 length of the rest, byte kind, byte old image, uint32 relation,
//            [old tuple], [new tuple]                    (row changes)
//          | uint32 length of the rest, byte 3, byte restart identity, uint32 n,
//            n × uint32 relation                         (truncate)
//
// in the machine's byte order; `relation` counts in the order of add_relation.
//
// Lifetime: what a Reader returns points into the log itself or into a chunk
// that the reader has read from the file. A chunk lives as long as somebody holds
// chunk(); the log must outlive all of it.
//
// Threads: one at a time; a finished log may be handed to another.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "cdc/change.h"
#include "cdc/spill_file.h"

namespace dbsync {

struct SpillPolicy {
  std::size_t memory_bytes = std::size_t{16} << 20;  // of one transaction
  std::string directory = {};                        // as SpillFile
  std::size_t piece_bytes = std::size_t{1} << 20;    // read from the file at once
};

class ChangeLog {
 public:
  explicit ChangeLog(SpillPolicy policy = {}, std::string buffer = {})
      : policy_(std::move(policy)), bytes_(std::move(buffer)) {}
  ChangeLog(ChangeLog&&) = default;
  ChangeLog& operator=(ChangeLog&&) = default;

  // The relation's number in this log.
  std::uint32_t add_relation(std::shared_ptr<const Relation> relation);

  void append(ChangeKind kind, OldImage image, std::uint32_t relation, std::string_view old_tuple,
              std::string_view new_tuple);
  void append_truncate(bool restart_identity, const std::vector<std::uint32_t>& relations);

  // A place to go back to, within this log.
  struct Mark {
    std::uint64_t bytes = 0;
    std::uint64_t changes = 0;
  };
  Mark mark() const { return {bytes(), changes_}; }
  // Forgets the changes behind the mark.
  void cut(const Mark& mark);

  std::uint64_t changes() const { return changes_; }
  std::uint64_t bytes() const { return bytes_.size() + (file_ ? file_->size() : 0); }
  std::size_t memory_bytes() const { return bytes_.capacity(); }  // held now
  // No more changes come: holds no more memory than it needs. Returns what they were
  // gathered in, to be the buffer of another log.
  std::string fit();
  // Moves everything to a temporary file.
  void spill();
  bool spilled() const { return file_ != nullptr; }
  const std::vector<std::shared_ptr<const Relation>>& relations() const { return relations_; }

  class Reader {
   public:
    explicit Reader(const ChangeLog& log);
    // The next change, in order; false behind the last one.
    bool next(Change& out);
    // What the last change points into; empty when that is the log itself.
    const std::shared_ptr<const std::string>& chunk() const { return chunk_; }

   private:
    bool fill(std::size_t wanted);
    void parse(std::string_view record, Change& out);

    const ChangeLog& log_;
    std::shared_ptr<const std::string> chunk_;
    std::string_view rest_;          // of the chunk or of the log's memory
    std::uint64_t file_offset_ = 0;  // of the end of the chunk
    bool in_memory_ = false;
    std::vector<const Relation*> truncated_;
  };

 private:
  void header(std::size_t length, std::uint8_t kind, std::uint8_t flag, std::uint32_t number);
  void appended();

  SpillPolicy policy_;
  std::string bytes_;  // behind the file's content
  std::unique_ptr<SpillFile> file_;
  std::vector<std::shared_ptr<const Relation>> relations_;
  std::uint64_t changes_ = 0;
};

}  // namespace dbsync
