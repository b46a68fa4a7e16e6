#include "pgsql2pgsql/schema/schema_order.h"

#include <map>
#include <set>

namespace dbsync {

namespace {

// A table takes them for itself, its TOAST table, the index on that, and its type.
constexpr std::size_t kLocksOfTable = 4;

class Order {
 public:
  explicit Order(const SchemaPlan& plan) : plan_(plan) {}

  std::vector<CreationStep> run() {
    std::set<int> ids;
    for (const SchemaItem& item : plan_.items())
      if (!item.post_data) ids.insert(item.id);
    for (const SchemaItem& item : plan_.items()) {
      if (item.post_data) continue;
      for (const int id : std::set<int>(item.depends_on.begin(), item.depends_on.end())) {
        if (!ids.contains(id) || id == item.id) continue;
        dependents_[id].push_back(&item);
        ++waits_for_[&item];
      }
    }
    for (const SchemaItem& item : plan_.items())
      if (!item.post_data) emit(item);
    return std::move(steps_);
  }

 private:
  // What is to come in the transaction of the table that it stands on.
  bool is_part(const SchemaItem& item) const {
    if (SchemaPlan::belongs_to_table(item) || item.type == "SEQUENCE") return true;
    const PgRelation* table = plan_.table_of(item);
    return table != nullptr && table->partition;
  }

  // The parts that waited for this one only follow at once. Deep trees of partitions
  // are a few levels; the stack holds them.
  void emit(const SchemaItem& item) {
    if (!done_.insert(&item).second) return;
    open_.erase(&item);
    const bool table = plan_.table_of(item) != nullptr;
    steps_.push_back({&item, table ? kLocksOfTable : 1, false});
    std::vector<const SchemaItem*> ready;
    for (const SchemaItem* other : dependents_[item.id]) {
      --waits_for_[other];
      if (!is_part(*other) || done_.contains(other)) continue;
      if (table) open_.insert(other);
      if (waits_for_[other] == 0) ready.push_back(other);
    }
    for (const SchemaItem* part : ready) emit(*part);
    steps_.back().may_commit = open_.empty();
  }

  const SchemaPlan& plan_;
  std::map<int, std::vector<const SchemaItem*>> dependents_;
  std::map<const SchemaItem*, std::size_t> waits_for_;
  std::set<const SchemaItem*> done_;
  std::set<const SchemaItem*> open_;  // parts of tables that are made, not made themselves
  std::vector<CreationStep> steps_;
};

}  // namespace

std::vector<CreationStep> creation_order(const SchemaPlan& plan) { return Order(plan).run(); }

}  // namespace dbsync
