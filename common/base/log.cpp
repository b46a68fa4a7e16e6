#include "base/log.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <ctime>
#include <mutex>
#include <string>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/secrets.h"
#include "base/text.h"
#include "base/utf8.h"

namespace dbsync::log {

namespace {

std::atomic<Level> g_level{Level::info};
std::atomic<Format> g_format{Format::text};
std::mutex g_mutex;    // guards g_status and the order of writes
std::string g_status;  // as it stands on the terminal now

constexpr std::string_view kRed = "\x1b[31m";
constexpr std::string_view kYellow = "\x1b[33m";
constexpr std::string_view kPlain = "\x1b[0m";

void write_all(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::write(STDERR_FILENO, bytes.data(), bytes.size());
    if (n <= 0) return;  // a log that cannot be written must not stop a migration
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
}

std::string timestamp(bool utc) {
  const auto now = std::chrono::system_clock::now();
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch()).count() % 1000;
  const std::time_t seconds = std::chrono::system_clock::to_time_t(now);
  std::tm tm{};
  if (utc)
    gmtime_r(&seconds, &tm);
  else
    localtime_r(&seconds, &tm);
  return fmt::format("{:04}-{:02}-{:02}{}{:02}:{:02}:{:02}.{:03}{}", tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday,
                     utc ? 'T' : ' ', tm.tm_hour, tm.tm_min, tm.tm_sec, ms, utc ? "Z" : "");
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

std::string_view level_word(Level level) {
  switch (level) {
    case Level::debug: return "debug";
    case Level::info: return "info";
    case Level::warning: return "warning";
    case Level::error: return "error";
  }
  return "error";
}

// How many rows the lines take up now: a terminal that has become narrower has
// broken them.
std::size_t rows_of(std::string_view lines) {
  const unsigned width = terminal_size().columns;
  std::size_t rows = 0;
  while (!lines.empty()) {
    const std::size_t end = std::min(lines.find('\n'), lines.size());
    rows += std::max<std::size_t>(1, (display_columns(lines.substr(0, end)) + width - 1) / width);
    lines.remove_prefix(std::min(end + 1, lines.size()));
  }
  return rows;
}

// Moves to the first status line and clears to the end of the screen.
std::string erase_sequence() {
  return g_status.empty() ? std::string() : fmt::format("\r\x1b[{}A\x1b[J", rows_of(g_status));
}

std::string text_line(Level level, std::string_view component, std::string_view text) {
  const std::string_view colour = level == Level::error ? kRed : kYellow;
  const bool coloured = level >= Level::warning && in_colour();
  return fmt::format("{} {}{}{} {}: {}\n", timestamp(false), coloured ? colour : "", level_name(level),
                     coloured ? kPlain : "", component, one_line(mask_secrets(std::string(text))));
}

nlohmann::ordered_json json_line(Level level, std::string_view component, std::string_view text) {
  return {{"time", timestamp(true)},
          {"level", level_word(level)},
          {"component", component},
          {"message", mask_secrets(std::string(text))}};
}

// Texts of servers may hold bytes that are not UTF-8.
std::string dumped(const nlohmann::ordered_json& line) {
  return line.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

void write_line(const std::string& line) {
  const std::lock_guard lock(g_mutex);
  write_all(erase_sequence() + line + g_status);
}

void write_line(Level level, std::string_view component, std::string_view text) {
  if (!shows(level)) return;
  write_line(format() == Format::json ? dumped(json_line(level, component, text)) : text_line(level, component, text));
}

}  // namespace

void set_level(Level level) { g_level.store(level, std::memory_order_relaxed); }
bool shows(Level level) { return level >= g_level.load(std::memory_order_relaxed); }
void set_format(Format format) { g_format.store(format, std::memory_order_relaxed); }
Format format() { return g_format.load(std::memory_order_relaxed); }

void debug(std::string_view component, std::string_view text) { write_line(Level::debug, component, text); }
void info(std::string_view component, std::string_view text) { write_line(Level::info, component, text); }
void warning(std::string_view component, std::string_view text) { write_line(Level::warning, component, text); }
void error(std::string_view component, std::string_view text) { write_line(Level::error, component, text); }

void error(std::string_view component, std::string_view text, const Fields& fields) {
  if (format() == Format::text) return write_line(Level::error, component, text);
  auto line = json_line(Level::error, component, text);
  for (const auto& [name, value] : fields)
    if (!value.empty()) line[std::string(name)] = value;
  write_line(dumped(line));
}

void progress(std::string_view component, std::string_view text, const Numbers& numbers) {
  if (!shows(Level::info) || on_terminal()) return;
  if (format() == Format::text) return write_line(Level::info, component, text);
  auto line = json_line(Level::info, component, text);
  for (const auto& [name, value] : numbers) line[std::string(name)] = value;
  write_line(dumped(line));
}

void print(std::string_view component, std::string_view text) {
  write_line(format() == Format::json ? dumped(json_line(Level::info, component, text)) : visible(text));
}

bool on_terminal() {
  static const bool terminal = [] {
    const char* term = std::getenv("TERM");
    return ::isatty(STDERR_FILENO) == 1 && term != nullptr && *term != '\0' && std::string_view(term) != "dumb";
  }();
  return terminal && format() == Format::text;
}

bool in_colour() {
  static const bool wanted = [] {
    const char* no_color = std::getenv("NO_COLOR");
    return no_color == nullptr || *no_color == '\0';
  }();
  return wanted && on_terminal();
}

TerminalSize terminal_size() {
  winsize size{};
  TerminalSize out;
  if (::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0) return out;
  if (size.ws_col > 0) out.columns = size.ws_col;
  if (size.ws_row > 0) out.rows = size.ws_row;
  return out;
}

void set_status_area(std::string_view lines) {
  const std::lock_guard lock(g_mutex);
  const std::string erase = erase_sequence();
  g_status.assign(lines);
  if (!g_status.empty() && g_status.back() != '\n') g_status += '\n';
  write_all(erase + g_status);
}

}  // namespace dbsync::log
