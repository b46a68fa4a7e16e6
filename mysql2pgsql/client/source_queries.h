// Whom the definitions of a source are asked from: a session there, or what one has told
// before.
//
// Errors: ErrorKind::source. Threads: as the implementation.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace dbsync {

class SourceQueries {
 public:
  using Row = std::vector<std::optional<std::string>>;

  virtual ~SourceQueries() = default;

  // A whole small result as text (catalog queries).
  virtual std::vector<Row> query(const std::string& sql) = 0;
  virtual bool is_mariadb() const = 0;
  // 101106 for 10.11.6, 80036 for 8.0.36.
  virtual unsigned version_number() const = 0;
};

}  // namespace dbsync
