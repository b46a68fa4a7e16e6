#include "verify/verify_reader.h"

#include <functional>
#include <optional>
#include <unordered_set>
#include <utility>

#include <fmt/format.h>

#include "pg/block_ranges.h"
#include "pg/copy_out.h"
#include "verify/row_stage.h"
#include "verify/verify_target.h"

namespace dbsync {

namespace {

constexpr std::size_t kBufferBytes = 64 << 10;
constexpr std::uint64_t kRowsBetweenLooks = 1024;  // at the stop token

// Rows shown as progress that a failed part takes back.
class ShownRows {
 public:
  explicit ShownRows(TaskProgress& progress) : progress_(progress) {}
  ~ShownRows() {
    if (kept_) return;
    progress_.rows.fetch_sub(rows_, std::memory_order_relaxed);
    progress_.bytes.fetch_sub(bytes_, std::memory_order_relaxed);
  }
  ShownRows(const ShownRows&) = delete;
  ShownRows& operator=(const ShownRows&) = delete;

  void add(std::uint64_t rows, std::uint64_t bytes) {
    rows_ += rows;
    bytes_ += bytes;
    progress_.rows.fetch_add(rows, std::memory_order_relaxed);
    progress_.bytes.fetch_add(bytes, std::memory_order_relaxed);
  }
  void keep() { kept_ = true; }

 private:
  TaskProgress& progress_;
  std::uint64_t rows_ = 0;
  std::uint64_t bytes_ = 0;
  bool kept_ = false;
};

std::atomic<unsigned>& server_of(TaskProgress& progress, Side side) {
  return side == Side::source ? progress.at_source : progress.at_target;
}

template <class Consume>
void take_rows(std::string_view rows, RowImage& image, const Consume& consume) {
  while (!rows.empty()) {
    rows.remove_prefix(image.take(rows));
    consume(image);
  }
}

// Hands the rows of one part over, one by one.
class PartReader {
 public:
  // `keep_shown`: its rows stay in the progress shown.
  PartReader(const VerifyReading& reading, bool keep_shown) : reading_(reading), keep_shown_(keep_shown) {}

  // Returns the rows that the target cannot hold.
  template <class Consume>
  std::uint64_t read(WorkerSession& worker, VerifyTable& table, const VerifyItem& item, const Consume& consume) {
    ShownRows shown(reading_.progress.counters(item.table));
    std::uint64_t unreadable = 0;
    const WaitsFor server(server_of(reading_.progress.counters(item.table), item.side));
    if (item.side == Side::source)
      unreadable = read_source(worker, table, table.source_parts[item.part], shown, consume);
    else
      read_target(worker, table, table.target_parts[item.part], shown, consume);
    if (keep_shown_) shown.keep();
    return unreadable;
  }

 private:
  template <class Consume>
  std::uint64_t read_source(WorkerSession& worker, const VerifyTable& table, const SourcePart& part, ShownRows& shown,
                            const Consume& consume) {
    const CopyTask& task = reading_.tasks[part.task];
    TaskRejects unreadable(reading_.rejects, task.target, task.name, {});
    const auto reader = worker.source().open(task, part.chunk, table.target, CopyFormatChoice::binary);
    std::optional<RowStage> stage;
    if (!part.exact)
      stage.emplace(worker.writer(), table.target.name, table.compared, reader->columns(), reader->format());
    RowImage image(table.compared, stage ? table.compared.names() : reader->columns());
    const std::function<void(std::string_view)> take = [&](std::string_view row) {
      image.take(row);
      consume(image);
    };
    CopyBuffer buffer(kBufferBytes);
    for (bool more = true; more;) {
      more = reader->read(buffer, &unreadable);
      reading_.rate.take(buffer.rows, buffer.size(), reading_.drain);
      check_stop();
      if (stage)
        stage->put(buffer.bytes(), take);
      else
        take_rows({buffer.bytes().data(), buffer.size()}, image, consume);
      shown.add(buffer.rows, buffer.size());
      buffer.clear();
    }
    if (stage) stage->end(take);
    return unreadable.count();
  }

  template <class Consume>
  void read_target(WorkerSession& worker, const VerifyTable& table, const TargetPart& part, ShownRows& shown,
                   const Consume& consume) {
    use_block_ranges(worker.target(), !part.predicate.empty(), worker.block_ranges());
    const auto names = table.compared.names();
    CopyOut copy(worker.target(), copy_out_sql(table.compared, sql_of(part)), true);
    RowImage image(table.compared, names);
    std::uint64_t rows = 0;
    std::uint64_t bytes = 0;
    while (const auto row = copy.next()) {
      image.take(*row);
      consume(image);
      bytes += row->size();
      if (++rows < kRowsBetweenLooks) continue;
      check_stop();
      shown.add(std::exchange(rows, 0), std::exchange(bytes, 0));
    }
    shown.add(rows, bytes);
  }

  void check_stop() const {
    if (reading_.drain.stop_requested()) throw Error(ErrorKind::interrupted, "stopped before its end");
  }

  const VerifyReading& reading_;
  bool keep_shown_;
};

}  // namespace

void VerifyReader::read(VerifyPass pass, WorkerSession& worker, VerifyTable& table, const VerifyItem& item) {
  switch (pass) {
    case VerifyPass::digests: return read_digest(worker, table, item);
    case VerifyPass::sums: return read_sums(worker, table, item);
    case VerifyPass::rows: return read_rows(worker, table, item);
    case VerifyPass::values: return read_values(worker, table, item);
  }
}

void VerifyReader::read_digest(WorkerSession& worker, VerifyTable& table, const VerifyItem& item) {
  RowDigest digest;
  const WaitsFor server(server_of(reading_.progress.counters(item.table), item.side));
  if (item.side == Side::source) {
    const SourcePart& part = table.source_parts[item.part];
    digest.add(worker.source().compute(reading_.tasks[part.task], part.chunk, table.target, table.digest));
  } else {
    const TargetPart& part = table.target_parts[item.part];
    use_block_ranges(worker.target(), !part.predicate.empty(), worker.block_ranges());
    digest.add(worker.target().exec(fmt::format("SELECT {} FROM (SELECT * FROM {}) AS r", table.digest, sql_of(part))));
  }
  reading_.progress.counters(item.table).rows += digest.rows;
  const std::lock_guard lock(reading_.mutex);
  RowDigest& all = item.side == Side::source ? table.source_digest : table.target_digest;
  all.rows += digest.rows;
  all.sum += digest.sum;
}

void VerifyReader::read_sums(WorkerSession& worker, VerifyTable& table, const VerifyItem& item) {
  BucketSums sums(table.buckets);
  BucketAdder adder(sums);
  const auto unreadable = PartReader(reading_, true).read(worker, table, item, [&](const RowImage& row) {
    adder.add(row.hash(), row.key_hash());
  });
  adder.flush();
  const std::lock_guard lock(reading_.mutex);
  (item.side == Side::source ? table.source_sums : table.target_sums).add(sums);
  table.verdict.unreadable += unreadable;
}

void VerifyReader::read_rows(WorkerSession& worker, VerifyTable& table, const VerifyItem& item) {
  RowDiff seen;
  const std::size_t mask = table.selected.size() - 1;
  const RowDiff* only = table.again ? &table.diff : nullptr;
  PartReader(reading_, false).read(worker, table, item, [&](const RowImage& row) {
    if (!table.selected[row.key_hash() & mask] || (only != nullptr && !only->holds(row.hash()))) return;
    seen.add(item.side, {row.hash(), row.key_hash()});
  });
  const std::lock_guard lock(reading_.mutex);
  (table.again ? *table.again : table.diff).add(seen);
}

void VerifyReader::read_values(WorkerSession& worker, VerifyTable& table, const VerifyItem& item) {
  std::vector<std::pair<Hash128, KeptRow>> rows;
  std::unordered_set<Hash128, Hash128Hash> known;
  PartReader(reading_, false).read(worker, table, item, [&](RowImage& row) {
    if (table.wanted.contains(row.hash()) && known.insert(row.hash()).second)
      rows.emplace_back(row.hash(), kept_row(row, table.compared.columns.size()));
  });
  const std::lock_guard lock(reading_.mutex);
  for (auto& [hash, values] : rows) table.keep(hash, std::move(values));
}

}  // namespace dbsync
