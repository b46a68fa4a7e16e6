// Log lines on stderr: one line, one write(2).
//
//   2026-11-24 06:12:52.123 INFO  worker-3: shop.orders: 120000 rows copied
//
// stdout is never touched: it carries only what was asked for (DDL, reports).
// Threads: every function may be called from any thread.
#pragma once

#include <string_view>

namespace dbsync::log {

enum class Level { debug, info, warning, error };

// Lines below this level are dropped. Default: info.
void set_level(Level level);

void debug(std::string_view component, std::string_view text);
void info(std::string_view component, std::string_view text);
void warning(std::string_view component, std::string_view text);
void error(std::string_view component, std::string_view text);

// Lines kept at the bottom of a terminal below the log (the progress display).
// Each log line is written above them. An empty text removes them. The caller
// makes sure that stderr is a terminal and that no line is wider than it.
void set_status_area(std::string_view lines);

}  // namespace dbsync::log
