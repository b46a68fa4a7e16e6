#include "base/log.h"

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <ctime>
#include <mutex>
#include <string>

#include <fmt/format.h>

#include "base/text.h"

namespace dbsync::log {

namespace {

std::atomic<Level> g_level{Level::info};
std::mutex g_mutex;          // guards g_status and the order of writes
std::string g_status;        // as it stands on the terminal now

void write_all(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::write(STDERR_FILENO, bytes.data(), bytes.size());
    if (n <= 0) return;  // a log that cannot be written must not stop a migration
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
}

std::string timestamp() {
  const auto now = std::chrono::system_clock::now();
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch()).count() % 1000;
  const std::time_t seconds = std::chrono::system_clock::to_time_t(now);
  std::tm tm{};
  localtime_r(&seconds, &tm);
  return fmt::format("{:04}-{:02}-{:02} {:02}:{:02}:{:02}.{:03}", tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday,
                     tm.tm_hour, tm.tm_min, tm.tm_sec, ms);
}

std::string_view level_name(Level level) {
  switch (level) {
    case Level::debug: return "DEBUG";
    case Level::info: return "INFO ";
    case Level::warning: return "WARN ";
    case Level::error: return "ERROR";
  }
  return "ERROR";
}

// Moves to the first status line and clears to the end of the screen.
std::string erase_sequence() {
  if (g_status.empty()) return {};
  const auto lines = std::count(g_status.begin(), g_status.end(), '\n');
  return lines > 0 ? fmt::format("\r\x1b[{}A\x1b[J", lines) : std::string("\r\x1b[J");
}

void write_line(Level level, std::string_view component, std::string_view text) {
  if (level < g_level.load(std::memory_order_relaxed)) return;
  const std::string line = fmt::format("{} {} {}: {}\n", timestamp(), level_name(level), component, one_line(text));
  const std::lock_guard lock(g_mutex);
  write_all(erase_sequence() + line + g_status);
}

}  // namespace

void set_level(Level level) { g_level.store(level, std::memory_order_relaxed); }

void debug(std::string_view component, std::string_view text) { write_line(Level::debug, component, text); }
void info(std::string_view component, std::string_view text) { write_line(Level::info, component, text); }
void warning(std::string_view component, std::string_view text) { write_line(Level::warning, component, text); }
void error(std::string_view component, std::string_view text) { write_line(Level::error, component, text); }

void set_status_area(std::string_view lines) {
  const std::lock_guard lock(g_mutex);
  const std::string erase = erase_sequence();
  g_status.assign(lines);
  if (!g_status.empty() && g_status.back() != '\n') g_status += '\n';
  write_all(erase + g_status);
}

}  // namespace dbsync::log
