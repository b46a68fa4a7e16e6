// Small text helpers without a home elsewhere. Pure functions; letters are ASCII's.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace dbsync {

// Without spaces, tabs, CR and LF at both ends.
std::string_view trim(std::string_view text);

std::string to_lower(std::string_view text);
bool equal_ignore_case(std::string_view a, std::string_view b);

std::string join(const std::vector<std::string>& parts, std::string_view separator);

// The candidate with the smallest edit distance, or "" when none is near enough
// to be a likely typing error.
std::string nearest_name(std::string_view word, const std::vector<std::string>& candidates);

// For one line of a log or a comment: line breaks become blanks; other control
// characters and bytes that are no UTF-8 become \x1b, and characters that turn the
// direction of writing \u202e. So no name or value of a server can end a comment,
// move a cursor, forge a line or show itself as another one.
std::string one_line(std::string_view text);

// The same for several lines, whose breaks stay.
std::string visible(std::string_view text);

// Names as the first column of a table: each on one line, and as wide as the widest
// of them is on a terminal.
std::vector<std::string> aligned(const std::vector<std::string>& names);

// 1234567 -> "1,234,567".
std::string format_count(std::uint64_t n);

// 1536 -> "1.5 KiB".
std::string format_bytes(std::uint64_t bytes);

// 75.4 -> "1m15s"; 3.21 -> "3.21s".
std::string format_seconds(double seconds);

}  // namespace dbsync
