#include "check/load_rights.h"

#include <fmt/format.h>

#include "base/text.h"
#include "copy/guard_plan.h"
#include "embedded_sql.h"
#include "pg/enforcement.h"

namespace dbsync {

namespace {

constexpr char kSubject[] = "target keys and triggers";

// As check_journal of target_check.cpp sees it.
bool may_keep_journal(PgConnection& target) {
  const PgResult facts = target.exec(sql::check_server, {});
  return facts.value(0, 8).empty() ? facts.boolean(0, 7) : facts.value(0, 8) == "true";
}

void report(const GuardPlan& plan, CheckFindings& findings) {
  if (!plan.replica_tables.empty())
    findings.passed(
        kSubject,
        fmt::format("those of {} tables do not act during the load: the role may set session_replication_role",
                    plan.replica_tables.size()));
  if (!plan.to_drop.empty()) findings.passed(kSubject, drops_of(plan));
  if (!plan.to_disable.empty()) findings.passed(kSubject, disables_of(plan));
  if (!plan.staying.empty())
    findings.warning(
        kSubject,
        fmt::format("foreign keys act during the load: tables that they refer to are loaded first, and keys that "
                    "form a circle let their tables fail: {}",
                    names_of(plan.staying)),
        kGuardWayOut);
  if (!plan.acting.empty())
    findings.warning(kSubject, "triggers act on every row that is loaded: " + names_of(plan.acting), kGuardWayOut);
}

}  // namespace

void check_load_rights(const TargetCheck& check, const std::vector<CheckedTable>& tables, CheckFindings& findings) {
  if (check.depth != CheckDepth::thorough || check.dialect.distributed) return;
  std::set<QualifiedName> names;
  for (const CheckedTable& table : tables) names.insert(table.task->target);
  const Enforcement enforcement = read_enforcement(check.target, names);
  if (enforcement.empty()) return;
  std::set<std::uint32_t> oids;
  for (const auto& [name, oid] : enforcement.tables) oids.insert(oid);
  const bool empties = check.job.mode == LoadMode::truncate || check.job.start != StartMode::fresh;
  report(plan_guards(enforcement, {oids, {}},
                     {may_set_replica_role(check.target), may_keep_journal(check.target), empties}),
         findings);
}

}  // namespace dbsync
