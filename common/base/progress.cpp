#include "base/progress.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <string_view>

#include "base/log.h"

namespace dbsync {

namespace {

constexpr auto kDisplayInterval = std::chrono::milliseconds(250);
constexpr auto kLineInterval = std::chrono::seconds(10);

bool is_terminal() {
  const char* term = std::getenv("TERM");
  return ::isatty(STDERR_FILENO) == 1 && term != nullptr && std::string_view(term) != "dumb";
}

unsigned terminal_width() {
  winsize size{};
  if (::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return 80;
  return size.ws_col;
}

void report(const ProgressSource& source, bool terminal, std::stop_token stop) {
  std::mutex mutex;
  std::condition_variable_any wake;
  std::unique_lock lock(mutex);
  const auto interval = terminal ? std::chrono::duration_cast<std::chrono::milliseconds>(kDisplayInterval)
                                 : std::chrono::duration_cast<std::chrono::milliseconds>(kLineInterval);
  while (!wake.wait_for(lock, stop, interval, [] { return false; })) {
    if (stop.stop_requested()) break;
    if (terminal)
      log::set_status_area(source.display(terminal_width()));
    else
      log::info("progress", source.line());
  }
  if (terminal) log::set_status_area({});
}

}  // namespace

ProgressReporter::ProgressReporter(ProgressSource source)
    : source_(std::move(source)),
      thread_([this](std::stop_token stop) { report(source_, is_terminal(), std::move(stop)); }) {}

ProgressReporter::~ProgressReporter() = default;

void print_to_user(const std::string& text) {
  std::fputs(text.c_str(), stderr);
  std::fflush(stderr);
}

}  // namespace dbsync
