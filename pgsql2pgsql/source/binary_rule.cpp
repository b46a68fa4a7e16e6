#include "pgsql2pgsql/source/binary_rule.h"

#include <fmt/format.h>

#include "schema/stable_binary.h"
#include "schema/type_oid.h"

namespace dbsync {

namespace {

// From 17 on an interval can be infinite: bytes that older servers would read as
// a very long one, without an error.
constexpr int kInfiniteIntervals = 170000;

}  // namespace

std::string binary_obstacle(const PgColumn& source, const TargetColumn& target, const BinarySides& sides) {
  const std::string types =
      fmt::format("column {} ({} to {})", source.name, type_sql(source.type), type_sql(target.type));
  if (source.enumeration && target.enumeration) return {};
  if (!stable_binary(source.type_oid)) return types + " has no binary form that is the same in every database";
  if (source.type_oid != target.type_oid) return types + " changes its type";
  const bool interval = source.type_oid == oid::interval || source.type_oid == oid::interval_array;
  if (interval && sides.source_version >= kInfiniteIntervals && sides.target_version < kInfiniteIntervals)
    return types + " may be infinite on the source only";
  return {};
}

}  // namespace dbsync
