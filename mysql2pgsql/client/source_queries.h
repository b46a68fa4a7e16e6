// Whom the definitions of a source are asked from: a session there, or what one has told
// before.
//
// Errors: ErrorKind::source. Threads: as the implementation.
#pragma once

#include <functional>
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
  // Takes the answer to the statement of this number (from 0). It must not ask itself.
  using Take = std::function<void(std::size_t number, Answer answer)>;
  // The same for each of `statements`, one after another, in as few round trips as the
  // implementation can: an answer is held no longer than it is taken. What a statement is
  // refused for is its own answer; a lost connection is thrown, and so is what `take` throws.
  virtual void query_each(const std::vector<std::string>& statements, const Take& take);
  virtual bool is_mariadb() const = 0;
  // 101106 for 10.11.6, 80036 for 8.0.36.
  virtual unsigned version_number() const = 0;
};

}  // namespace dbsync
