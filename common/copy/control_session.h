// The one connection of a copy that its workers do not use: it does what is for no table
// alone. It is made again when the server has ended it.
//
// Threads: one. Errors: of the connection.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "pg/connection.h"
#include "pg/prefetch.h"
#include "pg/together.h"

namespace dbsync {

class ControlSession {
 public:
  // `conninfo` must outlive it.
  ControlSession(const std::string& conninfo, std::string application_name)
      : conninfo_(conninfo), application_name_(std::move(application_name)) {}

  // A copy with nothing to do has none.
  bool is_open() const { return connection_ != nullptr; }
  PgConnection& open();
  PgConnection& get() { return *connection_; }
  // It waited all the time: the server may have restarted since, and ended it.
  // These questions go with that, as to durable(): until anything else is done, their answers
  // are those of now.
  bool answers(std::vector<PgQuery> ahead);
  // Connected, outside of a transaction, and what it commits from now on is on the disk.
  PgConnection& durable();
  // The same, and these questions in the same message; they only read.
  std::vector<PgResult> durable(const std::vector<PgQuery>& questions);

  // Whether the answer to one of them has a row; nothing when it is not known any more.
  std::optional<bool> found(const PgQuery& question);

  // Another connection like it.
  std::unique_ptr<PgConnection> another() const;

 private:
  bool came_ahead(const std::vector<PgQuery>& questions) const;

  const std::string& conninfo_;
  std::string application_name_;
  std::unique_ptr<PgConnection> connection_;
  std::optional<PgPrefetch> ahead_;
};

}  // namespace dbsync
