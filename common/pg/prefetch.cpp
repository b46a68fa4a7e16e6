#include "pg/prefetch.h"

#include <optional>
#include <utility>

#include "pg/prefetched_answers.h"

namespace dbsync {

PgPrefetch::PgPrefetch(PgConnection& connection, std::vector<PgQuery> questions)
    : answers_(std::make_shared<PrefetchedAnswers>(connection.settled(false))) {
  connection.prefetched_ = answers_;
  answers_->send(std::move(questions));
}

PgPrefetch::~PgPrefetch() { answers_->close(); }

void PgPrefetch::more(std::vector<PgQuery> questions) { answers_->send(std::move(questions)); }

void PgPrefetch::more_of(PgConnection& connection, std::vector<PgQuery> questions) {
  if (connection.prefetched_) connection.prefetched_->send(std::move(questions));
}

bool PgPrefetch::has(const PgConnection& connection, const PgQuery& question) {
  return connection.prefetched_ && connection.prefetched_->has(question);
}

std::shared_ptr<void> prefetch_both(PgConnection& one, std::vector<PgQuery> of_one, PgConnection& other,
                                    std::vector<PgQuery> of_other) {
  struct Both {
    std::optional<PgPrefetch> one;
    std::optional<PgPrefetch> other;
  };
  auto out = std::make_shared<Both>();
  if (!of_one.empty()) out->one.emplace(one, std::move(of_one));
  if (!of_other.empty()) out->other.emplace(other, std::move(of_other));
  return out;
}

}  // namespace dbsync
