#include "mysql2pgsql/source/column_plan.h"

#include <fmt/format.h>

namespace dbsync {

ColumnPlan plan_column(const std::string& name, const MysqlType& type, Wire wire, const TargetTable& target,
                       const ValuePolicies& policies) {
  const TargetColumn& column = required_column(target, name, target.name.display());
  if (column.generated)
    throw Error(ErrorKind::target, fmt::format("column {} of {} is generated on the target and takes no values", name,
                                               target.name.display()))
        .hint("leave the column out with a table-list query");
  ColumnPlan plan;
  plan.name = name;
  plan.source = type;
  plan.wire = wire;
  plan.target = column.type;
  plan.not_null = column.not_null;
  plan.policies = policies;
  if (type.kind == MysqlKind::unsupported)
    throw Error(ErrorKind::source, fmt::format("column {}: the type {} is not supported", name, type.text))
        .hint("leave the column out with a table-list query");
  if (const auto problem = unsafe_pair(type, column.type))
    throw Error(ErrorKind::target, fmt::format("column {}: {}", name, *problem))
        .hint(
            "change the target column's type (mysql2pgsql -d shows a fitting one), or convert the value in a "
            "table-list query");
  return plan;
}

}  // namespace dbsync
