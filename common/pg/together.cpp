#include "pg/together.h"

#include <libpq-fe.h>

#include <utility>

namespace dbsync {

namespace {

int send(pg_conn* raw, const PgQuery& query) {
  std::vector<const char*> values;
  values.reserve(query.parameters.size());
  for (const auto& parameter : query.parameters) values.push_back(parameter ? parameter->c_str() : nullptr);
  return PQsendQueryParams(raw, query.sql.c_str(), static_cast<int>(values.size()), nullptr, values.data(), nullptr,
                           nullptr, 0);
}

// In a pipeline a null ends the results of each statement.
PgResult take_one(pg_conn* raw) {
  PgResult out(PQgetResult(raw));
  if (out.raw() != nullptr)
    while (pg_result* more = PQgetResult(raw)) PQclear(more);
  return out;
}

bool succeeded(const PgResult& result) {
  const ExecStatusType status = PQresultStatus(result.raw());
  return status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK;
}

}  // namespace

std::vector<PgResult> exec_together(PgConnection& connection, const std::vector<PgQuery>& queries) {
  std::vector<PgResult> results;
  if (queries.empty()) return results;
  pg_conn* const raw = connection.raw();
  bool sent = PQenterPipelineMode(raw) == 1;
  for (const PgQuery& query : queries) sent = sent && send(raw, query) == 1;
  if (!sent || PQpipelineSync(raw) != 1) throw connection.error_of(nullptr, queries.front().sql);
  std::optional<Error> failure;
  for (const PgQuery& query : queries) {
    results.push_back(take_one(raw));
    if (!failure && !succeeded(results.back())) failure = connection.error_of(results.back().raw(), query.sql);
  }
  PQclear(PQgetResult(raw));  // of the sync
  PQexitPipelineMode(raw);
  if (failure) throw Error(*failure);
  return results;
}

}  // namespace dbsync
