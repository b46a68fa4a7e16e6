#include "copy/emptying.h"

#include <algorithm>

#include <fmt/format.h>

#include "pg/sqlstate.h"
#include "schema/quote.h"

namespace dbsync {

namespace {

class Planner {
 public:
  Planner(const Enforcement& enforcement, const std::vector<std::uint32_t>& tables)
      : enforcement_(enforcement), tables_(tables) {
    for (const auto& [partition, above] : enforcement.parent) parts_[above].push_back(partition);
    for (const EnforcedKey& key : enforcement.keys) of(key.referenced_oid).referring.push_back(&key);
    for (std::size_t i = 0; i < tables.size(); ++i) of(tables[i]).members.push_back(i);
    plan_.ways.assign(tables.size(), EmptyingWay::alone);
    plan_.refusals.resize(tables.size());
  }

  EmptyingPlan plan(const std::set<std::uint32_t>& loaded, const std::function<bool(const EnforcedKey&)>& is_off) {
    for (const std::uint32_t table : loaded) of(table).loaded.push_back(table);
    const auto ours = [&](const EnforcedKey& key) {
      const auto& there = of(key.table_oid).loaded;
      return consists_of(key.table_oid, [&](std::uint32_t part) {
        return std::any_of(there.begin(), there.end(),
                           [&](std::uint32_t table) { return enforcement_.is_within(part, table); });
      });
    };
    for (bool changed = true; changed;) {
      changed = false;
      for (std::size_t i = 0; i < tables_.size(); ++i) {
        const EnforcedKey* key = in_the_way(i, [&](const EnforcedKey& k) { return !ours(k) || !is_off(k); });
        if (key != nullptr)
          refuse(i, *key, ours(*key));
        else if (in_the_way(i, [](const EnforcedKey&) { return true; }) != nullptr)
          plan_.ways[i] = EmptyingWay::by_delete;
        else
          continue;
        changed = true;
      }
    }
    for (std::size_t i = 0; i < tables_.size(); ++i) join(i);
    return std::move(plan_);
  }

 private:
  // What concerns one tree of tables: with thousands of tables, each looks at its own only.
  struct Tree {
    std::vector<const EnforcedKey*> referring;
    std::vector<std::size_t> members;  // places in tables_
    std::vector<std::uint32_t> loaded;
  };

  Tree& of(std::uint32_t table) { return trees_[enforcement_.root_of(table)]; }

  bool truncated(std::size_t i) const {
    return plan_.ways[i] == EmptyingWay::alone || plan_.ways[i] == EmptyingWay::together;
  }

  bool refers_to(const EnforcedKey& key, std::size_t i) const {
    return enforcement_.share_rows(key.referenced_oid, tables_[i]);
  }

  // The condition holds for the table, or for all partitions below it.
  template <class Condition>
  bool consists_of(std::uint32_t table, const Condition& condition) const {
    if (condition(table)) return true;
    const auto parts = parts_.find(table);
    return parts != parts_.end() && std::all_of(parts->second.begin(), parts->second.end(),
                                                [&](std::uint32_t part) { return consists_of(part, condition); });
  }

  // All its rows go.
  bool covered(std::uint32_t table) {
    const auto& members = of(table).members;
    return consists_of(table, [&](std::uint32_t part) {
      return std::any_of(members.begin(), members.end(),
                         [&](std::size_t i) { return truncated(i) && enforcement_.is_within(part, tables_[i]); });
    });
  }

  template <class Condition>
  const EnforcedKey* in_the_way(std::size_t i, const Condition& condition) {
    if (!truncated(i)) return nullptr;
    for (const EnforcedKey* key : of(tables_[i]).referring)
      if (refers_to(*key, i) && condition(*key) && !covered(key->table_oid)) return key;
    return nullptr;
  }

  void refuse(std::size_t i, const EnforcedKey& key, bool ours) {
    plan_.ways[i] = EmptyingWay::refused;
    Error error(ErrorKind::target,
                fmt::format("it cannot be emptied: the foreign key {} refers to it, and {} is not emptied",
                            key.display(), key.table.display()));
    error.sqlstate(std::string(sqlstate::feature_not_supported));
    const std::string drop = fmt::format("ALTER TABLE {} DROP CONSTRAINT {} for the run and add it again after it: {}",
                                         quote_name(key.table), quote_identifier(key.name), key.definition);
    plan_.refusals[i] = error.hint(ours ? "copy that table whole in the same run, or " + drop
                                        : "copy that table in the same run, so that both are emptied, or " + drop);
  }

  void join(std::size_t i) {
    if (!truncated(i)) return;
    for (const EnforcedKey* key : of(tables_[i]).referring) {
      if (!refers_to(*key, i) || key->table_oid == tables_[i]) continue;
      plan_.ways[i] = EmptyingWay::together;
      bool named = false;
      for (const std::size_t other : of(key->table_oid).members) {
        if (!truncated(other) || !enforcement_.share_rows(key->table_oid, tables_[other])) continue;
        plan_.ways[other] = EmptyingWay::together;
        named = named || enforcement_.is_within(key->table_oid, tables_[other]);
      }
      if (!named) plan_.roots.insert(key->table_oid);
    }
  }

  const Enforcement& enforcement_;
  const std::vector<std::uint32_t>& tables_;
  std::map<std::uint32_t, std::vector<std::uint32_t>> parts_;  // of partitioned tables
  std::map<std::uint32_t, Tree> trees_;                        // by the oid of the table at the top
  EmptyingPlan plan_;
};

}  // namespace

EmptyingPlan plan_emptying(const Enforcement& enforcement, const std::vector<std::uint32_t>& tables,
                           const std::set<std::uint32_t>& loaded,
                           const std::function<bool(const EnforcedKey&)>& is_off) {
  return Planner(enforcement, tables).plan(loaded, is_off);
}

}  // namespace dbsync
