#include "base/progress.h"

#include <chrono>
#include <condition_variable>
#include <mutex>

#include "base/log.h"
#include "base/text.h"
#include "base/utf8.h"

namespace dbsync {

namespace {

constexpr auto kDisplayInterval = std::chrono::milliseconds(250);
constexpr auto kLineInterval = std::chrono::seconds(10);

// The first line is about the whole. One column stays free: a terminal may move on
// to the next line behind its last one.
void show(const ProgressSource& source) {
  const log::TerminalSize size = log::terminal_size();
  const unsigned rows = size.rows > 4 ? size.rows - 2 : 2;
  std::string area;
  for (const std::string& line : source.display(rows)) {
    const std::string_view fitting = fit_columns(line, size.columns - 1);
    const bool bold = area.empty() && log::in_colour();
    area += bold ? "\x1b[1m" : "";
    area += fitting;
    area += bold ? "\x1b[0m\n" : "\n";
  }
  log::set_status_area(area);
}

void report(const ProgressSource& source, const std::stop_token& stop) {
  if (!log::shows(log::Level::info)) return;
  const bool terminal = log::on_terminal();
  std::mutex mutex;
  std::condition_variable_any wake;
  std::unique_lock lock(mutex);
  const auto interval = terminal ? std::chrono::duration_cast<std::chrono::milliseconds>(kDisplayInterval)
                                 : std::chrono::duration_cast<std::chrono::milliseconds>(kLineInterval);
  while (!wake.wait_for(lock, stop, interval, [] { return false; })) {
    if (stop.stop_requested()) break;
    if (terminal) {
      show(source);
    } else if (source.line) {
      const ProgressLine line = source.line();
      log::progress("progress", line.text, line.numbers);
    }
  }
  if (terminal) log::set_status_area({});
}

}  // namespace

ProgressReporter::ProgressReporter(ProgressSource source)
    : source_(std::move(source)), thread_([this](const std::stop_token& stop) { report(source_, stop); }) {}

ProgressReporter::~ProgressReporter() = default;

void print_to_user(const std::string& text) { log::print("summary", text); }

}  // namespace dbsync
