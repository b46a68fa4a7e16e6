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
    for (const auto& [partition, above] : enforcement.parent) has_parts_.insert(above);
    plan_.ways.assign(tables.size(), EmptyingWay::alone);
    plan_.refusals.resize(tables.size());
  }

  EmptyingPlan plan(const std::set<std::uint32_t>& loaded, const std::function<bool(const EnforcedKey&)>& is_off) {
    const auto ours = [&](const EnforcedKey& key) {
      return consists_of(key.table_oid, [&](std::uint32_t part) {
        return std::any_of(loaded.begin(), loaded.end(),
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
    return has_parts_.contains(table) &&
           std::all_of(enforcement_.parent.begin(), enforcement_.parent.end(),
                       [&](const auto& entry) { return entry.second != table || consists_of(entry.first, condition); });
  }

  // All its rows go.
  bool covered(std::uint32_t table) const {
    return consists_of(table, [&](std::uint32_t part) {
      for (std::size_t i = 0; i < tables_.size(); ++i)
        if (truncated(i) && enforcement_.is_within(part, tables_[i])) return true;
      return false;
    });
  }

  template <class Condition>
  const EnforcedKey* in_the_way(std::size_t i, const Condition& condition) const {
    if (!truncated(i)) return nullptr;
    for (const EnforcedKey& key : enforcement_.keys)
      if (refers_to(key, i) && condition(key) && !covered(key.table_oid)) return &key;
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
    for (const EnforcedKey& key : enforcement_.keys) {
      if (!refers_to(key, i) || key.table_oid == tables_[i]) continue;
      plan_.ways[i] = EmptyingWay::together;
      bool named = false;
      for (std::size_t other = 0; other < tables_.size(); ++other) {
        if (!truncated(other) || !enforcement_.share_rows(key.table_oid, tables_[other])) continue;
        plan_.ways[other] = EmptyingWay::together;
        named = named || enforcement_.is_within(key.table_oid, tables_[other]);
      }
      if (!named) plan_.roots.insert(key.table_oid);
    }
  }

  const Enforcement& enforcement_;
  const std::vector<std::uint32_t>& tables_;
  std::set<std::uint32_t> has_parts_;
  EmptyingPlan plan_;
};

}  // namespace

EmptyingPlan plan_emptying(const Enforcement& enforcement, const std::vector<std::uint32_t>& tables,
                           const std::set<std::uint32_t>& loaded,
                           const std::function<bool(const EnforcedKey&)>& is_off) {
  return Planner(enforcement, tables).plan(loaded, is_off);
}

}  // namespace dbsync
