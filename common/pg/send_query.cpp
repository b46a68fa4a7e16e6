#include "pg/send_query.h"

#include <libpq-fe.h>

namespace dbsync {

bool send_query(pg_conn* raw, const PgQuery& query) {
  std::vector<const char*> values;
  values.reserve(query.parameters.size());
  for (const auto& parameter : query.parameters) values.push_back(parameter ? parameter->c_str() : nullptr);
  return PQsendQueryParams(raw, query.sql.c_str(), static_cast<int>(values.size()), nullptr, values.data(), nullptr,
                           nullptr, 0) == 1;
}

pg_result* take_result_of_pipeline(pg_conn* raw) {
  pg_result* const out = PQgetResult(raw);
  if (out != nullptr)
    while (pg_result* more = PQgetResult(raw)) PQclear(more);
  return out;
}

}  // namespace dbsync
