#include "verify/verify_job.h"

#include <algorithm>
#include <chrono>
#include <map>
#include <mutex>
#include <utility>

#include <fmt/format.h>

#include "base/backoff.h"
#include "base/log.h"
#include "base/log_error.h"
#include "base/progress.h"
#include "base/text.h"
#include "base/worker_pool.h"
#include "pg/block_ranges.h"
#include "verify/row_stage.h"
#include "verify/verify_queue.h"
#include "verify/verify_table.h"
#include "verify/verify_target.h"

namespace dbsync {

namespace {

constexpr std::size_t kBufferBytes = 64 << 10;
constexpr std::size_t kBuckets = 65536;
constexpr std::size_t kBucketsOfSmallTables = 1024;
constexpr std::uint64_t kSmallTable = 1 << 20;
constexpr std::size_t kNamedInLog = 5;
constexpr std::uint64_t kMostUnreadable = 1000;
constexpr std::uint64_t kRowsBetweenLooks = 1024;  // at the stop token

using Clock = std::chrono::steady_clock;

// Whole numbers by their value, anything else as text.
bool key_before(const Finding& a, const Finding& b) {
  const auto number = [](const std::string& text) {
    return !text.empty() && text.find_first_not_of("0123456789") == std::string::npos;
  };
  for (std::size_t i = 0; i < std::min(a.key.size(), b.key.size()); ++i) {
    const std::string left = a.key[i].second.value_or("");
    const std::string right = b.key[i].second.value_or("");
    if (left == right) continue;
    if (number(left) && number(right) && left.size() != right.size()) return left.size() < right.size();
    return left < right;
  }
  return false;
}

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

// One for each target table, the largest first.
std::vector<VerifyTable> tables_of(const std::vector<CopyTask>& tasks) {
  std::vector<VerifyTable> out;
  std::map<QualifiedName, std::size_t> known;
  for (std::size_t i = 0; i < tasks.size(); ++i) {
    const QualifiedName& target = tasks[i].compared_with();
    const auto [found, added] = known.emplace(target, out.size());
    if (added) out.emplace_back().verdict.target = target;
    VerifyTable& table = out[found->second];
    table.verdict.name = table.tasks.empty() && !tasks[i].target_tree ? tasks[i].name : target.display();
    if (tasks[i].problem && !table.verdict.error) table.verdict.error = tasks[i].problem;
    table.tasks.push_back(i);
    table.estimated_bytes += tasks[i].estimated_bytes;
  }
  return out;
}

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

class VerifyJob {
 public:
  VerifyJob(const VerifyRequest& request, const std::stop_token& drain, const std::stop_token& cancel)
      : tasks_(request.tasks), options_(request.options), conninfo_(request.conninfo), again_(request.again), drain_(drain),
        cancel_(cancel), source_(&request.source), rejects_(kMostUnreadable, options_.reject_directory),
        rate_(options_.max_rate), tables_(tables_of(request.tasks)), workers_(options_.workers) {
    for (const VerifyTable& table : tables_) {
      CopyTask& shown = shown_.emplace_back();
      shown.name = table.verdict.name;
      for (const std::size_t task : table.tasks) shown.estimated_rows += 2 * tasks_[task].estimated_rows;
    }
    progress_.emplace(shown_);
  }

  VerifyResult run() {
    const auto start = Clock::now();
    target_.emplace(conninfo_, options_.application_name);
    progress_->start();
    const ProgressReporter reporter(progress_->source());
    // A limit of the rate is kept by reading.
    if (!options_.max_rate.limited() && source_->computes(target_->control()))
      pass(VerifyPass::digests);
    pass(VerifyPass::sums);
    pass(VerifyPass::rows);
    look_again();
    for (VerifyTable& table : tables_)
      if (!table.failed()) table.pair_rows();
    pass(VerifyPass::values);
    for (std::size_t i = 0; i < tables_.size(); ++i) finish(tables_[i]);
    VerifyResult result;
    for (VerifyTable& table : tables_) result.tables.push_back(std::move(table.verdict));
    result.seconds = seconds_since(start);
    return result;
  }

 private:
  // What a worker holds on to between parts.
  struct Worker {
    std::string name;
    std::unique_ptr<SourceSession> source;
    std::unique_ptr<PgConnection> target;
    std::unique_ptr<PgConnection> writer;  // stages rows
    bool block_ranges = false;             // a setting of `target`
  };

  // ---------------------------------------------------------------- passes

  void pass(VerifyPass pass) {
    pass_ = pass;
    queue_.emplace();
    bool any = false;
    for (const std::size_t i : by_size()) {
      VerifyTable& table = tables_[i];
      if (!wanted(table)) continue;
      any = true;
      // The memory of pass 1 is taken when it is the table's turn.
      if (pass == VerifyPass::sums || !table.planned) {
        table.left = 1;
        queue_->push({i, true, Side::source, 0});
      } else {
        push_parts(i);
      }
    }
    if (!any) return;
    run_workers(options_.workers, "verify", [this](unsigned i) { work(workers_[i], i); });
    for (VerifyTable& table : tables_)
      if (wanted(table) && table.left > 0 && !table.failed()) table.verdict.interrupted = true;
  }

  bool wanted(const VerifyTable& table) const {
    if (table.failed()) return false;
    switch (pass_) {
      case VerifyPass::digests: return true;
      case VerifyPass::sums: return !table.same;
      case VerifyPass::rows: return !table.selected.empty();
      case VerifyPass::values: return !table.wanted.empty();
    }
    return false;
  }

  std::vector<std::size_t> by_size() const {
    std::vector<std::size_t> out(tables_.size());
    for (std::size_t i = 0; i < out.size(); ++i) out[i] = i;
    std::stable_sort(out.begin(), out.end(), [this](std::size_t a, std::size_t b) {
      return tables_[a].estimated_bytes > tables_[b].estimated_bytes;
    });
    return out;
  }

  // Both sides in turn, so that both servers are at work.
  void push_parts(std::size_t index) {
    VerifyTable& table = tables_[index];
    table.left = table.source_parts.size() + table.target_parts.size();
    table.start = Clock::now();
    for (std::size_t i = 0; i < std::max(table.source_parts.size(), table.target_parts.size()); ++i) {
      if (i < table.source_parts.size()) queue_->push({index, false, Side::source, i});
      if (i < table.target_parts.size()) queue_->push({index, false, Side::target, i});
    }
  }

  void work(Worker& worker, unsigned index) {
    worker.name = fmt::format("verify-{}", index);
    while (const auto item = queue_->next(drain_)) {
      if (!over(tables_[item->table], *item)) work(worker, *item);
      end_item(tables_[item->table], item->table);
      queue_->done();
    }
  }

  bool over(const VerifyTable& table, const VerifyItem& item) {
    const std::lock_guard lock(mutex_);
    return table.failed() || (pass_ == VerifyPass::digests && !item.plan && table.digest.empty()) || (pass_ == VerifyPass::values && table.kept.size() == table.wanted.size());
  }

  void work(Worker& worker, const VerifyItem& item) {
    VerifyTable& table = tables_[item.table];
    for (unsigned tries = 0;; ++tries) {
      try {
        connect(worker, stages(table, item));
        const std::stop_callback cancel_all(cancel_, [&worker] {
          worker.source->cancel();
          worker.target->cancel();
          if (worker.writer) worker.writer->cancel();
        });
        if (item.plan)
          plan(worker, item.table);
        else
          read(worker, table, item);
        return;
      } catch (Error& error) {
        drop_connections(worker);
        if (error.retryable() && tries < options_.retry.times && !drain_.stop_requested() &&
            wait_before({tries + 1, options_.retry.times, options_.retry.interval}, worker.name, table.verdict.name, error, drain_))
          continue;
        fail(worker, table, error);
      } catch (const std::exception& e) {
        drop_connections(worker);
        fail(worker, table, Error(ErrorKind::internal, e.what()));
      }
      return;
    }
  }

  static bool stages(const VerifyTable& table, const VerifyItem& item) {
    return !item.plan && item.side == Side::source && !table.source_parts[item.part].exact;
  }

  void connect(Worker& worker, bool writes) {
    if (!worker.source) worker.source = source_->session();
    if (!worker.target) {
      worker.target = target_->session();
      worker.block_ranges = false;
    }
    if (writes && !worker.writer) worker.writer = target_->writer();
  }

  static void drop_connections(Worker& worker) {
    if (worker.source && !worker.source->usable()) worker.source.reset();
    worker.target.reset();
    worker.writer.reset();
  }

  void fail(const Worker& worker, VerifyTable& table, Error error) {
    const std::lock_guard lock(mutex_);
    if (table.failed()) return;
    if (drain_.stop_requested()) {
      table.verdict.interrupted = true;
      return;
    }
    if (pass_ == VerifyPass::digests && table.planned && !error.connection_lost()) {  // it is only the faster way
      log::info(worker.name, fmt::format("{}: the servers cannot add it up, so its rows are read: {}", table.verdict.name, error.what()));
      table.digest.clear();
      return;
    }
    error.context(table.verdict.name + ": it could not be compared");
    log::error(worker.name, error);
    table.verdict.error = std::move(error);
  }

  void end_item(VerifyTable& table, std::size_t index) {
    const std::lock_guard lock(mutex_);
    if (--table.left > 0) return;
    table.verdict.seconds += seconds_since(table.start);
    if (table.failed()) {
      table.source_sums = table.target_sums = BucketSums();
      progress_->set_status(index, TaskStatus::failed);
    } else if (pass_ == VerifyPass::digests) {
      compare_digests(table, index);
    } else if (pass_ == VerifyPass::sums) {
      table.compare_sums();
      progress_->set_status(index, TaskStatus::done);
    }
  }

  void compare_digests(VerifyTable& table, std::size_t index) {
    table.compare_digests();
    if (table.same) return progress_->set_status(index, TaskStatus::done);
    progress_->counters(index).rows -= table.source_digest.rows + table.target_digest.rows;
    if (!table.digest.empty()) log::info("verify", table.verdict.name + ": the servers' sums differ; reading its rows");
  }

  // -------------------------------------------------------------- planning

  void plan(Worker& worker, std::size_t index) {
    VerifyTable& table = tables_[index];
    table.start = Clock::now();
    if (!table.planned) plan_table(worker, table);
    const std::lock_guard lock(mutex_);
    if (pass_ == VerifyPass::sums) table.source_sums = table.target_sums = BucketSums(table.buckets);
    progress_->set_status(index, TaskStatus::running);
    table.planned = true;
    if (pass_ == VerifyPass::digests && table.digest.empty()) return;
    push_parts(index);
    ++table.left;  // this item
  }

  void plan_table(Worker& worker, VerifyTable& table) {
    const auto target = find_table(*worker.target, table.verdict.target);
    if (!target)
      throw Error(ErrorKind::target, fmt::format("the target has no table {}", table.verdict.target.display()))
          .hint("load it first, or name the right schema with -s");
    table.target = *target;
    // What the target has computed itself is to be what the source holds: nothing
    // is written here, so these columns are like all others.
    for (TargetColumn& column : table.target.columns) column.generated = false;
    plan_columns(worker, table);
    plan_key(worker, table);
    table.target_parts = parts_of(*worker.target, table.target, options_.chunk_bytes);
    table.buckets = table.estimated_bytes > 0 && table.estimated_bytes < kSmallTable ? kBucketsOfSmallTables : kBuckets;
    if (pass_ == VerifyPass::digests) plan_digest(worker, table);
  }

  // Where binary rows would be alike.
  static void plan_digest(Worker& worker, VerifyTable& table) {
    const bool exact = std::all_of(table.source_parts.begin(), table.source_parts.end(), [](const SourcePart& p) { return p.exact; });
    if (exact && !table.compared.columns.empty())
      table.digest = digest_sql(table.compared, send_functions(*worker.target, table.compared));
  }

  // The columns that all tasks of the table have.
  void plan_columns(Worker& worker, VerifyTable& table) {
    table.source_parts.clear();
    table.compared = {};
    table.verdict.notes.clear();
    std::vector<std::string> names;
    std::vector<std::string> left_out;
    for (const std::size_t task : table.tasks) {
      const RowShape shape = worker.source->shape(tasks_[task], table.target);
      const auto has = [](const std::vector<std::string>& all, const std::string& name) {
        return std::find(all.begin(), all.end(), name) != all.end();
      };
      if (task == table.tasks.front()) names = shape.columns;
      for (const std::string& name : shape.columns)
        if (!has(names, name) && !has(left_out, name)) left_out.push_back(name);
      std::erase_if(names, [&](const std::string& name) {
        if (has(shape.columns, name)) return false;
        left_out.push_back(name);
        return true;
      });
      const ChunkSizes sizes{options_.chunk_bytes, options_.workers};
      worker.source->plan_chunks(tasks_[task], sizes, [&](Chunk chunk) {
        table.source_parts.push_back({task, std::move(chunk), shape.exact});
      });
    }
    for (const std::string& name : names)
      table.compared.columns.push_back(required_column(table.target, name, table.verdict.target.display()));
    read_as_text_where_needed(*worker.target, table.compared);
    if (!left_out.empty())
      table.verdict.notes.push_back(fmt::format("not compared, since not all of the lines that feed the table have them: {}",
                                                join(left_out, ", ")));
  }

  // The target may have no keys yet; then those of the source name the rows.
  void plan_key(Worker& worker, VerifyTable& table) const {
    const auto names = table.compared.names();
    auto key = key_of(*worker.target, table.verdict.target, names);
    const auto& definition = tasks_[table.tasks.front()].definition;
    if (key.empty() && definition) key = definition->primary_key.columns;
    for (const std::string& column : key) {
      const auto found = std::find(names.begin(), names.end(), column);
      if (found == names.end()) {
        table.compared.key.clear();
        return;
      }
      table.compared.key.push_back(static_cast<std::size_t>(found - names.begin()));
    }
  }

  // --------------------------------------------------------------- reading

  void read(Worker& worker, VerifyTable& table, const VerifyItem& item) {
    switch (pass_) {
      case VerifyPass::digests: return read_digest(worker, table, item);
      case VerifyPass::sums: return read_sums(worker, table, item);
      case VerifyPass::rows: return read_rows(worker, table, item);
      case VerifyPass::values: return read_values(worker, table, item);
    }
  }

  void read_digest(Worker& worker, VerifyTable& table, const VerifyItem& item) {
    RowDigest digest;
    if (item.side == Side::source) {
      const SourcePart& part = table.source_parts[item.part];
      digest.add(worker.source->compute(tasks_[part.task], part.chunk, table.target, table.digest));
    } else {
      const TargetPart& part = table.target_parts[item.part];
      use_block_ranges(*worker.target, !part.predicate.empty(), worker.block_ranges);
      digest.add(worker.target->exec(fmt::format("SELECT {} FROM (SELECT * FROM {}) AS r", table.digest, sql_of(part))));
    }
    progress_->counters(item.table).rows += digest.rows;
    const std::lock_guard lock(mutex_);
    RowDigest& all = item.side == Side::source ? table.source_digest : table.target_digest;
    all.rows += digest.rows;
    all.sum += digest.sum;
  }

  void read_sums(Worker& worker, VerifyTable& table, const VerifyItem& item) {
    BucketSums sums(table.buckets);
    BucketAdder adder(sums);
    const auto unreadable =
        read_part(worker, table, item, [&](const RowImage& row) { adder.add(row.hash(), row.key_hash()); });
    adder.flush();
    const std::lock_guard lock(mutex_);
    (item.side == Side::source ? table.source_sums : table.target_sums).add(sums);
    table.verdict.unreadable += unreadable;
  }

  void read_rows(Worker& worker, VerifyTable& table, const VerifyItem& item) {
    RowDiff seen;
    const std::size_t mask = table.selected.size() - 1;
    const RowDiff* only = looking_again_ ? &table.diff : nullptr;
    read_part(worker, table, item, [&](const RowImage& row) {
      if (!table.selected[row.key_hash() & mask] || (only != nullptr && !only->holds(row.hash()))) return;
      seen.add(item.side, {row.hash(), row.key_hash()});
    });
    const std::lock_guard lock(mutex_);
    (looking_again_ ? diffs_again_[&table] : table.diff).add(seen);
  }

  void read_values(Worker& worker, VerifyTable& table, const VerifyItem& item) {
    std::vector<std::pair<Hash128, KeptRow>> rows;
    std::unordered_set<Hash128, Hash128Hash> known;
    read_part(worker, table, item, [&](RowImage& row) {
      if (table.wanted.contains(row.hash()) && known.insert(row.hash()).second)
        rows.emplace_back(row.hash(), kept_row(row, table.compared.columns.size()));
    });
    const std::lock_guard lock(mutex_);
    for (auto& [hash, values] : rows) table.keep(hash, std::move(values));
  }

  // Returns the rows that the target cannot hold.
  template <class Consume>
  std::uint64_t read_part(Worker& worker, VerifyTable& table, const VerifyItem& item, const Consume& consume) {
    ShownRows shown(progress_->counters(item.table));
    std::uint64_t unreadable = 0;
    if (item.side == Side::source)
      unreadable = read_source(worker, table, table.source_parts[item.part], shown, consume);
    else
      read_target(worker, table, table.target_parts[item.part], shown, consume);
    if (pass_ == VerifyPass::sums) shown.keep();
    return unreadable;
  }

  template <class Consume>
  std::uint64_t read_source(Worker& worker, const VerifyTable& table, const SourcePart& part, ShownRows& shown,
                            const Consume& consume) {
    const CopyTask& task = tasks_[part.task];
    TaskRejects unreadable(rejects_, task.target, task.name, {});
    const auto reader = worker.source->open(task, part.chunk, table.target, CopyFormatChoice::binary);
    std::optional<RowStage> stage;
    if (!part.exact)
      stage.emplace(*worker.writer, table.target.name, table.compared, reader->columns(), reader->format());
    RowImage image(table.compared, stage ? table.compared.names() : reader->columns());
    const std::function<void(std::string_view)> take = [&](std::string_view row) {
      image.take(row);
      consume(image);
    };
    CopyBuffer buffer(kBufferBytes);
    for (bool more = true; more;) {
      more = reader->read(buffer, &unreadable);
      rate_.take(buffer.rows, buffer.size(), drain_);
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
  static void take_rows(std::string_view rows, RowImage& image, const Consume& consume) {
    while (!rows.empty()) {
      rows.remove_prefix(image.take(rows));
      consume(image);
    }
  }

  template <class Consume>
  void read_target(Worker& worker, const VerifyTable& table, const TargetPart& part, ShownRows& shown,
                   const Consume& consume) {
    use_block_ranges(*worker.target, !part.predicate.empty(), worker.block_ranges);
    const auto names = table.compared.names();
    CopyOut copy(*worker.target, copy_out_sql(table.compared, sql_of(part)), true);
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
    if (drain_.stop_requested()) throw Error(ErrorKind::interrupted, "stopped before its end");
  }

  // ---------------------------------------------------------- looking again

  // Rows of a target that follows differ for as long as a change is under way; what
  // differs at several moments in the same way differs.
  void look_again() {
    looking_again_ = true;
    for (unsigned i = 0; i < again_.times && anything_differs() && !drain_.stop_requested(); ++i) {
      log::info("main", fmt::format("rows that differ are looked at again, {} of {}", i + 1, again_.times));
      std::unique_ptr<SnapshotSource> later;
      try {
        later = again_.later(drain_);
      } catch (const Error& error) {
        log::warning("verify", fmt::format("they are not looked at again: {}", error.what()));
      }
      if (!later) break;
      workers_ = std::vector<Worker>(options_.workers);
      later_ = std::move(later);
      source_ = later_.get();
      target_.emplace(conninfo_, options_.application_name);
      diffs_again_.clear();
      pass(VerifyPass::rows);
      for (VerifyTable& table : tables_)
        if (wanted(table)) table.diff.keep_only(diffs_again_[&table]);
    }
    looking_again_ = false;
  }

  bool anything_differs() const {
    return std::any_of(tables_.begin(), tables_.end(), [](const VerifyTable& t) { return !t.failed() && !t.selected.empty(); });
  }

  // ----------------------------------------------------------------- result

  void finish(VerifyTable& table) {
    TableVerdict& verdict = table.verdict;
    if (verdict.error) return;
    if (!table.pairs.empty() && !verdict.interrupted) name_rows(table);
    if (verdict.interrupted) return;
    if (!verdict.differs()) {
      log::info("verify", fmt::format("{}: {} rows, the same on both sides{}", verdict.name, format_count(verdict.source_rows),
                                      table.same ? ", by the servers' sums" : ""));
      return;
    }
    log::warning("verify", fmt::format("{}: {}", verdict.name, verdict_text(verdict)));
    for (std::size_t i = 0; i < std::min(verdict.findings.size(), kNamedInLog); ++i)
      log::warning("verify", fmt::format("{}: {}: {}", verdict.name, kind_word(verdict.findings[i].kind),
                                         describe(verdict.findings[i])));
  }

  void name_rows(VerifyTable& table) {
    try {
      if (!reader_) reader_ = target_->reader();
      ValueWriter writer(*reader_, table.compared);
      const auto kept = [&](const std::optional<Hash128>& hash) -> const KeptRow* {
        const auto found = hash ? table.kept.find(*hash) : table.kept.end();
        return found == table.kept.end() ? nullptr : &found->second;
      };
      for (const HashPair& pair : table.pairs) {
        const KeptRow* source = kept(pair.source);
        const KeptRow* target = kept(pair.target);
        if ((pair.source && source == nullptr) || (pair.target && target == nullptr)) continue;  // no room for it
        table.verdict.findings.push_back(writer.finding(pair, source, target));
      }
      std::stable_sort(table.verdict.findings.begin(), table.verdict.findings.end(), key_before);
    } catch (Error& error) {
      log::error("verify", error.context(table.verdict.name + ": rows that differ could not be named"));
    }
  }

  const std::vector<CopyTask>& tasks_;
  const JobOptions& options_;
  const std::string& conninfo_;
  const VerifyAgain& again_;
  std::stop_token drain_;
  std::stop_token cancel_;
  SnapshotSource* source_;
  std::unique_ptr<SnapshotSource> later_;
  RejectBudget rejects_;
  RateLimiter rate_;
  std::optional<TargetSnapshot> target_;
  std::unique_ptr<PgConnection> reader_;
  std::vector<CopyTask> shown_;  // a table each, for the progress display
  std::optional<JobProgress> progress_;
  VerifyPass pass_ = VerifyPass::sums;
  bool looking_again_ = false;
  std::optional<VerifyQueue> queue_;
  std::mutex mutex_;  // guards tables_ and diffs_again_
  std::vector<VerifyTable> tables_;
  std::map<const VerifyTable*, RowDiff> diffs_again_;
  std::vector<Worker> workers_;
};

}  // namespace

std::size_t VerifyResult::different() const {
  return static_cast<std::size_t>(std::count_if(tables.begin(), tables.end(), [](const TableVerdict& t) { return t.differs(); }));
}

int VerifyResult::exit_status() const {
  for (const TableVerdict& table : tables)
    if (table.interrupted) return exit_code(ErrorKind::interrupted);
  for (const TableVerdict& table : tables)
    if (table.error) return exit_code(table.error->kind());
  return different() > 0 ? exit_code(ErrorKind::data) : 0;
}

std::string verdict_text(const TableVerdict& verdict) {
  if (verdict.error) return "NOT COMPARED";
  if (verdict.interrupted) return "interrupted";
  if (!verdict.differs()) return "same";
  std::vector<std::string> parts;
  const auto add = [&](std::uint64_t rows, std::string_view what) {
    if (rows > 0) parts.push_back(fmt::format("{} {}", format_count(rows), what));
  };
  add(verdict.counts.missing, "missing");
  add(verdict.counts.extra, "extra");
  add(verdict.counts.different, "different");
  add(verdict.unreadable, "that the target cannot hold");
  return (verdict.at_least ? "at least " : "") + join(parts, ", ");
}

VerifyResult run_verify_job(const VerifyRequest& request, const std::stop_token& drain, const std::stop_token& cancel) {
  return VerifyJob(request, drain, cancel).run();
}

}  // namespace dbsync
