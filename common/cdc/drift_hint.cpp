#include "cdc/drift_hint.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"
#include "embedded_sql.h"
#include "pg/sqlstate.h"
#include "schema/quote.h"

namespace dbsync {

namespace {

// Labels that the source's enum has and the target's lacks, each put before the next
// one that is there.
void missing_labels(PgConnection& target, const RelationColumn& column, const TargetColumnInfo& mine,
                    const SchemaPolicy& policy, std::vector<std::string>& out) {
  const PgResult result = target.exec(sql::enum_labels, {std::to_string(mine.type_oid)});
  if (result.rows() == 0) return;
  std::vector<std::string> there;
  for (int row = 0; row < result.rows(); ++row) there.push_back(result.text(row, 0));
  const auto has = [&there](const std::string& label) {
    return std::find(there.begin(), there.end(), label) != there.end();
  };
  const auto labels = policy.enum_labels(column);
  for (auto label = labels.begin(); label != labels.end(); ++label) {
    if (has(*label)) continue;
    const auto next = std::find_if(label + 1, labels.end(), has);
    const std::string statement = fmt::format("ALTER TYPE {} ADD VALUE {}{}", result.text(0, 1), quote_literal(*label),
                                              next == labels.end() ? "" : " BEFORE " + quote_literal(*next));
    if (std::find(out.begin(), out.end(), statement) == out.end()) out.push_back(statement);
  }
}

std::string enum_hint(PgConnection& target, const ApplyPlan& plan, const SchemaPolicy& policy) {
  std::vector<std::string> statements;
  if (!policy.enum_labels) return {};
  for (const RelationColumn& column : plan.relation().columns)
    if (const TargetColumnInfo* mine = plan.target().find_column(column.name))
      missing_labels(target, column, *mine, policy, statements);
  return run_on_target(statements);
}

std::string partition_hint(PgConnection& target, const ApplyPlan& plan, const SchemaPolicy& policy) {
  std::vector<std::string> statements;
  if (!policy.partitions || !plan.target().partitioned) return {};
  for (const auto& partition : policy.partitions(plan.relation()))
    if (!read_target_relation(target, partition.name)) statements.push_back(partition.create);
  if (statements.empty())
    return fmt::format("make a partition of {} on the target that takes the row, or a default one; then start again",
                       plan.table_sql());
  return run_on_target(statements);
}

}  // namespace

std::string copy_again(const QualifiedName& table) {
  return fmt::format("--resync {} empties the target's table and copies it again", one_line(table.display()));
}

std::string run_on_target(const std::vector<std::string>& statements) {
  return statements.empty() ? "" : "run on the target: " + join(statements, "; ") + "; then start again";
}

std::string drift_hint(PgConnection& target, const PgPipeline::Failure& failure, const ApplyPlan& plan,
                       const SchemaPolicy& policy) {
  const Error& error = failure.error;
  const PgErrorObject& object = failure.object;
  const std::string& state = error.sqlstate();
  if (state == sqlstate::invalid_text_representation || state == sqlstate::invalid_binary_representation)
    return enum_hint(target, plan, policy);
  const std::string constraint = quote_identifier(object.constraint);
  if (!object.datatype.empty()) {
    const std::string type = quote_name({object.schema, object.datatype});
    if (state == sqlstate::not_null_violation)
      return run_on_target({fmt::format("ALTER DOMAIN {} DROP NOT NULL", type)});
    if (state == sqlstate::check_violation)
      return run_on_target({fmt::format("ALTER DOMAIN {} DROP CONSTRAINT {}", type, constraint)});
  }
  if (object.table.empty()) return {};
  const std::string table = quote_name({object.schema, object.table});
  if (state == sqlstate::not_null_violation && !error.column().empty())
    return run_on_target(
        {fmt::format("ALTER TABLE {} ALTER COLUMN {} DROP NOT NULL", table, quote_identifier(error.column()))});
  if (state != sqlstate::check_violation) return {};
  if (object.constraint.empty()) return partition_hint(target, plan, policy);
  return run_on_target({fmt::format("ALTER TABLE {} DROP CONSTRAINT {}", table, constraint)});
}

std::string truncate_hint(PgConnection& target, const std::vector<std::string>& tables) {
  const PgResult result = target.exec(sql::foreign_keys_from_others, {array_text(tables)});
  std::vector<std::string> statements;
  for (int row = 0; row < result.rows(); ++row)
    statements.push_back(fmt::format("ALTER TABLE {} DROP CONSTRAINT {}", result.text(row, 0), result.text(row, 1)));
  return run_on_target(statements);
}

}  // namespace dbsync
