#include "cdc/table_batch.h"

#include <algorithm>
#include <functional>

namespace dbsync {

namespace {

constexpr std::size_t kFirstSlots = 256;
constexpr std::size_t kMostValuesKept = std::size_t{1} << 17;
constexpr std::size_t kMostSlotsKept = std::size_t{1} << 15;

bool same_value(const Value& a, const Value& b) { return a.kind == b.kind && a.bytes() == b.bytes(); }

}  // namespace

std::uint64_t TableBatch::hash_of(const Value* row) const {
  std::uint64_t hash = 0;
  for (const std::size_t column : plan_->key()) {
    const std::uint64_t next = std::hash<std::string_view>()(row[column].bytes());
    hash = (hash ^ next) * 0x9E3779B97F4A7C15ULL;
    hash ^= hash >> 32;
  }
  return hash;
}

bool TableBatch::same_key(const Value* a, const Value* b) const {
  return std::all_of(plan_->key().begin(), plan_->key().end(),
                     [&](std::size_t column) { return same_value(a[column], b[column]); });
}

TableBatch::Entry* TableBatch::find(const std::vector<Value>& row, std::uint64_t& hash) {
  hash = hash_of(row.data());
  if (slots_.empty()) return nullptr;
  for (std::size_t slot = hash & (slots_.size() - 1); slots_[slot] != 0; slot = (slot + 1) & (slots_.size() - 1)) {
    Entry& entry = entries_[slots_[slot] - 1];
    if (entry.hash == hash && same_key(this->row(entry), row.data())) return &entry;
  }
  return nullptr;
}

void TableBatch::grow() {
  slots_.assign(std::max(kFirstSlots, slots_.size() * 2), 0);
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    std::size_t slot = entries_[i].hash & (slots_.size() - 1);
    while (slots_[slot] != 0) slot = (slot + 1) & (slots_.size() - 1);
    slots_[slot] = static_cast<std::uint32_t>(i + 1);
  }
}

void TableBatch::add(const std::vector<Value>& row, std::uint64_t hash, Net net, ApplyPlan::MaskId mask) {
  entries_.push_back({hash, static_cast<std::uint32_t>(entries_.size()), mask, net});
  values_.insert(values_.end(), row.begin(), row.end());
  if (plan_->key().empty()) return;
  if (entries_.size() * 2 > slots_.size()) return grow();
  std::size_t slot = hash & (slots_.size() - 1);
  while (slots_[slot] != 0) slot = (slot + 1) & (slots_.size() - 1);
  slots_[slot] = static_cast<std::uint32_t>(entries_.size());
}

// Newer values over older ones; what is unchanged stays.
void TableBatch::overwrite(Entry& entry, const std::vector<Value>& row) {
  Value* to = values_.data() + std::size_t{entry.row} * plan_->width();
  for (std::size_t i = 0; i < row.size(); ++i)
    if (row[i].kind != Value::Kind::unchanged) to[i] = row[i];
}

bool TableBatch::insert(const std::vector<Value>& row) {
  std::uint64_t hash = 0;
  Entry* entry = plan_->key().empty() ? nullptr : find(row, hash);
  if (entry == nullptr) {
    add(row, hash, Net::insert, 0);
    return true;
  }
  switch (entry->net) {
    case Net::nothing: entry->net = Net::insert; break;
    case Net::remove:
      // The row was there and is there again: an update of everything.
      if (!plan_->replaceable()) return false;
      entry->net = Net::update;
      entry->mask = 0;
      break;
    case Net::insert:
    case Net::update: return false;
  }
  overwrite(*entry, row);
  return true;
}

bool TableBatch::update(const std::vector<Value>& row) {
  std::uint64_t hash = 0;
  Entry* entry = find(row, hash);
  if (entry == nullptr) {
    add(row, hash, Net::update, plan_->mask_of(row));
    return true;
  }
  switch (entry->net) {
    case Net::insert: overwrite(*entry, row); return true;
    case Net::update: {
      overwrite(*entry, row);
      if (entry->mask == 0) return true;
      const Value* merged = this->row(*entry);
      entry->mask = plan_->mask_of({merged, merged + plan_->width()});
      return true;
    }
    case Net::remove:
    case Net::nothing: return false;
  }
  return false;
}

bool TableBatch::remove(const std::vector<Value>& row) {
  std::uint64_t hash = 0;
  Entry* entry = find(row, hash);
  if (entry == nullptr) {
    add(row, hash, Net::remove, 0);
    return true;
  }
  switch (entry->net) {
    case Net::insert: entry->net = Net::nothing; return true;
    case Net::update: entry->net = Net::remove; return true;
    case Net::remove:
    case Net::nothing: return false;
  }
  return false;
}

void TableBatch::clear() {
  if (entries_.empty()) return;
  entries_.clear();
  // Memory is kept for the next run, but not what one large run of one of many
  // tables has needed.
  if (values_.capacity() > kMostValuesKept) values_ = {};
  values_.clear();
  if (slots_.size() > kMostSlotsKept) slots_ = {};
  std::fill(slots_.begin(), slots_.end(), 0);
}

}  // namespace dbsync
