#include "pg/together.h"

#include <libpq-fe.h>

#include <algorithm>
#include <utility>

#include "pg/prefetched_answers.h"
#include "pg/send_query.h"

namespace dbsync {

namespace {

bool succeeded(const PgResult& result) {
  const ExecStatusType status = PQresultStatus(result.raw());
  return status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK;
}

std::vector<PgResult> run_together(PgConnection& connection, pg_conn* raw, const std::vector<PgQuery>& queries) {
  std::vector<PgResult> results;
  if (queries.empty()) return results;
  bool sent = PQenterPipelineMode(raw) == 1;
  for (const PgQuery& query : queries) sent = sent && send_query(raw, query);
  if (!sent || PQpipelineSync(raw) != 1) throw connection.error_of(nullptr, queries.front().sql);
  std::optional<Error> failure;
  for (const PgQuery& query : queries) {
    results.emplace_back(take_result_of_pipeline(raw));
    if (!failure && !succeeded(results.back())) failure = connection.error_of(results.back().raw(), query.sql);
  }
  PQclear(PQgetResult(raw));  // of the sync
  PQexitPipelineMode(raw);
  if (failure) throw Error(*failure);
  return results;
}

}  // namespace

std::vector<PgResult> exec_together(PgConnection& connection, const std::vector<PgQuery>& queries) {
  return run_together(connection, connection.settled(false), queries);
}

std::vector<PgResult> ask_together(PgConnection& connection, const std::vector<PgQuery>& questions) {
  const auto known = [&](const PgQuery& question) {
    return connection.prefetched_ && connection.prefetched_->has(question);
  };
  if (!std::all_of(questions.begin(), questions.end(), known))
    return run_together(connection, connection.settled(true), questions);
  std::vector<PgResult> out;
  out.reserve(questions.size());
  for (const PgQuery& question : questions) out.push_back(ask(connection, question));
  return out;
}

}  // namespace dbsync
