#include "copy/guard_plan.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"

namespace dbsync {

namespace {

template <class Rule>
std::string first_names(const std::vector<const Rule*>& rules) {
  constexpr std::size_t kMost = 10;
  std::vector<std::string> names;
  for (const Rule* rule : rules)
    if (names.size() < kMost) names.push_back(one_line(rule->display()));
  return join(names, ", ") + (rules.size() > kMost ? fmt::format(" and {} more", rules.size() - kMost) : "");
}

template <class Rule>
void add_once(std::vector<const Rule*>& rules, const Rule& rule) {
  if (std::find(rules.begin(), rules.end(), &rule) == rules.end()) rules.push_back(&rule);
}

class Planner {
 public:
  Planner(const Enforcement& enforcement, const GuardRights& rights) : enforcement_(enforcement), rights_(rights) {}

  GuardPlan plan(const GuardedTables& tables) {
    for (const std::uint32_t table : tables.loaded) plan_table(table);
    for (const std::uint32_t table : tables.loaded)
      for (const std::uint32_t other : tables.beside) plan_keys_between(other, table);
    return std::move(plan_);
  }

 private:
  // Rows go through the triggers of the table they are sent to, and of its partitions.
  bool acts_on(const EnforcedTrigger& trigger, std::uint32_t table) const {
    return (trigger.on_insert || rights_.empties) && enforcement_.is_within(trigger.table_oid, table);
  }
  bool acts_on(const EnforcedKey& key, std::uint32_t table) const {
    return enforcement_.share_rows(key.table_oid, table);
  }

  // Not where the server's own triggers check DEFERRABLE keys, which would let
  // duplicates in; nor for PERIOD, which could not be proved afterwards.
  bool replica_suits(std::uint32_t table) const {
    const auto& unique = enforcement_.deferred_unique;
    const auto& keys = enforcement_.keys;
    return rights_.replica_role &&
           std::none_of(unique.begin(), unique.end(),
                        [&](std::uint32_t other) { return enforcement_.share_rows(other, table); }) &&
           std::none_of(keys.begin(), keys.end(),
                        [&](const EnforcedKey& key) { return key.period && acts_on(key, table); });
  }

  void plan_table(std::uint32_t table) {
    const auto& keys = enforcement_.keys;
    const auto& triggers = enforcement_.triggers;
    const auto acts = [&](const auto& rule) { return acts_on(rule, table); };
    // Keys that refer to it act when it is emptied.
    const auto refers = [&](const EnforcedKey& key) { return enforcement_.share_rows(key.referenced_oid, table); };
    const bool replica = replica_suits(table) && (std::any_of(keys.begin(), keys.end(), acts) ||
                                                  std::any_of(keys.begin(), keys.end(), refers) ||
                                                  std::any_of(triggers.begin(), triggers.end(), acts));
    if (replica) plan_.replica_tables.insert(table);
    for (const EnforcedTrigger& trigger : triggers)
      if (acts(trigger) && trigger.enabled != (replica ? 'O' : 'R'))
        add_once(rights_.journal && trigger.owned ? plan_.to_disable : plan_.acting, trigger);
    for (const EnforcedKey& key : keys) {
      if (!acts(key)) continue;
      const bool remade = rights_.journal && key.may_remake;
      if (replica || remade) plan_.off.insert(key.oid);
      if (!replica) add_once(remade ? plan_.to_drop : plan_.staying, key);
    }
  }

  // They act when the table that they refer to is emptied.
  void plan_keys_between(std::uint32_t table, std::uint32_t loaded) {
    for (const EnforcedKey& key : enforcement_.keys) {
      if (!acts_on(key, table) || !enforcement_.share_rows(key.referenced_oid, loaded)) continue;
      const bool replica = plan_.replica_tables.contains(loaded);
      const bool remade = rights_.journal && key.may_remake;
      if (replica || remade) plan_.off.insert(key.oid);
      if (!replica && remade) add_once(plan_.to_drop, key);
    }
  }

  const Enforcement& enforcement_;
  const GuardRights& rights_;
  GuardPlan plan_;
};

}  // namespace

GuardPlan plan_guards(const Enforcement& enforcement, const GuardedTables& tables, const GuardRights& rights) {
  return Planner(enforcement, rights).plan(tables);
}

std::string names_of(const std::vector<const EnforcedKey*>& keys) { return first_names(keys); }
std::string names_of(const std::vector<const EnforcedTrigger*>& triggers) { return first_names(triggers); }

std::string drops_of(const GuardPlan& plan) {
  return fmt::format("{} foreign keys are dropped for the load and added again at its end: {}", plan.to_drop.size(),
                     names_of(plan.to_drop));
}

std::string disables_of(const GuardPlan& plan) {
  return fmt::format("{} triggers are disabled for the load and enabled again at its end: {}", plan.to_disable.size(),
                     names_of(plan.to_disable));
}

}  // namespace dbsync
