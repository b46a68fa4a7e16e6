#include "mysql2pgsql/schema/collation.h"

#include <string_view>

namespace dbsync {

SourceEquality equality_of(const MysqlType& type) {
  const std::string_view name = type.collation;
  SourceEquality out;
  if (name.empty() || name == "binary" || type.kind == MysqlKind::json) return out;
  const auto says = [&](std::string_view text) { return name.find(text) != std::string_view::npos; };
  out.without_case = says("_ci");
  // latin1_general_ci and its like keep accents apart by name only in newer collations.
  out.without_accents = says("_ai") || (says("_ci") && !says("_as_") && name != "latin1_general_ci");
  // The Unicode 9.0 collations of MySQL 8 and those that say so have no padding.
  out.without_end_blanks = !says("_0900_") && !says("_nopad_");
  if (type.kind == MysqlKind::enumeration || type.kind == MysqlKind::set) return {};  // the label as it was declared
  return out;
}

}  // namespace dbsync
