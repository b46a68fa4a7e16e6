// A source column on its way into a column of the target: the one place that decides
// whether it can go there, for copies and for changes.
//
// Errors: ErrorKind::target when the target has no such column, computes it or would
// alter its values; ErrorKind::source for a type that is not supported. Pure.
#pragma once

#include <string>

#include "mysql2pgsql/row/row_encoder.h"
#include "pg/catalog.h"

namespace dbsync {

// `name`: on the target. The encoder is not chosen yet.
ColumnPlan plan_column(const std::string& name, const MysqlType& type, Wire wire, const TargetTable& target,
                       const ValuePolicies& policies);

}  // namespace dbsync
