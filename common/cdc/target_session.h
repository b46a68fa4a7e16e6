// The applier's connection to the target, in or out of pipeline mode.
//
// pipeline() enters pipeline mode, leave() ends it and reports what failed.
// Errors: ErrorKind::target or data. Threads: one, except cancel().
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>

#include "pg/connection.h"
#include "pg/pipeline.h"

namespace dbsync {

class TargetSession {
 public:
  // Sets the session up: values as they are written, statements planned once,
  // and the replica role where that is permitted.
  TargetSession(const std::string& conninfo, const std::string& name);

  PgConnection& connection() { return connection_; }  // out of pipeline mode only
  PgPipeline& pipeline();
  // A statement without parameters and results, in the pipeline.
  void send(PgStatement& statement);

  // Waits for all that was sent, in pipeline mode still; what failed of it.
  std::optional<PgPipeline::Failure> sync();

  // Ends pipeline mode; what failed in it.
  std::optional<PgPipeline::Failure> leave();

  // Ends pipeline mode and the transaction, whatever state they are in. All
  // prepared statements are gone then.
  void rollback();

  // Triggers and foreign keys do not fire: changes of different tables need not
  // keep their order within a transaction.
  bool replica_role() const { return replica_role_; }
  bool distributed() const { return distributed_; }
  // How long an answer took when the session began.
  std::chrono::nanoseconds round_trip() const { return round_trip_; }

  void cancel() const noexcept { connection_.cancel(); }

 private:
  PgConnection connection_;
  std::optional<PgPipeline> pipeline_;
  bool replica_role_ = false;
  bool distributed_ = false;
  std::chrono::nanoseconds round_trip_{0};
};

}  // namespace dbsync
