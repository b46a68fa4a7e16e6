#include "cdc/plan_renewal.h"

#include <utility>

#include <fmt/format.h>

#include "base/error.h"

namespace dbsync {

bool same_description(const Relation& a, const Relation& b) {
  return a.id == b.id && a.name == b.name && a.identity == b.identity && a.columns == b.columns &&
         a.values == b.values && !a.cascade && !b.cascade;
}

void PlanRenewal::ask() {
  if (renewed_.empty()) return;
  std::vector<std::uint32_t> ids;
  for (const Renewed& one : renewed_) ids.push_back(one.relation->id);
  answers_ = policy_.prefetch_columns(ids);
}

void PlanRenewal::confirm() {
  const auto renewed = std::exchange(renewed_, {});
  const auto answers = std::exchange(answers_, nullptr);
  for (const Renewed& one : renewed) confirm(one);
}

void PlanRenewal::confirm(const Renewed& one) const {
  Relation now = *one.relation;
  policy_.number_columns(now, &one.known);
  if (!same_columns(one.known, now))
    throw Error(ErrorKind::target, fmt::format("{} has other columns on the source than its description tells",
                                               one.relation->name.display()));
  refuse_uncomputed_columns(*one.relation, one.plan->target(), policy_);
}

void PlanRenewal::forget() {
  renewed_.clear();
  answers_ = nullptr;
}

}  // namespace dbsync
