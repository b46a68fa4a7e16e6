// What a run of changes comes to for one table: at most one operation a row.
//
// Rows are told apart by the key's bytes. A row changed many times is written
// once, with its last values; a row inserted and deleted again is not written.
// Changes that contradict each other (a row inserted twice) are refused: whoever
// applies them one by one finds out what is wrong.
//
// Holds views: the bytes of the values must stay until clear(). Threads: one.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "cdc/apply_plan.h"
#include "cdc/tuple.h"

namespace dbsync {

class TableBatch {
 public:
  enum class Net : std::uint8_t {
    insert,
    update,
    remove,
    nothing,  // inserted and deleted again: the target must not have the row
  };

  struct Entry {
    std::uint64_t hash = 0;
    std::uint32_t row = 0;  // where its values begin, in rows
    ApplyPlan::MaskId mask = 0;
    Net net = Net::insert;
  };

  explicit TableBatch(ApplyPlan& plan) : plan_(&plan) {}

  // `row`: a value per column of the relation. False: contradiction.
  bool insert(const std::vector<Value>& row);
  bool update(const std::vector<Value>& row);  // the key is not changed
  bool remove(const std::vector<Value>& row);  // the key's columns count

  ApplyPlan& plan() const { return *plan_; }
  const std::vector<Entry>& entries() const { return entries_; }
  const Value* row(const Entry& entry) const { return values_.data() + std::size_t{entry.row} * plan_->width(); }
  std::size_t values() const { return values_.size(); }
  bool empty() const { return entries_.empty(); }
  void clear();

 private:
  std::uint64_t hash_of(const Value* row) const;
  bool same_key(const Value* a, const Value* b) const;
  // The entry of the row, or null; `hash` is filled in.
  Entry* find(const std::vector<Value>& row, std::uint64_t& hash);
  void add(const std::vector<Value>& row, std::uint64_t hash, Net net, ApplyPlan::MaskId mask);
  void overwrite(Entry& entry, const std::vector<Value>& row);
  void grow();

  ApplyPlan* plan_;
  std::vector<Entry> entries_;
  std::vector<Value> values_;
  std::vector<std::uint32_t> slots_;  // open addressing: number of the entry + 1
};

}  // namespace dbsync
