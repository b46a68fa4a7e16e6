#include "cdc/truncation.h"

#include <fmt/format.h>

#include "base/text.h"

namespace dbsync {

Truncation truncation_of(const Change& change, const std::function<ApplyPlan&(const Relation*)>& plan_of) {
  Truncation out;
  for (const Relation* relation : change.truncated) {
    out.plans.push_back(&plan_of(relation));
    out.tables.push_back(out.plans.back()->table_sql());
  }
  // Never CASCADE: the source names all tables that it has emptied, and others on
  // the target are not its business.
  out.sql = fmt::format("TRUNCATE {}{}", join(out.tables, ", "), change.restart_identity ? " RESTART IDENTITY" : "");
  return out;
}

}  // namespace dbsync
