// Prepared statements sent without waiting for their results: libpq's pipeline
// mode.
//
// Enters pipeline mode when made and leaves it in finish() or the destructor.
// Nothing else may use the connection meanwhile. The caller owns the transaction
// around it: an error makes the rest of the pipeline fail, and the transaction
// must be rolled back.
//
// What is sent and not yet answered is bounded, and results are read whenever
// bytes are written: two sides that both only write would wait for each other.
//
// Threads: as PgConnection. Source: PostgreSQL manual, libpq "Pipeline Mode".
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "pg/connection.h"

namespace dbsync {

// A statement prepared once per connection, at its first use.
struct PgStatement {
  std::string name;
  std::string sql;
  std::vector<std::uint32_t> types;  // of the parameters; 0 = what the server infers
  bool prepared = false;
};

// Parameters of one execution. The bytes belong to the caller until send() returns.
class PgParameters {
 public:
  enum class Format : int { text = 0, binary = 1 };

  void clear();
  void add_null();
  // Text must end in a NUL behind `size` bytes; binary need not.
  void add(const char* data, std::size_t size, Format format);

  int count() const { return static_cast<int>(values_.size()); }
  std::size_t bytes() const { return bytes_; }
  const char* const* values() const { return values_.data(); }
  const int* lengths() const { return lengths_.data(); }
  const int* formats() const { return formats_.data(); }

 private:
  std::vector<const char*> values_;
  std::vector<int> lengths_;
  std::vector<int> formats_;
  std::size_t bytes_ = 0;
};

// What the server says that an error is about; "" where it does not say.
struct PgErrorObject {
  std::string schema;
  std::string table;
  std::string datatype;
  std::string constraint;
};

class PgPipeline {
 public:
  static constexpr std::int64_t kAnyRows = -1;

  explicit PgPipeline(PgConnection& connection);
  ~PgPipeline();
  PgPipeline(const PgPipeline&) = delete;
  PgPipeline& operator=(const PgPipeline&) = delete;

  // Sends one execution. `rows`: how many rows it must change; another number is
  // the failure of the pipeline, as an error of the server is.
  void send(PgStatement& statement, const PgParameters& parameters, std::int64_t rows);

  struct Failure {
    Error error;
    bool row_count = false;    // the statement ran, but changed another number of rows:
    std::int64_t changed = 0;  // this many
    PgErrorObject object = {};
  };

  // Waits for all results. The first failure since the last call, if any; lost
  // connections throw.
  std::optional<Failure> sync();

  // What was sent goes out, as far as the socket takes it now; it is not waited for.
  void push();

  // The failure seen so far, without waiting.
  bool failed() const { return failure_.has_value(); }

  // Leaves pipeline mode; after sync() only.
  void finish();

 private:
  struct Sent {
    const PgStatement* statement;
    std::int64_t rows;
    std::size_t bytes;
  };

  void sent(const PgStatement& statement, std::int64_t rows, std::size_t bytes);
  void limit_flight();
  bool read_available();
  void take_result(pg_result* result);
  void wait(bool for_writing);
  [[noreturn]] void lost();

  PgConnection& connection_;
  std::deque<Sent> in_flight_;
  std::size_t bytes_in_flight_ = 0;
  std::optional<Failure> failure_;
  bool synced_ = true;  // no sync request is unanswered
  bool dirty_ = false;  // statements were sent since the last sync
  bool open_ = true;
};

}  // namespace dbsync
