#include "pgsql2pgsql/schema/name_list.h"

#include <nlohmann/json.hpp>

namespace dbsync {

std::vector<std::string> names_at(const PgResult& result, int row, int column) {
  if (result.is_null(row, column)) return {};
  return nlohmann::json::parse(result.value(row, column)).get<std::vector<std::string>>();
}

}  // namespace dbsync
