#include "copy/chunk_planning.h"

#include <utility>

namespace dbsync {

void ChunkPlan::run(WorkerSession& worker) {
  PgConnection& target = worker.target();
  restart(target);
  const ChunkSizes sizes{request_.options.chunk_bytes, request_.options.workers};
  worker.source().plan_chunks(request_.ledger.task(request_.task), sizes,
                              [&](Chunk chunk) { take(target, std::move(chunk)); });
  end(target);
}

// A second try must not cut differently what is being loaded already.
void ChunkPlan::restart(PgConnection& target) {
  held_.clear();
  if (count_ > 0) throw Error(ErrorKind::source, "the connection was lost while the table was cut into chunks");
  if (request_.journal != nullptr) request_.journal->forget_chunks(target, request_.prepared.journal);
}

void ChunkPlan::take(PgConnection& target, Chunk chunk) {
  if (request_.drain.stop_requested()) throw Error(ErrorKind::interrupted, "stopped while it was cut into chunks");
  held_.push_back(std::move(chunk));
  if (held_.size() < 2 && count_ == 0) return;
  if (count_ == 0 && request_.prepared.truncate_first) empty_for(target, request_.prepared);
  if (request_.journal == nullptr || request_.prepared.owned) add_loads(target, false);
}

void ChunkPlan::end(PgConnection& target) {
  const bool only = count_ == 0 && held_.size() == 1;
  if (request_.journal == nullptr) return add_loads(target, only);
  const int first = count_;
  const int task = request_.prepared.journal;
  PgTransaction transaction(target);
  for (std::size_t i = 0; i < held_.size(); ++i)
    request_.journal->add_chunk(target, task, first + static_cast<int>(i), held_[i]);
  request_.journal->set_planned(target, task);
  transaction.commit();
  for (Chunk& chunk : held_) push_load(std::move(chunk), only);
  held_.clear();
}

void ChunkPlan::add_loads(PgConnection& target, bool only_chunk) {
  for (Chunk& chunk : held_) {
    if (request_.journal != nullptr) request_.journal->add_chunk(target, request_.prepared.journal, count_, chunk);
    push_load(std::move(chunk), only_chunk);
  }
  held_.clear();
}

void ChunkPlan::push_load(Chunk chunk, bool only_chunk) {
  request_.ledger.add_item(request_.task);
  if (!request_.queue.add_load(request_.task, count_++, std::move(chunk), only_chunk))
    throw Error(ErrorKind::internal, "its other chunks failed");  // the first error stands
}

}  // namespace dbsync
