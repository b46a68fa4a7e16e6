#include "mysql2pgsql/client/source_queries.h"

#include <utility>

namespace dbsync {

void SourceQueries::query_each(const std::vector<std::string>& statements, const Take& take) {
  for (std::size_t i = 0; i < statements.size(); ++i) {
    Answer answer;
    try {
      answer.rows = query(statements[i]);
    } catch (const Error& error) {
      if (error.connection_lost()) throw;
      answer.error = error;
    }
    take(i, std::move(answer));
  }
}

}  // namespace dbsync
