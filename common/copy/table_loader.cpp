#include "copy/table_loader.h"

#include <memory>

namespace dbsync {

namespace {

// Rows shown as progress, taken back unless they are kept.
class ShownLoad {
 public:
  explicit ShownLoad(const LoadProgress& progress) : progress_(progress) {}
  ~ShownLoad() {
    if (!kept_) progress_.take_back(rows_, bytes_);
  }
  ShownLoad(const ShownLoad&) = delete;
  ShownLoad& operator=(const ShownLoad&) = delete;

  void add(std::uint64_t rows, std::uint64_t bytes) {
    progress_.add(rows, bytes);
    rows_ += rows;
    bytes_ += bytes;
  }
  void keep() { kept_ = true; }

 private:
  LoadProgress progress_;
  std::uint64_t rows_ = 0;
  std::uint64_t bytes_ = 0;
  bool kept_ = false;
};

bool read_some(const LoadRequest& request, ChunkReader& reader, CopyBuffer& buffer, const LoadProgress& progress) {
  progress.clock.enter(Spent::source);
  const WaitsFor source(progress.task.at_source);
  return reader.read(buffer, request.rejects);
}

void hold_back(const LoadRequest& request, const CopyBuffer& buffer, WorkClock& clock, const std::stop_token& stop) {
  if (!request.limited) return;
  clock.enter(Spent::limit);
  request.rate.take(buffer.rows, buffer.size(), stop);
}

std::uint64_t put(ChunkSink& sink, const CopyBuffer& buffer, const LoadProgress& progress) {
  progress.clock.enter(Spent::target);
  const WaitsFor target(progress.task.at_target);
  return sink.put(buffer);
}

void read_all(const LoadRequest& request, ChunkReader& reader, ChunkSink& sink, ShownLoad& shown, LoadOutcome& outcome,
              const std::stop_token& stop, const LoadProgress& progress) {
  CopyBuffer buffer(request.buffer_bytes);
  outcome.format = reader.format();
  if (sink.begin(reader.columns(), reader.format())) buffer.log.emplace();
  for (bool more = true; more;) {
    more = read_some(request, reader, buffer, progress);
    hold_back(request, buffer, progress.clock, stop);
    if (stop.stop_requested()) throw Error(ErrorKind::interrupted, "stopped before its end; rolled back");
    const std::uint64_t rows = buffer.rows - put(sink, buffer, progress);
    outcome.rows += rows;
    outcome.bytes += buffer.size();
    shown.add(rows, buffer.size());
    buffer.clear();
  }
}

}  // namespace

void LoadProgress::add(std::uint64_t rows, std::uint64_t bytes) const {
  for (TaskProgress* counters : {&task, &worker}) {
    counters->rows.fetch_add(rows, std::memory_order_relaxed);
    counters->bytes.fetch_add(bytes, std::memory_order_relaxed);
  }
}

void LoadProgress::take_back(std::uint64_t rows, std::uint64_t bytes) const {
  for (TaskProgress* counters : {&task, &worker}) {
    counters->rows.fetch_sub(rows, std::memory_order_relaxed);
    counters->bytes.fetch_sub(bytes, std::memory_order_relaxed);
  }
}

LoadOutcome load_chunk(const LoadRequest& request, SourceSession& source, ChunkSink& sink, const LoadProgress& progress,
                       const std::stop_token& stop) {
  const WorkerSeconds before = progress.clock.seconds();
  std::unique_ptr<ChunkReader> reader;
  {
    progress.clock.enter(Spent::source);
    const WaitsFor rows(progress.task.at_source);
    reader = source.open(request.task, request.chunk, request.target, request.format);
  }
  LoadOutcome outcome;
  ShownLoad shown(progress);
  try {
    read_all(request, *reader, sink, shown, outcome, stop, progress);
  } catch (Error& error) {
    sink.explain(error);
    throw;
  }
  outcome.changed = reader->changed_values();
  const WaitsFor target(progress.task.at_target);
  progress.clock.enter(Spent::target);
  if (sink.finish(outcome)) shown.keep();
  progress.clock.enter(Spent::idle);
  outcome.spent = progress.clock.seconds();
  outcome.spent -= before;
  return outcome;
}

}  // namespace dbsync
