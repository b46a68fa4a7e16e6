#include "pg/prefetched_answers.h"

#include <utility>

#include <libpq-fe.h>

#include "pg/send_query.h"

namespace dbsync {

void PrefetchedAnswers::send(std::vector<PgQuery> questions) {
  if (questions.empty() || raw_ == nullptr || PQstatus(raw_) != CONNECTION_OK) return;
  const std::size_t from = sent_.size();
  for (PgQuery& question : questions)
    if (!has(question)) sent_.push_back({std::move(question), nullptr});
  if (sent_.size() == from) return;
  if (!on_the_way_) {
    read_ = from;
    on_the_way_ = PQenterPipelineMode(raw_) == 1;
  }
  bool sent = on_the_way_;
  for (std::size_t i = from; i < sent_.size(); ++i)
    sent = sent && send_query(raw_, sent_[i].question) && PQpipelineSync(raw_) == 1;
  if (!sent) settle(false);  // whoever asks finds out why
}

void PrefetchedAnswers::read_one() noexcept {
  auto& answer = sent_[read_].answer;
  answer.reset(take_result_of_pipeline(raw_));
  PQclear(PQgetResult(raw_));  // of the sync
  if (++read_ < sent_.size()) return;
  PQexitPipelineMode(raw_);
  on_the_way_ = false;
}

std::size_t PrefetchedAnswers::find(const PgQuery& question) const {
  std::size_t i = 0;
  while (i < sent_.size() && sent_[i].question != question) ++i;
  return i;
}

pg_result* PrefetchedAnswers::answer(const PgQuery& question) {
  const std::size_t i = find(question);
  if (i == sent_.size()) return nullptr;
  while (on_the_way_ && read_ <= i) read_one();
  const pg_result* const out = sent_[i].answer.get();
  // An error is told once: whoever asks again tries it again.
  if (PQresultStatus(out) != PGRES_TUPLES_OK) return sent_[i].answer.release();
  return PQcopyResult(out, PG_COPYRES_ATTRS | PG_COPYRES_TUPLES);
}

void PrefetchedAnswers::settle(bool keep) noexcept {
  while (on_the_way_) read_one();
  if (keep) return;
  sent_.clear();
  read_ = 0;
}

void PrefetchedAnswers::close() noexcept {
  settle(false);
  raw_ = nullptr;
}

}  // namespace dbsync
