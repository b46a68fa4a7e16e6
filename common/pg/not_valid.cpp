#include "pg/not_valid.h"

#include <fmt/format.h>

#include "embedded_sql.h"
#include "schema/quote.h"

namespace dbsync {

std::string ConstraintNotValid::describe() const {
  return fmt::format("{}: {} {}", table.display(), foreign_key ? "foreign key" : "constraint", name);
}

std::string ConstraintNotValid::validate_sql() const {
  return fmt::format("ALTER TABLE {} VALIDATE CONSTRAINT {}", quote_name(table), quote_identifier(name));
}

std::vector<ConstraintNotValid> constraints_not_valid(PgConnection& connection) {
  std::vector<ConstraintNotValid> out;
  const PgResult result = connection.exec(sql::constraints_not_valid, {});
  for (int row = 0; row < result.rows(); ++row)
    out.push_back({{result.text(row, 0), result.text(row, 1)}, result.text(row, 2), result.value(row, 3) == "f"});
  return out;
}

}  // namespace dbsync
