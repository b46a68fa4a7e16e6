// Whom the definitions of a source are asked from: a session there, or what one has told
// before.
//
// Errors: ErrorKind::source. Threads: as the implementation.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/error.h"

namespace dbsync {

class SourceQueries {
 public:
  using Row = std::vector<std::optional<std::string>>;

  // What one of several statements has told: its rows, or why there are none.
  struct Answer {
    std::vector<Row> rows;
    std::optional<Error> error;
  };

  virtual ~SourceQueries() = default;

  // A whole small result as text (catalog queries).
  virtual std::vector<Row> query(const std::string& sql) = 0;
  // The same for each of `statements`, in as few round trips as the implementation can.
  // What a statement is refused for is its own answer; a lost connection is thrown.
  virtual std::vector<Answer> query_each(const std::vector<std::string>& statements);
  virtual bool is_mariadb() const = 0;
  // 101106 for 10.11.6, 80036 for 8.0.36.
  virtual unsigned version_number() const = 0;
};

}  // namespace dbsync
