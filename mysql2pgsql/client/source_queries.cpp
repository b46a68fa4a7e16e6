#include "mysql2pgsql/client/source_queries.h"

namespace dbsync {

std::vector<SourceQueries::Answer> SourceQueries::query_each(const std::vector<std::string>& statements) {
  std::vector<Answer> answers(statements.size());
  for (std::size_t i = 0; i < statements.size(); ++i) {
    try {
      answers[i].rows = query(statements[i]);
    } catch (const Error& error) {
      if (error.connection_lost()) throw;
      answers[i].error = error;
    }
  }
  return answers;
}

}  // namespace dbsync
