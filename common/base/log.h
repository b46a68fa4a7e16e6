// Log lines on stderr: one line, one write(2).
//
//   2026-11-24 06:12:52.123 INFO  worker-3: shop.orders: 120000 rows copied
//
// or, with Format::json, one object a line:
//
//   {"time":"2026-11-24T06:12:52.123Z","level":"info","component":"worker-3","message":"shop.orders: …"}
//
// stdout is never touched: it carries only what was asked for (DDL, reports).
// Threads: every function may be called from any thread.
#pragma once

#include <string_view>
#include <utility>
#include <vector>

namespace dbsync::log {

enum class Level { debug, info, warning, error };
enum class Format { text, json };

// Lines below this level are dropped. Default: info.
void set_level(Level level);
bool shows(Level level);

// Default: text.
void set_format(Format format);
Format format();

void debug(std::string_view component, std::string_view text);
void info(std::string_view component, std::string_view text);
void warning(std::string_view component, std::string_view text);
void error(std::string_view component, std::string_view text);

// More members for the object of Format::json; text lines leave them out.
using Fields = std::vector<std::pair<std::string_view, std::string_view>>;
using Numbers = std::vector<std::pair<std::string_view, double>>;
void error(std::string_view component, std::string_view text, const Fields& fields);

// How far a job is, for logs that are read later: left out while a display shows it.
void progress(std::string_view component, std::string_view text, const Numbers& numbers);

// Text of several lines for the user, such as a closing summary: as it is, and one
// object with Format::json.
void print(std::string_view component, std::string_view text);

// True when stderr is a terminal that can show a display (not TERM=dumb), and lines
// are text.
bool on_terminal();
// The same, and colours are welcome (no NO_COLOR).
bool in_colour();

// Columns and rows of the terminal; 80 x 24 when it does not tell.
struct TerminalSize {
  unsigned columns = 80;
  unsigned rows = 24;
};
TerminalSize terminal_size();

// Lines kept at the bottom of the terminal below the log (the progress display).
// Each log line is written above them. An empty text removes them. For
// on_terminal() only; no line may be wider than the terminal. Nothing of the
// terminal's own settings is changed, so that there is nothing to restore however
// the program ends.
void set_status_area(std::string_view lines);

}  // namespace dbsync::log
