// The questions of a PgPrefetch and what the server said to them, of one connection.
//
// They travel in libpq's pipeline, each with a sync of its own, so that one that fails
// leaves the others alone.
//
// Threads: as the connection. Errors: in the results.
// Source: PostgreSQL manual, libpq "Pipeline Mode".
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "pg/result.h"
#include "pg/together.h"

struct pg_conn;

namespace dbsync {

class PrefetchedAnswers {
 public:
  explicit PrefetchedAnswers(pg_conn* raw) : raw_(raw) {}
  ~PrefetchedAnswers() { settle(false); }
  PrefetchedAnswers(const PrefetchedAnswers&) = delete;
  PrefetchedAnswers& operator=(const PrefetchedAnswers&) = delete;

  // Those that it has are not sent again.
  void send(std::vector<PgQuery> questions);
  // Waits for it; the caller's. Null when nothing of that kind was sent, or it was dropped.
  pg_result* answer(const PgQuery& question);
  bool has(const PgQuery& question) const { return find(question) < sent_.size(); }
  // Nothing is on its way any more; the answers are kept, or dropped.
  void settle(bool keep) noexcept;
  // The phase is over, or the connection about to end: nothing is sent any more.
  void close() noexcept;

 private:
  struct Sent {
    PgQuery question;
    std::unique_ptr<pg_result, PgResult::Clear> answer;
  };

  std::size_t find(const PgQuery& question) const;
  void read_one() noexcept;

  pg_conn* raw_;
  std::vector<Sent> sent_;
  std::size_t read_ = 0;  // so many of them are answered
  bool on_the_way_ = false;
};

}  // namespace dbsync
