#include "copy/guard_plan.h"

#include <algorithm>
#include <map>
#include <utility>

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

// What concerns one tree of tables: with thousands of tables, each looks at its own only.
struct TreeRules {
  std::vector<const EnforcedKey*> keys;       // of tables of the tree
  std::vector<const EnforcedKey*> referring;  // to tables of the tree
  std::vector<const EnforcedTrigger*> triggers;
  std::vector<std::uint32_t> deferred_unique;
  std::vector<std::uint32_t> beside;
};

class Planner {
 public:
  Planner(const Enforcement& enforcement, const GuardRights& rights) : enforcement_(enforcement), rights_(rights) {
    for (const EnforcedKey& key : enforcement.keys) {
      of(key.table_oid).keys.push_back(&key);
      of(key.referenced_oid).referring.push_back(&key);
    }
    for (const EnforcedTrigger& trigger : enforcement.triggers) of(trigger.table_oid).triggers.push_back(&trigger);
    for (const std::uint32_t table : enforcement.deferred_unique) of(table).deferred_unique.push_back(table);
  }

  GuardPlan plan(const GuardedTables& tables) {
    for (const std::uint32_t table : tables.beside) of(table).beside.push_back(table);
    for (const std::uint32_t table : tables.loaded) plan_table(table);
    for (const std::uint32_t table : tables.loaded) plan_keys_from_beside(table);
    return std::move(plan_);
  }

 private:
  TreeRules& of(std::uint32_t table) { return trees_[enforcement_.root_of(table)]; }

  template <class Rule>
  void add_once(std::vector<const Rule*>& rules, const Rule& rule) {
    if (added_.emplace(&rules, &rule).second) rules.push_back(&rule);
  }

  // Rows go through the triggers of the table they are sent to, and of its partitions.
  bool acts_on(const EnforcedTrigger& trigger, std::uint32_t table) const {
    return (trigger.on_insert || rights_.empties) && enforcement_.is_within(trigger.table_oid, table);
  }
  bool acts_on(const EnforcedKey& key, std::uint32_t table) const {
    return enforcement_.share_rows(key.table_oid, table);
  }

  // Not where the server's own triggers check DEFERRABLE keys, which would let
  // duplicates in; nor for PERIOD, which could not be proved afterwards.
  bool replica_suits(std::uint32_t table) {
    const auto& unique = of(table).deferred_unique;
    const auto& keys = of(table).keys;
    return rights_.replica_role &&
           std::none_of(unique.begin(), unique.end(),
                        [&](std::uint32_t other) { return enforcement_.share_rows(other, table); }) &&
           std::none_of(keys.begin(), keys.end(),
                        [&](const EnforcedKey* key) { return key->period && acts_on(*key, table); });
  }

  void plan_table(std::uint32_t table) {
    const TreeRules& rules = of(table);
    const auto acts = [&](const auto* rule) { return acts_on(*rule, table); };
    // Keys that refer to it act when it is emptied.
    const auto refers = [&](const EnforcedKey* key) { return enforcement_.share_rows(key->referenced_oid, table); };
    const bool replica = replica_suits(table) && (std::any_of(rules.keys.begin(), rules.keys.end(), acts) ||
                                                  std::any_of(rules.referring.begin(), rules.referring.end(), refers) ||
                                                  std::any_of(rules.triggers.begin(), rules.triggers.end(), acts));
    if (replica) plan_.replica_tables.insert(table);
    for (const EnforcedTrigger* trigger : rules.triggers)
      if (acts(trigger) && trigger->enabled != (replica ? 'O' : 'R'))
        add_once(rights_.journal && trigger->owned ? plan_.to_disable : plan_.acting, *trigger);
    for (const EnforcedKey* key : rules.keys) {
      if (!acts(key)) continue;
      const bool remade = rights_.journal && key->may_remake;
      if (replica || remade) plan_.off.insert(key->oid);
      if (!replica) add_once(remade ? plan_.to_drop : plan_.staying, *key);
    }
  }

  // They act when the table that they refer to is emptied.
  void plan_keys_from_beside(std::uint32_t loaded) {
    for (const EnforcedKey* key : of(loaded).referring) {
      const auto& beside = of(key->table_oid).beside;
      const auto acts = [&](std::uint32_t table) { return acts_on(*key, table); };
      if (!enforcement_.share_rows(key->referenced_oid, loaded) || std::none_of(beside.begin(), beside.end(), acts))
        continue;
      const bool replica = plan_.replica_tables.contains(loaded);
      const bool remade = rights_.journal && key->may_remake;
      if (replica || remade) plan_.off.insert(key->oid);
      if (!replica && remade) add_once(plan_.to_drop, *key);
    }
  }

  const Enforcement& enforcement_;
  const GuardRights& rights_;
  std::map<std::uint32_t, TreeRules> trees_;             // by the oid of the table at the top
  std::set<std::pair<const void*, const void*>> added_;  // to which list, which rule
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
