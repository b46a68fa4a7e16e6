#include "status/metrics.h"

#include <pthread.h>

#include <chrono>
#include <csignal>
#include <memory>
#include <mutex>
#include <utility>

#include <fmt/format.h>

#include "base/error.h"
#include "base/log.h"
#include "base/output_file.h"
#include "base/progress_ticker.h"

namespace dbsync::metrics {

namespace {

constexpr std::chrono::seconds kInterval{5};

double unix_time() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

std::string escaped(const std::string& value) {
  std::string out;
  for (const char c : value) {
    if (c == '\\' || c == '"') out += '\\';
    if (c == '\n')
      out += "\\n";
    else
      out += c;
  }
  return out;
}

using Labels = std::vector<std::pair<std::string_view, std::string>>;

// Collects the families of metrics, each with its HELP and TYPE first.
class Text {
 public:
  explicit Text(Labels common) : common_(std::move(common)) {}

  void family(std::string_view name, std::string_view type, std::string_view help) {
    name_ = name;
    out_ += fmt::format("# HELP {} {}\n# TYPE {} {}\n", name, help, name, type);
  }
  template <class Number>
  void sample(Number value, const Labels& more = {}) {
    std::string labels;
    for (const Labels* list : {&std::as_const(common_), &more})
      for (const auto& [label, text] : *list)
        labels += fmt::format("{}{}=\"{}\"", labels.empty() ? "" : ",", label, escaped(text));
    out_ += fmt::format("{}{{{}}} {}\n", name_, labels, value);
  }
  template <class Number>
  void gauge(std::string_view name, std::string_view help, Number value) {
    family(name, "gauge", help);
    sample(value);
  }
  template <class Number>
  void counter(std::string_view name, std::string_view help, Number value) {
    family(name, "counter", help);
    sample(value);
  }
  std::string take() { return std::move(out_); }

 private:
  Labels common_;
  std::string name_;
  std::string out_;
};

void add_copy(Text& text, const Figures::Copy& copy) {
  text.gauge("dbsync_copied_rows",
             "Rows of the copy that are on the target or on their way; falls when a chunk is rolled back.", copy.rows);
  text.gauge("dbsync_copied_bytes", "The same in bytes, as encoded for COPY.", copy.bytes);
  text.gauge("dbsync_estimated_rows", "Rows to copy, by the catalog of the source.", copy.estimated_rows);
  text.gauge("dbsync_estimated_bytes", "Size of the tables to copy, by the catalog of the source.",
             copy.estimated_bytes);
  text.family("dbsync_tables", "gauge", "Tables and queries to copy, by state.");
  for (const char* state : {"waiting", "running", "done", "failed", "interrupted"}) {
    const auto found = copy.tables.find(state);
    text.sample(found == copy.tables.end() ? 0 : found->second, {{"state", state}});
  }
  text.gauge("dbsync_chunks", "Chunks into which the tables are cut, as far as planned.", copy.chunks);
  text.gauge("dbsync_chunks_done", "Chunks that are on the target.", copy.chunks_done);
  text.counter("dbsync_retries_total", "New tries of chunks.", copy.retries);
  text.gauge("dbsync_rejected_rows", "Rows that were set aside.", copy.rejected);
  text.family("dbsync_worker_seconds_total", "counter",
              "Time of all workers: waiting for the source, the target or steps behind the rows, own work on a CPU, "
              "held back by --max-rate, idle.");
  for (const Spent what : {Spent::source, Spent::target, Spent::steps, Spent::own, Spent::limit, Spent::idle})
    text.sample(fmt::format("{:.3f}", copy.spent[what]), {{"doing", spent_field(what)}});
  text.gauge("dbsync_snapshot_age_seconds", "Age of the source's snapshot while the copy is under way, else 0.",
             fmt::format("{:.3f}", copy.snapshot_seconds));
}

void add_follow(Text& text, const FollowStatus& follow) {
  text.gauge("dbsync_follow_lag_bytes", "Bytes of the source's log that are not applied yet.", follow.lag_bytes);
  text.gauge("dbsync_follow_lag_seconds", "Age of the last applied transaction, 0 when nothing waits.",
             follow.lag_seconds);
  text.counter("dbsync_follow_transactions_total", "Transactions applied since the task began.", follow.transactions);
  text.counter("dbsync_follow_changes_total", "Changes applied since the last connection.", follow.changes);
  text.counter("dbsync_follow_conflicts_total", "Changes that did not fit the target, since the last connection.",
               follow.conflicts);
}

class File {
 public:
  File(std::string path, std::string program, std::string version) : path_(std::move(path)) {
    figures_.program = std::move(program);
    figures_.version = std::move(version);
    figures_.started = unix_time();
  }

  // The ticker's thread must not be the one that takes the process's signals.
  void begin() {
    write();
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &before);
    ticker_.emplace(kInterval, [this] { write_quietly(); });
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
  }

  template <class Change>
  void change(const Change& change) {
    const std::lock_guard lock(mutex_);
    change(figures_);
  }

  void end() {
    ticker_.reset();
    write_quietly();
  }

 private:
  void write() {
    std::string content;
    change([&](Figures& figures) {
      figures.updated = unix_time();
      content = text(figures);
    });
    const std::lock_guard lock(file_mutex_);
    const std::error_code error = replace_file(path_, content, Readers::all);
    if (!error) return;
    throw Error(ErrorKind::usage, fmt::format("cannot write the metrics file {}: {}", path_, error.message()))
        .hint("--metrics-file names a file in a directory that exists and that may be written");
  }

  void write_quietly() {
    try {
      write();
    } catch (const Error& error) {
      if (!std::exchange(warned_, true)) log::warning("metrics", error.what());
    }
  }

  const std::string path_;
  std::mutex mutex_;       // guards figures_
  std::mutex file_mutex_;  // one writer at a time
  Figures figures_;
  bool warned_ = false;
  std::optional<ProgressTicker> ticker_;
};

std::unique_ptr<File> g_file;  // set before other threads know of it, until close()

}  // namespace

void open(const std::string& path, const std::string& program, const std::string& version) {
  auto file = std::make_unique<File>(path, program, version);
  file->begin();
  g_file = std::move(file);
}

void copy(const RunStatus& run, const std::vector<TableStatus>& tables) {
  if (!g_file) return;
  Figures::Copy copy;
  for (const TableStatus& table : tables) {
    copy.rows += table.rows;
    copy.bytes += table.bytes;
    copy.estimated_rows += table.estimated_rows;
    copy.estimated_bytes += table.estimated_bytes;
    copy.chunks += table.chunks;
    copy.chunks_done += table.chunks_done;
    copy.retries += table.retries;
    copy.rejected += table.rejected;
    ++copy.tables[table.state];
  }
  copy.spent = run.spent;
  copy.snapshot_seconds = run.snapshot_seconds;
  g_file->change([&](Figures& figures) {
    figures.task = run.task;
    figures.copy = std::move(copy);
  });
}

void retained(std::uint64_t bytes) {
  if (g_file) g_file->change([&](Figures& figures) { figures.retained_bytes = bytes; });
}

void follow(const RunStatus& run) {
  if (!g_file) return;
  g_file->change([&](Figures& figures) {
    figures.task = run.task;
    figures.follow = run.follow;
    figures.retained_bytes = run.follow.retained_bytes;
  });
}

void close(int exit_status) {
  if (!g_file) return;
  g_file->change([&](Figures& figures) { figures.exit_status = exit_status; });
  g_file->end();
  g_file.reset();
}

std::string text(const Figures& figures) {
  Labels labels{{"program", figures.program}};
  if (!figures.task.empty()) labels.emplace_back("task", figures.task);
  Text out(labels);
  out.family("dbsync_info", "gauge", "The program; always 1.");
  out.sample(1, {{"version", figures.version}});
  out.gauge("dbsync_start_time_seconds", "Unix time at which the run began.", fmt::format("{:.3f}", figures.started));
  out.gauge("dbsync_last_update_time_seconds", "Unix time of these figures; older than 30 s: the program was killed.",
            fmt::format("{:.3f}", figures.updated));
  out.gauge("dbsync_elapsed_seconds", "Time since the run began.",
            fmt::format("{:.3f}", figures.updated - figures.started));
  out.gauge("dbsync_running", "1 while the program runs, 0 when it has ended.", figures.exit_status ? 0 : 1);
  if (figures.exit_status)
    out.gauge("dbsync_exit_status", "Exit status of the program, when it has ended.", *figures.exit_status);
  if (figures.copy) add_copy(out, *figures.copy);
  if (figures.follow) add_follow(out, *figures.follow);
  if (figures.retained_bytes)
    out.gauge("dbsync_retained_wal_bytes", "WAL that the source keeps for the task.", *figures.retained_bytes);
  return out.take();
}

}  // namespace dbsync::metrics
