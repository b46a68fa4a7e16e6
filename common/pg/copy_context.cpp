#include "pg/copy_context.h"

namespace dbsync {

std::string column_of_copy_context(std::string_view context) {
  constexpr std::string_view line_word = ", line ";
  constexpr std::string_view column_word = ", column ";
  // Calls of triggers stand on lines of their own.
  while (!context.empty()) {
    const std::string_view line = context.substr(0, context.find('\n'));
    context.remove_prefix(line.size() < context.size() ? line.size() + 1 : line.size());
    if (!line.starts_with("COPY ")) continue;
    const auto number = line.find(line_word);
    if (number == std::string_view::npos) continue;
    const auto behind = line.find_first_not_of("0123456789", number + line_word.size());
    if (behind == std::string_view::npos || behind == number + line_word.size() || !line.substr(behind).starts_with(column_word)) continue;
    const std::string_view rest = line.substr(behind + column_word.size());
    const auto value = rest.find(": \"");
    return std::string(rest.substr(0, value == std::string_view::npos ? rest.find(": null input") : value));
  }
  return {};
}

}  // namespace dbsync
